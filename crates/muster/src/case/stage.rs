//! Plays cases: an administrator on one side, a user on the other, and an eye on the device.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_agent::{DeviceView, Fleet};
use muster_device::{Note, UserAction};
use muster_protocol::DeviceId;
use muster_protocol::secret::Passcode;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::outcome::{Evidence, Expect, Truth, expected, sentence};
use super::script::{Case, Step, Typed};
use super::timeline::{Lane, Moment, Timeline, millis};
use crate::client::{ActionResult, AdminClient, Asked};

/// How long one step may take before it counts as failed.
const STEP_WITHIN: Duration = Duration::from_secs(10);

/// How often something awaited is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A bypass code of the right form that no device has made.
const WRONG_CODE: &str = "00000-00000-0000-0000-0000-0000";

/// One judged step.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) device: String,
    pub(crate) platform: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) os: String,
    pub(crate) action: &'static str,
    pub(crate) expected: String,
    pub(crate) actual: String,
    pub(crate) ok: bool,
    pub(crate) ms: f64,
}

/// A case that was played.
#[derive(Debug, Serialize)]
pub(crate) struct Played {
    pub(crate) case: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) timeline: Vec<Moment>,
}

/// What every case plays on. The device of a case stands at the case's place in the fleet.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) admin: AdminClient,
    pub(crate) fleet: Arc<Fleet>,
}

/// The serial number of the device at this place.
pub(crate) fn serial(index: usize) -> String {
    format!("CASE{index:04}")
}

/// Plays all cases side by side and returns them in their order.
pub(crate) async fn perform(stage: &Stage, cases: &[Case]) -> anyhow::Result<Vec<Played>> {
    let mut playing = JoinSet::new();
    for (index, case) in cases.iter().cloned().enumerate() {
        let stage = stage.clone();
        playing.spawn(async move {
            let played = play(&stage, index, &case).await;
            (index, played.with_context(|| format!("case {:?} broke off", case.name)))
        });
    }
    let mut played_by_index = BTreeMap::new();
    while let Some(joined) = playing.join_next().await {
        let (index, played) = joined.context("a case broke off")?;
        played_by_index.insert(index, played?);
    }
    Ok(played_by_index.into_values().collect())
}

async fn play(stage: &Stage, index: usize, case: &Case) -> anyhow::Result<Played> {
    let timeline = Timeline::begin();
    let mut player = Player { stage, index, code: None, asked: Vec::new(), timeline };
    let mut rows = Vec::new();
    for step in &case.script {
        let started = Instant::now();
        if let Some(line) = player.step(step).await? {
            rows.push(row(case, index, line, started.elapsed()));
        }
    }
    let timeline = player.timeline.into_moments();
    Ok(Played { case: case.name.clone(), rows, timeline })
}

/// What a judged step has to say.
struct Line {
    action: &'static str,
    expected: String,
    actual: String,
}

fn row(case: &Case, index: usize, line: Line, took: Duration) -> Row {
    Row {
        case: case.title.clone(),
        device: serial(index),
        platform: case.role.system(),
        mode: case.role.mode.name(),
        os: case.role.os.to_string(),
        action: line.action,
        ok: line.expected == line.actual,
        expected: line.expected,
        actual: line.actual,
        ms: millis(took),
    }
}

/// A command that was accepted.
struct Command {
    action: &'static str,
    device: DeviceId,
    id: String,
}

/// One case being played.
struct Player<'a> {
    stage: &'a Stage,
    index: usize,
    code: Option<String>,
    /// What was asked for, and of whom: a wipe makes the device another.
    asked: Vec<Command>,
    timeline: Timeline,
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> anyhow::Result<Option<Line>> {
        match step {
            Step::Ask(action, expect) => self.ask(action, *expect).await.map(Some),
            Step::Await(action, expect) => self.see_through(action, *expect).await.map(Some),
            Step::User(action, truth) => self.user(action, *truth).await,
            Step::Type { what, user_name, see } => {
                self.type_at_setup(*what, user_name, *see).await.map(Some)
            }
            Step::Offline => {
                self.timeline.note(Lane::Network, "goes offline");
                self.stage.fleet.go_offline(self.index).await?;
                Ok(None)
            }
            Step::Online => {
                self.timeline.note(Lane::Network, "comes back online");
                self.stage.fleet.go_online(self.index).await?;
                Ok(None)
            }
            Step::CopyBypassCode => {
                self.code = Some(self.bypass_code().await?);
                self.timeline.note(Lane::Admin, "copies the bypass code");
                Ok(None)
            }
        }
    }

    async fn ask(&mut self, action: &'static str, expect: Expect) -> anyhow::Result<Line> {
        match (self.submit(action).await?, expect) {
            (Some(refused), _) => {
                self.timeline.note(Lane::Admin, format!("{action}: {refused}"));
                Ok(Line { action, expected: expected(expect), actual: refused })
            }
            (None, Expect::Waits) => {
                let actual = self.state_after_delivery().await?;
                self.timeline.note(Lane::Admin, format!("{action} is {actual}"));
                Ok(Line { action, expected: expected(expect), actual })
            }
            (None, Expect::Refused | Expect::Ends(..)) => self.see_through(action, expect).await,
        }
    }

    /// Asks for an action; the answer is how it was refused, if it was.
    async fn submit(&mut self, action: &'static str) -> anyhow::Result<Option<String>> {
        let device = self.view().await?.id.context("the device is not enrolled")?;
        self.timeline.note(Lane::Admin, format!("asks for {action}"));
        Ok(match self.stage.admin.act(&device.to_string(), action).await? {
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
        let ended = self.ended(asked.context("nothing was asked for")?).await?;
        self.timeline.note(Lane::Admin, format!("{action} is {}", ended.action_state));
        let truth = match expect {
            Expect::Refused | Expect::Waits => Truth::Nothing,
            Expect::Ends(_, truth) => truth,
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
                let view = self.view().await?;
                if truth.holds(&Evidence { view: &view, before, notes }) {
                    return anyhow::Ok(truth.words());
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

    async fn ended(&self, command: &Command) -> anyhow::Result<ActionResult> {
        let deadline = Instant::now() + STEP_WITHIN;
        loop {
            let result = self.result(command).await?.context("the server shows no result")?;
            if result.is_over() || Instant::now() >= deadline {
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
