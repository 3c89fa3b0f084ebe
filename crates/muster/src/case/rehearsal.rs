//! The scene in virtual time: the same device and server cores, and a clock that jumps.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use muster_admin::{
    SubmitError, action_state, is_deleted, is_listed, latest_commands, parse_action,
    refusal_status, shown_bypass_code, shown_passcode,
};
use muster_agent::{DeviceView, Misbehaviour};
use muster_control::{
    ActionKind, ActivationLockRoute, CommandRecord, DeviceRecord, Readings, SubmitRefusal,
};
use muster_device::activation::{LockRequest, Unlocking};
use muster_device::{Contact, Note, UserAction};
use muster_protocol::{DeviceId, SerialNumber, Timestamp};
use muster_sim::{
    Asking, CALM_NETWORK, Fault, Misdeed, Network, Plan, PlannedDevice, Rehearsal, Violation,
};

use super::bill::{Rehearsed, Run};
use super::outcome::Shown;
use super::player::play;
use super::scene::{Command, Request, Scene, Standing};
use super::script::{Activation, Case, Counter, PUSH_LATE_BY, Place, ServerFault, SpoiltPush};
use super::stage::serial;
use super::theatre::SHARED_LIFETIME;
use crate::client::Asked;

/// The device of a case, which has its world to itself.
const DEVICE: u32 = 0;

/// How long it may take to enrol and connect, and how often it is looked whether it has.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One case in a world of its own.
struct Virtual {
    rehearsal: Rehearsal,
    began: Timestamp,
    lifetime: Duration,
}

/// What differs between two rehearsals of one case.
#[derive(Clone, Copy, Debug)]
struct Chance {
    seed: u64,
    network: Network,
}

/// The chance of every run.
const USUAL: Chance = Chance { seed: 1, network: CALM_NETWORK };

/// Plays all cases one after another in virtual time.
pub(crate) async fn rehearse_all(cases: &[Case]) -> anyhow::Result<Rehearsed> {
    rehearse(cases, USUAL).await
}

async fn rehearse(cases: &[Case], chance: Chance) -> anyhow::Result<Rehearsed> {
    let began = Instant::now();
    let mut run = Run { played: Vec::new(), executed_twice: 0, twice: Vec::new() };
    let (mut violations, mut took) = (Vec::new(), Duration::ZERO);
    for case in cases {
        let mut scene = Virtual::open(case, chance)?;
        let played = play(&mut scene, 0, case).await;
        run.played.push(played.with_context(|| format!("case {:?} broke off", case.name))?);
        run.executed_twice += scene.rehearsal.executed_twice();
        took += scene.rehearsal.now().since(Timestamp::ZERO);
        violations.extend(scene.rehearsal.take_violation().map(|it| told(case, &it)));
    }
    Ok(Rehearsed { run, violations, took, wall: began.elapsed() })
}

fn told(case: &Case, violation: &Violation) -> String {
    format!("{}: {violation}", case.name)
}

impl Virtual {
    /// Switches the device of a case on and waits until it is connected, or can be woken.
    fn open(case: &Case, chance: Chance) -> anyhow::Result<Self> {
        let (lifetime, activation) = match case.place {
            Place::Shared => (SHARED_LIFETIME, Activation::Device),
            Place::Own { command_lifetime, activation } => (command_lifetime, activation),
        };
        let rehearsal = Rehearsal::begin(plan(case, activation, chance)?);
        let mut scene = Self { rehearsal, began: Timestamp::ZERO, lifetime };
        while !scene.is_here(case.role.contact)? {
            ensure!(scene.elapsed() < CONNECT_WITHIN, "the device does not connect");
            scene.rehearsal.pass(LOOK_EVERY);
        }
        scene.began = scene.rehearsal.now();
        Ok(scene)
    }

    /// Whether the case can begin: a woken device has come, and leaves again.
    fn is_here(&self, contact: Contact) -> anyhow::Result<bool> {
        let view = self.look()?;
        Ok(match contact {
            Contact::Connected => view.connected,
            Contact::Woken => {
                let record = view.id.and_then(|life| self.rehearsal.record(life));
                record.is_some_and(|record| record.push.is_some())
            }
        })
    }

