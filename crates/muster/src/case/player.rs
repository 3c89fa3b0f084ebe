//! Plays one case: an administrator on one side, a user on the other, and an eye on the device.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use muster_agent::DeviceView;
use muster_device::activation::Unlocking;
use muster_device::{Contact, Note, UserAction};
use muster_protocol::DeviceId;
use muster_protocol::secret::Passcode;

use super::outcome::{Evidence, Expect, Shown, Truth, expected, sentence};
use super::scene::{Command, Request, Scene, Standing};
use super::script::{Case, Counter, Step, Typed, VendorAct, With};
use super::stage::{Played, Row, row};
use super::timeline::{Lane, Moment, Timeline};
use crate::client::Asked;

/// How long one step may take before it counts as failed.
const STEP_WITHIN: Duration = Duration::from_secs(10);

/// How often something awaited is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long what must not happen is waited for.
const STAYS_FOR: Duration = Duration::from_millis(300);

/// A bypass code of the right form that no device has made.
const WRONG_CODE: &str = "00000-00000-0000-0000-0000-0000";

/// Plays a case on its scene; the device stands at this place among those of the run.
pub(crate) async fn play<S: Scene>(
    scene: &mut S,
    index: usize,
    case: &Case,
) -> anyhow::Result<Played> {
    let contact = case.role.contact;
    let mut player =
        Player { scene, contact, code: None, asked: Vec::new(), timeline: Timeline::default() };
    let mut rows: Vec<Row> = Vec::new();
    for step in &case.script {
        let started = player.scene.elapsed();
        if let Some(line) = player.step(step).await? {
            let took = player.scene.elapsed().saturating_sub(started);
            rows.push(row(case, index, line, took));
        }
    }
    let timeline: Vec<Moment> = player.timeline.into_moments();
    Ok(Played { case: case.name.clone(), rows, timeline, recording: None })
}

/// What a judged step has to say.
pub(crate) struct Line {
    pub(crate) action: &'static str,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// One case being played.
struct Player<'a, S> {
    scene: &'a mut S,
    contact: Contact,
    code: Option<String>,
    /// What was asked for, and of whom: a wipe makes the device another.
    asked: Vec<Command>,
    timeline: Timeline,
}

