//! Plays the cases: an administrator on one side, users on the other, and an eye on the devices.

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
use super::tour::{Case, Code, Step};
use crate::client::{ActionResult, AdminClient, Asked};

/// How long one step may take before it counts as failed.
const STEP_WITHIN: Duration = Duration::from_secs(10);

/// How often something awaited is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A bypass code of the right form that no device has made.
const WRONG_CODE: &str = "00000-00000-0000-0000-0000-0000";

/// One line of the tour.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
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

/// What every case plays on.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) admin: AdminClient,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) id_by_serial: BTreeMap<String, String>,
}

impl Stage {
    pub(crate) async fn new(admin: &AdminClient, fleet: &Arc<Fleet>) -> anyhow::Result<Self> {
        let devices = admin.devices().await?;
        let id_by_serial = devices.into_iter().map(|it| (it.serial_number, it.id)).collect();
        Ok(Self { admin: admin.clone(), fleet: fleet.clone(), id_by_serial })
    }
}

/// Plays all cases side by side and returns their rows in the order of the table.
pub(crate) async fn perform(stage: &Stage, cases: &[Case]) -> anyhow::Result<Vec<Row>> {
    let mut playing = JoinSet::new();
    for (index, case) in super::tour::cases().into_iter().enumerate() {
        let stage = stage.clone();
        playing.spawn(async move { (index, play(&stage, index, case).await) });
    }
    let mut rows_by_case: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
    while let Some(played) = playing.join_next().await {
        let (index, rows) = played.context("a case of the tour broke off")?;
        let name = cases.get(index).map_or("?", |case| case.name);
        rows_by_case.insert(index, rows.with_context(|| format!("case {name:?} broke off"))?);
    }
    Ok(rows_by_case.into_values().flatten().collect())
}

async fn play(stage: &Stage, index: usize, case: Case) -> anyhow::Result<Vec<Row>> {
    let mut player = Player { stage, index, code: None, asked: Vec::new() };
    let mut rows = Vec::new();
    for step in &case.script {
        let started = Instant::now();
        if let Some(line) = player.step(step).await? {
            rows.push(row(&case, index, line, started.elapsed()));
        }
    }
    Ok(rows)
}

/// What a step has to say.
struct Line {
    action: &'static str,
    expected: String,
    actual: String,
}

fn row(case: &Case, index: usize, line: Line, took: Duration) -> Row {
    let role = &case.role;
    Row {
        case: case.name,
        device: format!("TOUR{index:04}"),
        platform: role.system(),
        mode: role.mode.name(),
        os: role.os.to_string(),
        action: line.action,
        ok: line.expected == line.actual,
        expected: line.expected,
        actual: line.actual,
        ms: (took.as_secs_f64() * 100_000.0).round() / 100.0,
    }
}

/// A command that was accepted.
struct Command {
    action: String,
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
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> anyhow::Result<Option<Line>> {
        let fleet = &self.stage.fleet;
        match step {
            Step::Ask(action, expect) => self.ask(action, *expect).await.map(Some),
            Step::AskAndLeave(action) => self.ask_and_leave(action).await.map(Some),
            Step::Await(action, expect) => self.see_through(action, *expect).await.map(Some),
            Step::See(says, does, truth) => {
                fleet.user(self.index, does.clone()).await?;
                self.look(says, *truth).await.map(Some)
            }
            Step::TypeAtSetup(code, truth) => self.type_at_setup(*code, *truth).await.map(Some),
            Step::Do(action) => {
                fleet.user(self.index, action.clone()).await.map(|_notes| None).map_err(Into::into)
            }
            Step::Offline => fleet.go_offline(self.index).await.map(|()| None).map_err(Into::into),
            Step::Online => fleet.go_online(self.index).await.map(|()| None).map_err(Into::into),
            Step::CopyBypassCode => {
                self.code = Some(self.bypass_code().await?);
                Ok(None)
            }
        }
    }

    async fn ask(&mut self, action: &'static str, expect: Expect) -> anyhow::Result<Line> {
        match self.submit(action).await? {
            None => self.see_through(action, expect).await,
            Some(refused) => Ok(Line { action, expected: expected(expect), actual: refused }),
        }
    }

    /// The row of an action that has to wait: for the device, or for its user.
    async fn ask_and_leave(&mut self, action: &'static str) -> anyhow::Result<Line> {
        let actual = match self.submit(action).await? {
            None => self.state_after_delivery().await?,
            Some(refused) => refused,
        };
        Ok(Line { action, expected: "pending".to_owned(), actual })
    }

    /// Asks for an action; the answer is how it was refused, if it was.
    async fn submit(&mut self, action: &str) -> anyhow::Result<Option<String>> {
        let device = self.view().await?.id.context("the device is not enrolled")?;
        Ok(match self.stage.admin.act(&device.to_string(), action).await? {
            Asked::Accepted { command } => {
                self.asked.push(Command { action: action.to_owned(), device, id: command });
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

    async fn see_through(&self, action: &'static str, expect: Expect) -> anyhow::Result<Line> {
        let asked = self.asked.iter().rfind(|command| command.action == action);
        let ended = self.ended(asked.context("nothing was asked for")?).await?;
        let truth = match expect {
            Expect::Refused => Truth::Nothing,
            Expect::Ends(_, truth) => truth,
        };
        let notes = match (truth, &ended.passcode) {
            (Truth::TemporaryPasscodeOpens, Some(passcode)) => {
                let typed = UserAction::EnterPasscode(Passcode::new(passcode.clone()));
                self.stage.fleet.user(self.index, typed).await?
            }
            _ => Vec::new(),
        };
        let seen = self.seen(truth, &notes).await?;
        Ok(Line { action, expected: expected(expect), actual: sentence(&ended.action_state, seen) })
    }

    async fn type_at_setup(&self, code: Code, truth: Truth) -> anyhow::Result<Line> {
        let (says, code) = match code {
            Code::Wrong => ("types a wrong code at Setup", WRONG_CODE.to_owned()),
            Code::Copied => {
                let code = self.code.clone().context("no bypass code was copied")?;
                ("types the bypass code at Setup", code)
            }
        };
        let password = Passcode::new(code);
        let typed = UserAction::EnterAtSetupAssistant { user_name: String::new(), password };
        self.stage.fleet.user(self.index, typed).await?;
        self.look(says, truth).await
    }

    async fn look(&self, action: &'static str, truth: Truth) -> anyhow::Result<Line> {
        let seen = self.seen(truth, &[]).await?;
        Ok(Line { action, expected: truth.words().to_owned(), actual: seen.to_owned() })
    }

    /// The words of the truth once it can be seen, or that it cannot.
    async fn seen(&self, truth: Truth, notes: &[Note]) -> anyhow::Result<&'static str> {
        let looking = async {
            loop {
                let view = self.view().await?;
                let evidence = Evidence {
                    view: &view,
                    before: self.asked.last().map(|command| command.device),
                    notes,
                };
                if truth.holds(&evidence) {
                    return anyhow::Ok(truth.words());
                }
                sleep(LOOK_EVERY).await;
            }
        };
        let found = timeout(STEP_WITHIN, looking).await;
        found.unwrap_or(Ok("but nothing to be seen of it on the device"))
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
