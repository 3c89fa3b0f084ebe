//! What administrators, users and whoever runs the server do during a run, drawn from its seed.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_control::Action;
use muster_device::UserAction;
use muster_protocol::limits::IDLE_TIMEOUT;
use muster_protocol::seed::Stream;

use super::plan::{Absence, Manner, QuicPlan};

/// Once in this time, on average, somebody does something with each device.
const DEED_EVERY: Duration = Duration::from_secs(5 * 60);

/// What is asked again and again.
const ACTIONS: [Action; 4] =
    [Action::SyncDevice, Action::RemoteLock, Action::ResetPasscode, Action::RebootNow];

/// What is asked now and then: its device begins a new life.
const WIPE: Action = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };

/// One request of so many is a wipe.
const WIPES: u64 = 12;

/// What users do by themselves.
const HABITS: [UserAction; 3] = [UserAction::Lock, UserAction::Unlock, UserAction::Reboot];

/// One device of so many is asked for something just before its server goes, or while it may be
/// cut off: so that commands are under way when sessions end.
const UNDER_WAY: u64 = 2;

/// How long before the server goes, at most: less than a way there and back on most links.
const JUST_BEFORE: Duration = Duration::from_millis(50);

/// What is done with one device, or with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deed {
    pub(super) device: usize,
    pub(super) doing: Doing,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// An administrator asks.
    Ask(Action),
    /// The person at the device does something.
    Use(UserAction),
    /// The server goes.
    End(Manner),
    /// It is back.
    StartServer,
}

/// A moment, and a number that keeps deeds of one moment apart.
type When = (Duration, u64);

/// All deeds in the order of their times. Each draws for itself.
pub(super) fn deeds(plan: &QuicPlan) -> BTreeMap<When, Deed> {
    let mut deeds: BTreeMap<When, Deed> = everyday(plan).collect();
    let mut add = |at: Duration, deed: Deed| {
        let number = u64::MAX / 2 + u64::try_from(deeds.len()).unwrap_or(0);
        deeds.insert((at, number), deed);
    };
    for (number, outage) in (0..).zip(plan.weather().outages) {
        let cut_off = (outage.until - outage.from).min(IDLE_TIMEOUT);
        for (at, deed) in asked_of_some(plan, ("outage", number), (outage.from, cut_off)) {
            add(at, deed);
        }
    }
    for (number, Absence { from, until, manner }) in (0..).zip(plan.absences()) {
        let before = from.saturating_sub(JUST_BEFORE);
        for (at, deed) in asked_of_some(plan, ("absence", number), (before, from - before)) {
            add(at, deed);
        }
        add(from, Deed { device: 0, doing: Doing::End(manner) });
        add(until, Deed { device: 0, doing: Doing::StartServer });
    }
    deeds
}

/// What happens anyway.
fn everyday(plan: &QuicPlan) -> impl Iterator<Item = (When, Deed)> {
    let rounds = plan.calm_from().as_secs() / DEED_EVERY.as_secs() + 1;
    let devices = count(plan);
    (0..devices * rounds).map(move |number| {
        let mut draws = plan.root().child("load", number).stream();
        let at = draws.duration_below(plan.calm_from());
        let device = usize::try_from(draws.below(devices)).unwrap_or(0);
        let doing = if draws.chance(2, 3) {
            Doing::Ask(action(&mut draws))
        } else {
            Doing::Use(one_of(&HABITS, &mut draws))
        };
        ((at, number), Deed { device, doing })
    })
}

/// Some of the devices are asked for something in a span of time.
fn asked_of_some(
    plan: &QuicPlan,
    (label, number): (&'static str, u64),
    (from, span): (Duration, Duration),
) -> Vec<(Duration, Deed)> {
    let root = plan.root().child(label, number);
    let asked = (0..plan.devices.get()).zip(0..).filter_map(|(device, index)| {
        let mut draws = root.child("device", index).stream();
        let at = from + draws.duration_below(span.max(Duration::from_micros(1)));
        let deed = Deed { device, doing: Doing::Ask(one_of(&ACTIONS, &mut draws)) };
        (draws.chance(1, UNDER_WAY) && at < plan.calm_from()).then_some((at, deed))
    });
    asked.collect()
}

fn action(draws: &mut Stream) -> Action {
    if draws.chance(1, WIPES) { WIPE } else { one_of(&ACTIONS, draws) }
}

fn count(plan: &QuicPlan) -> u64 {
    u64::try_from(plan.devices.get()).unwrap_or(u64::MAX)
}

fn one_of<T: Clone>(choices: &[T], draws: &mut Stream) -> T {
    let count = u64::try_from(choices.len()).unwrap_or(u64::MAX);
    choices[usize::try_from(draws.below(count)).unwrap_or(0)].clone()
}
