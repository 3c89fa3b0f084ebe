//! Plays one case: an administrator on one side, a user on the other, and an eye on the device.

use std::time::Duration;

use anyhow::Context as _;
use muster_agent::DeviceView;
use muster_control::ActionKind;
use muster_device::activation::{LockRequest, Unlocking};
use muster_device::{Note, UserAction};
use muster_protocol::DeviceId;
use muster_protocol::secret::Passcode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::outcome::{Evidence, Expect, Shown, Truth, expected, sentence};
use super::script::{Counter, Step, Typed, VendorAct, With};
use super::stage::Stage;
use super::timeline::{Lane, Moment, Timeline};
use crate::client::{ActionResult, Asked};

/// How long one step may take before it counts as failed.
const STEP_WITHIN: Duration = Duration::from_secs(10);

/// How often something awaited is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long what must not happen is waited for.
const STAYS_FOR: Duration = Duration::from_millis(300);

/// A bypass code of the right form that no device has made.
const WRONG_CODE: &str = "00000-00000-0000-0000-0000-0000";

/// What a judged step has to say.
pub(crate) struct Line {
    pub(crate) action: &'static str,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// A command that was accepted.
struct Command {
    action: &'static str,
    device: DeviceId,
    id: String,
}

/// One case being played.
pub(crate) struct Player<'a> {
    stage: &'a Stage,
    index: usize,
    code: Option<String>,
    /// What was asked for, and of whom: a wipe makes the device another.
    asked: Vec<Command>,
    timeline: Timeline,
}

impl<'a> Player<'a> {
    /// Plays with the device at this place of the stage.
    pub(crate) fn new(stage: &'a Stage, index: usize) -> Self {
        Self { stage, index, code: None, asked: Vec::new(), timeline: Timeline::begin() }
    }

    /// What happened.
    pub(crate) fn into_moments(self) -> Vec<Moment> {
        self.timeline.into_moments()
    }