    fn look(&self) -> anyhow::Result<DeviceView> {
        let sight = self.rehearsal.look(DEVICE).context("the world has no such device")?;
        Ok(DeviceView {
            index: 0,
            id: sight.id,
            serial: sight.serial,
            phase: sight.phase,
            connected: sight.connected,
            lost: sight.lost,
            status: sight.status,
        })
    }

    /// The record the admin API would answer from.
    fn record(&self, device: DeviceId) -> anyhow::Result<&DeviceRecord> {
        let record = self.rehearsal.record(device).filter(|record| !is_deleted(record));
        record.context("no device has this id")
    }

    fn standing(&self, row: &CommandRecord) -> Standing {
        let passcode = shown_passcode(&row.state, self.rehearsal.now()).map(str::to_owned);
        Standing { state: action_state(&row.state).to_owned(), passcode }
    }
}

fn plan(case: &Case, activation: Activation, chance: Chance) -> anyhow::Result<Plan> {
    let profile = muster_server::profile_named(&case.role.profile);
    let policy = profile.context("no profile has this name")?.policy;
    let device = PlannedDevice::new(DEVICE, case.role.spec(&serial(0))?, policy);
    let activation_lock_route = match activation {
        Activation::Device => ActivationLockRoute::Device,
        Activation::Service => ActivationLockRoute::ActivationService,
    };
    Ok(Plan {
        seed: chance.seed,
        network: chance.network,
        readings: Readings { activation_lock_route, ..Readings::default() },
        devices: vec![device],
        acts: Vec::new(),
        calm_at: Timestamp::ZERO,
        end_at: Timestamp::ZERO,
        day: Plan::REAL_DAY,
        asking: Asking::Once,
    })
}

impl Scene for Virtual {
    fn elapsed(&self) -> Duration {
        self.rehearsal.now().since(self.began)
    }

    async fn pause(&mut self, span: Duration) {
        self.rehearsal.pass(span);
    }

    async fn wait(&mut self, span: Duration) -> anyhow::Result<()> {
        self.rehearsal.pass(span);
        Ok(())
    }

    async fn view(&mut self) -> anyhow::Result<DeviceView> {
        self.look()
    }

    async fn user(&mut self, action: UserAction) -> anyhow::Result<Vec<Note>> {
        Ok(self.rehearsal.user(DEVICE, action))
    }

    async fn offline(&mut self) -> anyhow::Result<()> {
        self.rehearsal.offline(DEVICE);
        Ok(())
    }

    async fn online(&mut self) -> anyhow::Result<()> {
        self.rehearsal.online(DEVICE);
        Ok(())
    }

    async fn server(&mut self, fault: ServerFault) -> anyhow::Result<()> {
        match fault {
            ServerFault::Kill => self.rehearsal.kill_server(),
            ServerFault::Stop => self.rehearsal.stop_server(),
            ServerFault::Start => self.rehearsal.start_server(),
        }
        Ok(())
    }

    async fn misbehave(&mut self, how: Misbehaviour) -> anyhow::Result<()> {
        let how = match how {
            Misbehaviour::AnswerTwice => Misdeed::AnswerTwice,
            Misbehaviour::AnswerAnotherAttempt => Misdeed::AnswerAnotherAttempt,
            Misbehaviour::AnswerAnUnknownCommand => Misdeed::AnswerAnUnknownCommand,
            Misbehaviour::LoseTheConnection => Misdeed::LoseTheConnection,
            Misbehaviour::SayNothing => Misdeed::SayNothing,
        };
        self.rehearsal.misbehave(DEVICE, how);
        Ok(())
    }

    async fn spoil_push(&mut self, how: SpoiltPush) -> anyhow::Result<()> {
        let fault = match how {
            SpoiltPush::Lost => Fault::WakeLost,
            SpoiltPush::Doubled => Fault::WakeDuplicated,
            SpoiltPush::Late => Fault::WakeLate { delay: PUSH_LATE_BY },
        };
        self.rehearsal.spoil_push(DEVICE, fault);
        Ok(())
    }

    async fn copy(&mut self) -> anyhow::Result<()> {
        self.rehearsal.copy(DEVICE).context("the world has no such device").map(drop)
    }