impl<S: Scene> Player<'_, S> {
    /// Writes into the timeline.
    fn note(&mut self, lane: Lane, what: impl Into<String>) {
        self.timeline.note(self.scene.elapsed(), lane, what);
    }

    /// Plays one step; those that expect something are judged.
    async fn step(&mut self, step: &Step) -> anyhow::Result<Option<Line>> {
        match step {
            Step::Look(truth) => self.look("look", *truth).await.map(Some),
            Step::Count { of, is } => self.count(*of, *is).await.map(Some),
            Step::Ask(action, with, expect) => self.ask(action, *with, *expect).await.map(Some),
            Step::Vendor { what, expect } => self.vendor(*what, expect).await.map(Some),
            Step::Await(action, expect) => self.see_through(action, *expect).await.map(Some),
            Step::User(action, truth) => self.user(action, *truth).await,
            Step::Type { what, user_name, see } => {
                self.type_at_setup(*what, user_name, *see).await.map(Some)
            }
            Step::Offline
            | Step::Online
            | Step::CopyBypassCode
            | Step::Wait { .. }
            | Step::Server(_)
            | Step::Misbehave(_)
            | Step::SpoilPush(_)
            | Step::Clone => self.happen(step).await.map(|()| None),
        }
    }

    /// Lets something happen that is not judged.
    async fn happen(&mut self, step: &Step) -> anyhow::Result<()> {
        match step {
            Step::Offline => {
                self.note(Lane::Network, "goes offline");
                self.scene.offline().await?;
            }
            Step::Online => {
                self.note(Lane::Network, "comes back online");
                self.scene.online().await?;
            }
            Step::CopyBypassCode => {
                self.code = Some(self.bypass_code().await?);
                self.note(Lane::Admin, "copies the bypass code");
            }
            Step::Wait { says, span } => {
                self.note(Lane::Network, format!("{says} pass"));
                self.scene.wait(*span).await?;
            }
            Step::Server(fault) => {
                self.note(Lane::Server, fault.words());
                self.scene.server(*fault).await?;
            }
            Step::Misbehave(how) => {
                self.note(Lane::Device, format!("will misbehave: {how:?}"));
                self.scene.misbehave(*how).await?;
            }
            Step::SpoilPush(how) => {
                self.note(Lane::Vendor, how.words());
                self.scene.spoil_push(*how).await?;
            }
            Step::Clone => {
                self.note(Lane::Network, "a copy of the device connects");
                self.scene.copy().await?;
            }
            Step::Ask(..)
            | Step::Await(..)
            | Step::User(..)
            | Step::Type { .. }
            | Step::Look(_)
            | Step::Vendor { .. }
            | Step::Count { .. } => {}
        }
        Ok(())
    }

    /// Has somebody talk to the vendor's activation service, past the server.
    async fn vendor(&mut self, what: VendorAct, expect: &str) -> anyhow::Result<Line> {
        let serial = self.view().await?.serial;
        let answer = match what {
            VendorAct::Lock => self.scene.vendor_lock(serial).await?,
            VendorAct::UnlockWithCopiedCode => {
                let code = self.code.clone().context("no bypass code was copied")?;
                unlocking(self.scene.vendor_unlock(&serial, &code).await?)
            }
            VendorAct::UnlockWithWrongCode => {
                unlocking(self.scene.vendor_unlock(&serial, WRONG_CODE).await?)
            }
            VendorAct::Status => self.scene.vendor_status(&serial).await?,
        };
        self.note(Lane::Vendor, format!("{}: {answer}", what.words()));
        let (expected, actual) = (expect.to_owned(), answer.to_owned());
        Ok(Line { action: what.words(), expected, actual })
    }

    /// Waits until the server has counted so many.
    async fn count(&mut self, of: Counter, is: u64) -> anyhow::Result<Line> {
        let deadline = self.scene.elapsed() + STEP_WITHIN;
        loop {
            let counted = self.scene.counted(of).await?;
            if counted == is || self.scene.elapsed() >= deadline {
                let (expected, actual) = (is.to_string(), counted.to_string());
                self.note(Lane::Server, format!("{} {}", counted, of.words()));
                return Ok(Line { action: of.words(), expected, actual });
            }
            self.scene.pause(LOOK_EVERY).await;
        }
    }

    async fn ask(
        &mut self,
        action: &'static str,
        with: With,
        expect: Expect,
    ) -> anyhow::Result<Line> {
        match (self.submit(action, with).await?, expect) {
            (Some(refused), _) => {
                self.note(Lane::Admin, format!("{action}: {refused}"));
                Ok(Line { action, expected: expected(expect), actual: refused })
            }
            (None, Expect::Waits) => {
                let actual = self.state_after_delivery().await?;
                self.note(Lane::Admin, format!("{action} is {actual}"));
                Ok(Line { action, expected: expected(expect), actual })
            }
            (None, Expect::Accepted(truth)) => {
                let seen = self.seen(truth, &[]).await?;
                Ok(Line { action, expected: expected(expect), actual: sentence("accepted", seen) })
            }
            (None, Expect::Refused | Expect::Runs(_) | Expect::Ends(..)) => {
                self.see_through(action, expect).await
            }
        }
    }

    /// Asks for an action; the answer is how it was refused, if it was.
    async fn submit(&mut self, action: &'static str, with: With) -> anyhow::Result<Option<String>> {
        let device = self.view().await?.id.context("the device is not enrolled")?;
        self.note(Lane::Admin, format!("asks for {action}"));
        Ok(match self.scene.ask(device, Request { action, with }).await? {
            Asked::Accepted { command: id } => {
                self.asked.push(Command { action, device, id });
                None
            }
            Asked::Refused { status, .. } => Some(format!("refused ({status})")),
        })
    }

    /// A device that is here has to answer first; one that is away leaves the command pending.
    async fn state_after_delivery(&mut self) -> anyhow::Result<String> {
        let command = self.asked.last().cloned().context("nothing was asked for")?;
        let deadline = self.scene.elapsed() + STEP_WITHIN;
        loop {
            let result = self.scene.result(&command).await?;
            if let Some(answered) = result.filter(|result| result.state != "active") {
                return Ok(answered.state);
            }
            if self.scene.elapsed() >= deadline {
                return Ok("active".to_owned());
            }
            self.scene.pause(LOOK_EVERY).await;
        }
    }

    async fn see_through(&mut self, action: &'static str, expect: Expect) -> anyhow::Result<Line> {
        let asked = self.asked.iter().rfind(|command| command.action == action).cloned();
        let ended = self.reached(&asked.context("nothing was asked for")?, expect).await?;
        self.note(Lane::Admin, format!("{action} is {}", ended.state));
        let truth = match expect {
            Expect::Refused | Expect::Waits => Truth::Nothing,
            Expect::Accepted(truth) | Expect::Runs(truth) | Expect::Ends(_, truth) => truth,
        };
        let notes = match (truth, &ended.passcode) {
            (Truth::TemporaryPasscodeOpens, Some(passcode)) => {
                self.act(UserAction::EnterPasscode(Passcode::new(passcode.clone()))).await?
            }
            (_, _) => Vec::new(),
        };
        let seen = self.seen(truth, &notes).await?;
        Ok(Line { action, expected: expected(expect), actual: sentence(&ended.state, seen) })
    }

    async fn user(&mut self, action: &UserAction, see: Truth) -> anyhow::Result<Option<Line>> {
        self.act(action.clone()).await?;
        if see == Truth::Nothing {
            return Ok(None);
        }
        self.look(action.name(), see).await.map(Some)
    }

    /// Has the user do something; what they see goes into the timeline.
    async fn act(&mut self, action: UserAction) -> anyhow::Result<Vec<Note>> {
        self.note(Lane::User, action.name());
        let notes = self.scene.user(action).await?;
        for note in &notes {
            self.note(Lane::Device, format!("{note:?}"));
        }
        Ok(notes)
    }

    async fn type_at_setup(
        &mut self,
        what: Typed,
        user_name: &str,
        truth: Truth,
    ) -> anyhow::Result<Line> {
        let (says, code) = match what {
            Typed::WrongCode => ("types a wrong code at Setup", WRONG_CODE.to_owned()),
            Typed::CopiedCode => {
                let code = self.code.clone().context("no bypass code was copied")?;
                ("types the bypass code at Setup", code)
            }
        };
        let (user_name, password) = (user_name.to_owned(), Passcode::new(code));
        self.act(UserAction::EnterAtSetupAssistant { user_name, password }).await?;
        self.look(says, truth).await
    }

    async fn look(&mut self, action: &'static str, truth: Truth) -> anyhow::Result<Line> {
        let seen = self.seen(truth, &[]).await?.to_owned();
        Ok(Line { action, expected: truth.words().to_owned(), actual: seen })
    }

    /// The words of the truth once it can be seen, or that it cannot.
    async fn seen(&mut self, truth: Truth, notes: &[Note]) -> anyhow::Result<&'static str> {
        let before = self.asked.last().map(|command| command.device);
        let deadline = self.scene.elapsed() + STEP_WITHIN;
        let seen = loop {
            if self.holds(truth, before, notes).await? && self.lasts(truth, before, notes).await? {
                break truth.words();
            }
            if self.scene.elapsed() >= deadline {
                break "but nothing to be seen of it on the device";
            }
            self.scene.pause(LOOK_EVERY).await;
        };
        if !seen.is_empty() {
            self.note(Lane::Device, seen);
        }
        Ok(seen)
    }

    /// What is said to last has to be there a while later too.
    async fn lasts(
        &mut self,
        truth: Truth,
        before: Option<DeviceId>,
        notes: &[Note],
    ) -> anyhow::Result<bool> {
        if !truth.lasts() {
            return Ok(true);
        }
        self.scene.pause(STAYS_FOR).await;
        self.holds(truth, before, notes).await
    }

    async fn holds(
        &mut self,
        truth: Truth,
        before: Option<DeviceId>,
        notes: &[Note],
    ) -> anyhow::Result<bool> {
        let view = self.view().await?;
        let shown = match before.or(view.id) {
            Some(device) if truth.is_the_servers() => self.scene.shown(device).await?,
            Some(_) | None => Shown::default(),
        };
        Ok(truth.holds(&Evidence { view: &view, contact: self.contact, before, notes, shown }))
    }

    /// The result once the action stands where it is expected to, or where it stands when the
    /// time is up.
    async fn reached(&mut self, command: &Command, expect: Expect) -> anyhow::Result<Standing> {
        let deadline = self.scene.elapsed() + STEP_WITHIN;
        loop {
            let result = self.result(command).await?;
            let there = match expect {
                Expect::Waits => result.state == "pending",
                Expect::Runs(_) => result.state == "active",
                Expect::Refused | Expect::Accepted(_) | Expect::Ends(..) => false,
            };
            // Both say that it stays so for a while.
            if matches!(expect, Expect::Waits | Expect::Runs(_)) && there {
                self.scene.pause(STAYS_FOR).await;
                return self.result(command).await;
            }
            if there || result.is_over() || self.scene.elapsed() >= deadline {
                return Ok(result);
            }
            self.scene.pause(LOOK_EVERY).await;
        }
    }

    async fn result(&mut self, command: &Command) -> anyhow::Result<Standing> {
        self.scene.result(command).await?.context("the server shows no result")
    }

    async fn bypass_code(&mut self) -> anyhow::Result<String> {
        let device = self.view().await?.id.context("the device is not enrolled")?;
        let deadline = self.scene.elapsed() + STEP_WITHIN;
        loop {
            if let Some(code) = self.scene.bypass_code(device).await? {
                return Ok(code);
            }
            ensure!(self.scene.elapsed() < deadline, "no bypass code was escrowed");
            self.scene.pause(LOOK_EVERY).await;
        }
    }

    async fn view(&mut self) -> anyhow::Result<DeviceView> {
        self.scene.view().await
    }
}

const fn unlocking(answer: Unlocking) -> &'static str {
    match answer {
        Unlocking::Unlocked => "unlocked",
        Unlocking::KeyMismatch => "key mismatch",
        Unlocking::UnknownDevice => "unknown device",
    }
}
