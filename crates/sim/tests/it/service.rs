//! What is done to a whole fleet by plan: begin without a network, restart the server, take devices
//! out of service.

use std::time::Duration;

use muster_control::{Action, Readings};
use muster_device::{Contact, DeviceSpec, Habit, Phase};
use muster_protocol::{Mode, Policy, Timestamp};
use muster_sim::{
    Act, Asking, CALM_NETWORK, Ending, Entry, Keep, Plan, PlannedDevice, Seen, Swarm, SwarmSize,
    What, World,
};

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// A fully managed device as one of the drawn worlds has it.
fn device() -> PlannedDevice {
    let swarm = Swarm::new(SwarmSize::default());
    let mut drawn = (0..).flat_map(|seed| swarm.plan(seed).devices);
    let is_it = |device: &PlannedDevice| device.spec.facts.mode == Mode::AndroidFullyManaged;
    let spec = drawn.find(is_it).expect("worlds without end have one").spec;
    PlannedDevice::new(0, DeviceSpec { contact: Contact::Connected, ..spec }, Policy::NONE)
}

fn played(acts: Vec<(u64, What)>) -> Vec<Entry> {
    played_by(device(), Plan::REAL_DAY, acts)
}

fn played_by(device: PlannedDevice, day: Duration, acts: Vec<(u64, What)>) -> Vec<Entry> {
    let acts = acts.into_iter().map(|(seconds, what)| Act { at: at(seconds), what }).collect();
    let plan = Plan {
        seed: 1,
        network: CALM_NETWORK,
        readings: Readings::default(),
        devices: vec![device],
        acts,
        calm_at: at(300),
        end_at: at(2_100),
        day,
        asking: Asking::Again,
    };
    let outcome = World::run(plan, Keep::All);
    assert_eq!(outcome.ending, Ending::Kept);
    outcome.log.entries().cloned().collect()
}

fn submit(action: Action) -> What {
    What::Submit { device: 0, command: 0, action, lifetime: Duration::from_hours(24) }
}

fn wipe() -> What {
    submit(Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false })
}

/// When a device has got an identity, in seconds.
fn enrolled(log: &[Entry]) -> Vec<u64> {
    let enrolled = log.iter().filter(|entry| matches!(entry.what, Seen::Enrolled { .. }));
    enrolled.map(|entry| entry.at.as_micros() / 1_000_000).collect()
}

#[test]
fn a_device_without_a_network_at_the_beginning_enrols_when_it_has_one() {
    let log = played(vec![(0, What::Offline { device: 0 }), (60, What::Online { device: 0 })]);
    assert_eq!(enrolled(&log), [60]);
    let refused = played(vec![(0, What::Offline { device: 0 }), (30, submit(Action::SyncDevice))]);
    assert!(refused.iter().any(|entry| matches!(entry.what, Seen::Refused { .. })));
}

#[test]
fn a_server_that_restarts_asks_its_devices_to_come_back() {
    let log = played(vec![(60, What::Restart { away: SECOND * 2 })]);
    let welcomed = log.iter().filter(|entry| matches!(entry.what, Seen::Welcomed { .. }));
    let welcomed: Vec<Timestamp> = welcomed.map(|entry| entry.at).collect();
    assert_eq!(welcomed.len(), 2, "before and after");
    assert!((at(62)..at(70)).contains(&welcomed[1]), "{}", welcomed[1]);
}

#[test]
fn a_device_that_is_taken_out_enrols_again_only_when_it_is_set_up() {
    let out = || vec![(60, What::TakeOut { device: 0 }), (60, wipe())];
    let left = played(out());
    let unenrolled = |entry: &Entry| {
        matches!(entry.what, Seen::Phase { phase } if phase != Phase::Enrolled) && entry.at > at(60)
    };
    assert!(left.iter().any(unenrolled));
    assert!(enrolled(&left)[1..].iter().all(|second| *second >= 300), "not before the calm");
    let again = played([out(), vec![(120, What::SetUp { device: 0 })]].concat());
    assert_eq!(enrolled(&again)[1], 120);
    let set_up = (60, What::SetUp { device: 0 });
    let awaited = played(vec![(60, What::TakeOut { device: 0 }), set_up, (60, wipe())]);
    assert_eq!(enrolled(&awaited)[1], 60, "whoever waits for it does not wait longer");
}

#[test]
fn a_person_does_not_bring_back_a_device_that_was_taken_out() {
    let held = PlannedDevice { habit: Some(Habit::FieldWorker), ..device() };
    let acts = vec![(60, What::TakeOut { device: 0 }), (60, wipe())];
    let log = played_by(held, SECOND * 24, acts);
    let after =
        |from: u64, to: u64| log.iter().filter(move |it| (at(from)..at(to)).contains(&it.at));
    let left =
        after(60, 300).find(|it| matches!(it.what, Seen::Phase { .. })).expect("it is wiped");
    let found = after(0, 300).filter(|it| it.at > left.at);
    let found = found.filter(|it| matches!(it.what, Seen::FaultOver { name: "offline" }));
    assert!(found.count() > 0, "its person is where there is a network, again and again");
    assert!(enrolled(&log)[1..].iter().all(|second| *second >= 300), "{:?}", enrolled(&log));
}
