//! What administrators and users do during a run.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_admin::{Backend, SubmitError};
use muster_agent::Fleet;
use muster_control::Action;
use muster_device::UserAction;
use muster_protocol::seed::Stream;
use tokio::time::{Instant, sleep_until};

use super::house::House;
use super::plan::QuicPlan;

/// Once in this time, on average, somebody does something with each device.
const DEED_EVERY: Duration = Duration::from_secs(5 * 60);

/// How often users look after their devices once everything is calm: what a device has put off
/// until its screen is unlocked is done then.
const LOOK_AFTER_EVERY: Duration = Duration::from_secs(60);

/// What is asked. A wipe is not among it: its device would have a right to be missing at the end.
const ACTIONS: [Action; 4] =
    [Action::SyncDevice, Action::RemoteLock, Action::ResetPasscode, Action::RebootNow];

/// What users do by themselves.
const HABITS: [UserAction; 3] = [UserAction::Lock, UserAction::Unlock, UserAction::Reboot];

/// How often the server is stopped and started again, at most.
const RESTARTS_MAX: u64 = 3;

/// How long it is away, at least.
const AWAY_MIN: Duration = Duration::from_secs(2);

/// What is added to that, at most.
const AWAY_MAX: Duration = Duration::from_secs(4 * 60);

/// What became of the load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Commands the server has taken.
    pub(super) accepted: u64,
    /// What it refused, by its reason.
    pub(super) refused: BTreeMap<String, u64>,
}

/// What is done with one device.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deed {
    device: usize,
    doing: Doing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Doing {
    Ask(Action),
    Use(UserAction),
    StopServer,
    StartServer,
}

/// Does what the plan says, each deed at its time.
pub(super) async fn run(
    plan: &QuicPlan,
    began: Instant,
    fleet: &Fleet,
    house: &mut House,
) -> anyhow::Result<Asked> {
    let mut asked = Asked::default();
    for ((at, _number), Deed { device, doing }) in deeds(plan) {
        sleep_until(began + at).await;
        match doing {
            Doing::Ask(action) => asked.count(ask(action, device, fleet, house).await?),
            Doing::StopServer => house.stop().await,
            Doing::StartServer => house.start().await?,
            Doing::Use(action) => drop(fleet.user(device, action).await?),
        }
    }
    Ok(asked)
}

/// Has the users look after their devices until the run is over, and everybody asked once more
/// shortly before.
pub(super) async fn look_after(
    plan: &QuicPlan,
    began: Instant,
    fleet: &Fleet,
    house: &House,
    asked: &mut Asked,
) -> anyhow::Result<()> {
    let (mut next, end) = (began + plan.calm_from(), began + plan.length);
    while next < end {
        sleep_until(next).await;
        for device in 0..plan.devices.get() {
            drop(fleet.user(device, UserAction::Unlock).await?);
            if next >= began + plan.last_asked() {
                asked.count(ask(Action::SyncDevice, device, fleet, house).await?);
            }
        }
        next += LOOK_AFTER_EVERY;
    }
    sleep_until(end).await;
    Ok(())
}

/// Asks a device for something; returns why the server does not take it, if it does not.
async fn ask(
    action: Action,
    device: usize,
    fleet: &Fleet,
    house: &House,
) -> anyhow::Result<Option<String>> {
    let Some(backend) = house.backend() else {
        return Ok(Some("there is no server now".to_owned()));
    };
    let Some(id) = fleet.view(device).await?.id else {
        return Ok(Some("the device is not enrolled yet".to_owned()));
    };
    match backend.submit(id, action).await {
        Ok(_command) => Ok(None),
        Err(failed @ SubmitError::Unavailable(_)) => Err(failed.into()),
        Err(refused) => Ok(Some(refused.to_string())),
    }
}

impl Asked {
    fn count(&mut self, refusal: Option<String>) {
        match refusal {
            None => self.accepted += 1,
            Some(reason) => *self.refused.entry(reason).or_default() += 1,
        }
    }
}

/// All deeds in the order of their times. Each draws for itself.
fn deeds(plan: &QuicPlan) -> BTreeMap<(Duration, u64), Deed> {
    let rounds = plan.calm_from().as_secs() / DEED_EVERY.as_secs() + 1;
    let devices = u64::try_from(plan.devices.get()).unwrap_or(u64::MAX);
    let deed = |number: u64| {
        let mut draws = plan.root().child("load", number).stream();
        let at = draws.duration_below(plan.calm_from());
        let device = usize::try_from(draws.below(devices)).unwrap_or(0);
        let doing = if draws.chance(2, 3) {
            Doing::Ask(one_of(&ACTIONS, &mut draws))
        } else {
            Doing::Use(one_of(&HABITS, &mut draws))
        };
        ((at, number), Deed { device, doing })
    };
    let restarts = (u64::MAX / 2..).zip(restarts(plan)).flat_map(|(number, (from, until))| {
        let deed = |at, doing| ((at, number), Deed { device: 0, doing });
        [deed(from, Doing::StopServer), deed(until, Doing::StartServer)]
    });
    (0..devices * rounds).map(deed).chain(restarts).collect()
}

/// When the server is away.
fn restarts(plan: &QuicPlan) -> Vec<(Duration, Duration)> {
    let mut draws = plan.root().child("restarts", 0).stream();
    let count = draws.below(RESTARTS_MAX + 1);
    let restart = |_| {
        let from = draws.duration_below(plan.calm_from());
        let until = from + AWAY_MIN + draws.duration_below(AWAY_MAX);
        (from, until.min(plan.calm_from()))
    };
    (0..count).map(restart).collect()
}

fn one_of<T: Clone>(choices: &[T], draws: &mut Stream) -> T {
    let count = u64::try_from(choices.len()).unwrap_or(u64::MAX);
    choices[usize::try_from(draws.below(count)).unwrap_or(0)].clone()
}