    /// Plays one step; those that expect something are judged.
    pub(crate) async fn step(&mut self, step: &Step) -> anyhow::Result<Option<Line>> {
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
            | Step::Clone => self.happen(step).await.map(|()| None),
        }
    }

    /// Lets something happen that is not judged.
    async fn happen(&mut self, step: &Step) -> anyhow::Result<()> {
        let Stage { fleet, house, .. } = self.stage;
        match step {
            Step::Offline => {
                self.timeline.note(Lane::Network, "goes offline");
                fleet.go_offline(self.index).await?;
            }
            Step::Online => {
                self.timeline.note(Lane::Network, "comes back online");
                fleet.go_online(self.index).await?;
            }
            Step::CopyBypassCode => {
                self.code = Some(self.bypass_code().await?);
                self.timeline.note(Lane::Admin, "copies the bypass code");
            }
            Step::Wait { says, span } => {
                self.timeline.note(Lane::Network, format!("{says} pass"));
                house.config().skew.advance(*span);
                // A task that is asked something looks at its deadlines again.
                let _awake = self.view().await?;
            }
            Step::Server(fault) => {
                self.timeline.note(Lane::Server, fault.words());
                house.suffer(*fault).await?;
            }
            Step::Misbehave(how) => {
                self.timeline.note(Lane::Device, format!("will misbehave: {how:?}"));
                fleet.misbehave(self.index, *how).await?;
            }
            Step::Clone => {
                self.timeline.note(Lane::Network, "a copy of the device connects");
                fleet.clone_device(self.index).await?;
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
        let service = self.stage.fleet.activation_service();
        let serial = self.view().await?.serial;
        let answer = match what {
            VendorAct::Lock => {
                let request = LockRequest { serial, escrow_key: None, lost_message: None };
                service.lock(request).await?.word()
            }
            VendorAct::UnlockWithCopiedCode => {
                let code = self.code.clone().context("no bypass code was copied")?;
                unlocking(service.escrow_key_unlock(&serial, &code).await?)
            }
            VendorAct::UnlockWithWrongCode => {
                unlocking(service.escrow_key_unlock(&serial, WRONG_CODE).await?)
            }
            VendorAct::Status => {
                service.status(&serial).map_or("unknown device", |status| status.lock_type.word())
            }
        };
        self.timeline.note(Lane::Vendor, format!("{}: {answer}", what.words()));
        let (expected, actual) = (expect.to_owned(), answer.to_owned());
        Ok(Line { action: what.words(), expected, actual })
    }

    /// Waits until the server has counted so many.
    async fn count(&mut self, of: Counter, is: u64) -> anyhow::Result<Line> {
        let deadline = Instant::now() + STEP_WITHIN;
        loop {
            let totals = self.stage.house.totals().await?;
            let counted = match of {
                Counter::DuplicateAnswers => totals.duplicates,
                Counter::AnswersToAnotherAttempt => totals.stale_attempts,
                Counter::AnswersToUnknownCommands => totals.unknown_commands,
                Counter::Attempts => totals.attempts,
                Counter::RefusedHandshakes => totals.handshakes_failed,
            };
            if counted == is || Instant::now() >= deadline {
                let (expected, actual) = (is.to_string(), counted.to_string());
                self.timeline.note(Lane::Server, format!("{} {}", counted, of.words()));
                return Ok(Line { action: of.words(), expected, actual });
            }
            sleep(LOOK_EVERY).await;
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
                self.timeline.note(Lane::Admin, format!("{action}: {refused}"));
                Ok(Line { action, expected: expected(expect), actual: refused })
            }
            (None, Expect::Waits) => {
                let actual = self.state_after_delivery().await?;
                self.timeline.note(Lane::Admin, format!("{action} is {actual}"));
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
        self.timeline.note(Lane::Admin, format!("asks for {action}"));
        let (admin, id) = (&self.stage.admin, device.to_string());
        let asked = if action == ActionKind::Delete.graph_name() {
            admin.delete(&id).await?
        } else {
            admin.act_with(&id, action, &body(action, with)).await?
        };
        Ok(match asked {
            Asked::Accepted { command } => {
                self.asked.push(Command { action, device, id: command });
                None
            }
            Asked::Refused { status, .. } => Some(format!("refused ({status})")),
        })
    }

    /// A device that is here has to answer first; one that is away leaves the command pending.
    async fn state_after_delivery(&self) -> anyhow::Result<String> {
        let command = self.asked.last().context("nothing was asked for")?;
        let answered = async {
            loop {
                match self.result(command).await? {
                    Some(result) if result.action_state != "active" => {
                        return anyhow::Ok(result.action_state);
                    }
                    Some(_) | None => sleep(LOOK_EVERY).await,
                }
            }
        };
        timeout(STEP_WITHIN, answered).await.unwrap_or_else(|_elapsed| Ok("active".to_owned()))
    }

    async fn see_through(&mut self, action: &'static str, expect: Expect) -> anyhow::Result<Line> {
        let asked = self.asked.iter().rfind(|command| command.action == action);
        let ended = self.reached(asked.context("nothing was asked for")?, expect).await?;
        self.timeline.note(Lane::Admin, format!("{action} is {}", ended.action_state));
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
        Ok(Line { action, expected: expected(expect), actual: sentence(&ended.action_state, seen) })
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
        self.timeline.note(Lane::User, action.name());
        let notes = self.stage.fleet.user(self.index, action).await?;
        for note in &notes {
            self.timeline.note(Lane::Device, format!("{note:?}"));
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
        let looking = async {
            loop {
                if self.holds(truth, before, notes).await? {
                    // What is said to last has to be there a while later too.
                    sleep(if truth.lasts() { STAYS_FOR } else { Duration::ZERO }).await;
                    if self.holds(truth, before, notes).await? {
                        return anyhow::Ok(truth.words());
                    }
                }
                sleep(LOOK_EVERY).await;
            }
        };
        let found = timeout(STEP_WITHIN, looking).await;
        let seen = found.unwrap_or(Ok("but nothing to be seen of it on the device"))?;
        if !seen.is_empty() {
            self.timeline.note(Lane::Device, seen);
        }
        Ok(seen)
    }

    async fn holds(
        &self,
        truth: Truth,
        before: Option<DeviceId>,
        notes: &[Note],
    ) -> anyhow::Result<bool> {
        let view = self.view().await?;
        let shown = match before.or(view.id) {
            Some(device) if truth.is_the_servers() => self.shown(device).await?,
            Some(_) | None => Shown::default(),
        };
        Ok(truth.holds(&Evidence { view: &view, before, notes, shown }))
    }

    /// What the server shows an administrator.
    async fn shown(&self, device: DeviceId) -> anyhow::Result<Shown> {
        let (admin, device) = (&self.stage.admin, device.to_string());
        let listed = admin.devices().await?.iter().any(|listed| listed.id == device);
        let Ok(shown) = admin.device(&device).await else {
            return Ok(Shown { listed, ..Shown::default() });
        };
        let results = shown.device_action_results;
        Ok(Shown {
            passcode: results.iter().any(|result| result.passcode.is_some()),
            location: results.iter().any(|result| {
                result.rest.get("deviceLocation").is_some_and(|location| !location.is_null())
            }),
            listed,
            bypass_code: admin.bypass_code(&device).await?.is_some(),
        })
    }

    /// The result once the action stands where it is expected to, or where it stands when the
    /// time is up.
    async fn reached(&self, command: &Command, expect: Expect) -> anyhow::Result<ActionResult> {
        let deadline = Instant::now() + STEP_WITHIN;
        loop {
            let result = self.result(command).await?.context("the server shows no result")?;
            let there = match expect {
                Expect::Waits => result.action_state == "pending",
                Expect::Runs(_) => result.action_state == "active",
                Expect::Refused | Expect::Accepted(_) | Expect::Ends(..) => false,
            };
            if expect == Expect::Waits && there {
                sleep(STAYS_FOR).await;
                return self.result(command).await?.context("the server shows no result");
            }
            if there || result.is_over() || Instant::now() >= deadline {
                return Ok(result);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn result(&self, command: &Command) -> anyhow::Result<Option<ActionResult>> {
        self.stage.admin.result(&command.device.to_string(), &command.id).await
    }

    async fn bypass_code(&self) -> anyhow::Result<String> {
        let device = self.view().await?.id.context("the device is not enrolled")?.to_string();
        let escrowed = async {
            loop {
                match self.stage.admin.bypass_code(&device).await? {
                    Some(code) => return anyhow::Ok(code),
                    None => sleep(LOOK_EVERY).await,
                }
            }
        };
        timeout(STEP_WITHIN, escrowed).await.context("no bypass code was escrowed")?
    }

    async fn view(&self) -> anyhow::Result<DeviceView> {
        Ok(self.stage.fleet.view(self.index).await?)
    }
}

/// What an action is asked with: what it needs, and what the step says.
fn body(action: &str, with: With) -> Value {
    if action == ActionKind::EnableLostMode.graph_name() {
        return json!({ "message": "please call", "phoneNumber": "555 0100" });
    }
    match with {
        With::Nothing => json!({}),
        With::KeepEnrollmentData => json!({ "keepEnrollmentData": true }),
    }
}

const fn unlocking(answer: Unlocking) -> &'static str {
    match answer {
        Unlocking::Unlocked => "unlocked",
        Unlocking::KeyMismatch => "key mismatch",
        Unlocking::UnknownDevice => "unknown device",
    }
}
