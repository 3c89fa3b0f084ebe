//! Woken devices: pushes that go astray, and nobody who polls.

use std::time::Duration;

use muster_control::Action;
use muster_device::{Contact, DeviceSpec, Persona, PromptHabit, Screen};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Policy, Timestamp};
use muster_sim::{
    Act, Asking, CALM_NETWORK, Ending, Entry, Fault, Injection, Keep, Plan, PlannedDevice, Seen,
    Swarm, SwarmSize, What, World,
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn woken_phone(number: u32) -> PlannedDevice {
    let facts = DeviceFacts {
        serial: format!("SIM{number:05}").parse().expect("letters and digits are a serial number"),
        model: "iPhone15,2".to_owned(),
        operating_system: OperatingSystem::Ios,
        os_version: OsVersion::new(17, 4),
        mode: Mode::AppleUser,
    };
    let persona = Persona {
        passcode: Presence::Set,
        work_profile_password: Presence::NotSet,
        prompt: PromptHabit::Accepts,
        find_my: Switch::Off,
        screen: Screen::Unlocked,
    };
    PlannedDevice::new(number, DeviceSpec::new(facts, persona).woken(), Policy::FULL)
}

/// One woken phone that is asked to lock itself ten minutes after it enrolled.
fn plan(faults: &[(u64, Fault)]) -> Plan {
    let submit = |at, command| Act {
        at,
        what: What::Submit {
            device: 0,
            command,
            action: Action::SyncDevice,
            lifetime: Duration::from_hours(24),
        },
    };
    let mut acts = vec![submit(at(600), 0)];
    for (number, (seconds, fault)) in (1..).zip(faults) {
        let what = What::Fault(Injection::of_device(number, 0, *fault));
        acts.push(Act { at: at(*seconds), what });
    }
    Plan {
        seed: 1,
        network: CALM_NETWORK,
        readings: muster_control::Readings::default(),
        devices: vec![woken_phone(0)],
        acts,
        calm_at: at(7_200),
        end_at: at(12_600),
        day: Plan::REAL_DAY,
        asking: Asking::Once,
    }
}

fn log(plan: Plan) -> Vec<Entry> {
    let outcome = World::run(plan, Keep::All);
    assert_eq!(outcome.ending, Ending::Kept);
    outcome.log.entries().cloned().collect()
}

/// When the device connected, in whole seconds, once it was enrolled.
fn visits(log: &[Entry]) -> Vec<u64> {
    let welcomed = log.iter().filter(|entry| matches!(entry.what, Seen::Welcomed { .. }));
    welcomed.map(|entry| entry.at.as_micros() / 1_000_000).collect()
}

fn pushes(log: &[Entry]) -> Vec<u64> {
    let pushed = log.iter().filter(|entry| matches!(entry.what, Seen::Pushed { .. }));
    pushed.map(|entry| entry.at.as_micros() / 1_000_000).collect()
}

#[test]
fn a_woken_device_comes_once_for_its_enrolment_and_once_for_each_push() {
    let log = log(plan(&[]));
    assert_eq!(visits(&log), [0, 600]);
    assert_eq!(pushes(&log), [600]);
}

#[test]
fn a_lost_push_is_made_again_with_growing_gaps() {
    let log = log(plan(&[(590, Fault::WakeLost), (591, Fault::WakeLost), (592, Fault::WakeLost)]));
    assert_eq!(pushes(&log), [600, 660, 780, 1_020]);
    assert_eq!(visits(&log), [0, 1_020]);
}

#[test]
fn a_late_push_brings_the_device_late_and_a_doubled_one_once() {
    let late = log(plan(&[(590, Fault::WakeLate { delay: Duration::from_secs(30) })]));
    assert_eq!(visits(&late), [0, 630]);
    let doubled = log(plan(&[(590, Fault::WakeDuplicated)]));
    assert_eq!(visits(&doubled), [0, 600]);
}

#[test]
fn a_push_that_is_kept_brings_the_device_when_it_is_back_and_an_expired_one_does_not() {
    let lasts = Duration::from_secs(40);
    let kept = log(plan(&[(590, Fault::WakeCoalesced { lasts })]));
    assert_eq!(visits(&kept), [0, 640]);
    let expired = log(plan(&[(590, Fault::WakeExpired)]));
    assert_eq!(visits(&expired), [0, 660]);
}

#[test]
fn a_push_that_was_overtaken_comes_behind_the_next() {
    let log = log(plan(&[(590, Fault::WakeReordered)]));
    assert_eq!(visits(&log), [0, 660]);
    let woken = log.iter().filter(|entry| entry.what == Seen::Woken).count();
    assert_eq!(woken, 2, "the second push, and behind it the first");
}

#[test]
fn drawn_worlds_with_woken_devices_keep_every_promise() {
    let (mut woken, mut pushed) = (0, 0);
    for seed in 0..150 {
        let plan = Swarm::new(SwarmSize::default()).plan(seed);
        let devices = plan.devices.iter();
        let here = devices.filter(|it| it.spec.contact == Contact::Woken).count();
        if here == 0 {
            continue;
        }
        woken += here;
        let outcome = World::run(plan, Keep::All);
        assert_eq!(outcome.ending, Ending::Kept, "seed {seed}");
        let is_push = |entry: &&Entry| matches!(entry.what, Seen::Pushed { .. });
        pushed += outcome.log.entries().filter(is_push).count();
    }
    assert!(woken > 20 && pushed > 200, "{woken} woken devices, {pushed} pushes");
}