    async fn ask(&mut self, device: DeviceId, asked: Request) -> anyhow::Result<Asked> {
        let mut kinds = ActionKind::ALL.into_iter();
        let kind = kinds.find(|kind| kind.graph_name() == asked.action);
        let kind = kind.context("no action has this name")?;
        let action = parse_action(kind, asked.body().to_string().as_bytes())?;
        self.record(device)?;
        Ok(match self.rehearsal.ask(device, action, self.lifetime) {
            Ok(command) => Asked::Accepted { command: command.to_string() },
            Err(refusal) => refused(refusal),
        })
    }

    async fn result(&mut self, command: &Command) -> anyhow::Result<Option<Standing>> {
        let latest = latest_commands(self.record(command.device)?).into_iter();
        let mut wanted = latest.filter(|row| row.id.to_string() == command.id);
        Ok(wanted.next().map(|row| self.standing(row)))
    }

    async fn shown(&mut self, device: DeviceId) -> anyhow::Result<Shown> {
        let now = self.rehearsal.now();
        let listed = self.rehearsal.record(device).is_some_and(is_listed);
        let Ok(record) = self.record(device) else {
            return Ok(Shown { listed, ..Shown::default() });
        };
        let results = latest_commands(record);
        Ok(Shown {
            passcode: results.iter().any(|row| shown_passcode(&row.state, now).is_some()),
            location: results.iter().any(|row| record.located_by(row.id, now).is_some()),
            listed,
            bypass_code: shown_bypass_code(record, now).is_some(),
        })
    }

    async fn bypass_code(&mut self, device: DeviceId) -> anyhow::Result<Option<String>> {
        let code = shown_bypass_code(self.record(device)?, self.rehearsal.now());
        Ok(code.map(str::to_owned))
    }

    async fn vendor_lock(&mut self, serial: SerialNumber) -> anyhow::Result<&'static str> {
        let request = LockRequest { serial, escrow_key: None, lost_message: None };
        Ok(self.rehearsal.vendor().lock(request).word())
    }

    async fn vendor_unlock(
        &mut self,
        serial: &SerialNumber,
        code: &str,
    ) -> anyhow::Result<Unlocking> {
        Ok(self.rehearsal.vendor().escrow_key_unlock(serial, code))
    }

    async fn vendor_status(&mut self, serial: &SerialNumber) -> anyhow::Result<&'static str> {
        let status = self.rehearsal.vendor().status(serial);
        Ok(status.map_or("unknown device", |status| status.lock_type.word()))
    }

    async fn counted(&mut self, of: Counter) -> anyhow::Result<u64> {
        let tally = self.rehearsal.tally();
        Ok(match of {
            Counter::DuplicateAnswers => tally.duplicates,
            Counter::AnswersToAnotherAttempt => tally.stale_attempts,
            Counter::AnswersToUnknownCommands => tally.unknown_commands,
            Counter::Attempts => tally.attempts,
            Counter::RefusedHandshakes => tally.refused_handshakes,
            Counter::Pushes => tally.pushes,
        })
    }
}

/// A refusal as the admin API words it.
fn refused(refusal: SubmitRefusal) -> Asked {
    let reason = refusal.to_string();
    let error = match refusal {
        SubmitRefusal::NotEnrolled => SubmitError::NotEnrolled,
        SubmitRefusal::Capability(refusal) => SubmitError::Capability(refusal),
        SubmitRefusal::QueueFull => SubmitError::QueueFull { retry_after: Duration::ZERO },
    };
    Asked::Refused { status: refusal_status(error), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::all;

    #[tokio::test]
    async fn no_case_depends_on_chance_or_on_a_fast_network() {
        let cases = all().unwrap();
        let millis = Duration::from_millis;
        for seed in 1..=3 {
            for (delay, jitter) in [(0, 0), (1, 50), (100, 0), (60, 300)] {
                let network = Network { delay: millis(delay), jitter: millis(jitter) };
                let Rehearsed { run, violations, .. } =
                    rehearse(&cases, Chance { seed, network }).await.unwrap();
                let wrong: Vec<_> =
                    run.played.iter().filter(|it| it.rows.iter().any(|row| !row.ok)).collect();
                assert!(wrong.is_empty(), "seed {seed}, {network:?}: {wrong:#?}");
                assert_eq!((violations, run.executed_twice), (Vec::new(), 0));
            }
        }
    }
}
