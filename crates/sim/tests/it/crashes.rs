//! Whoever dies, at whichever step of a command's life: every promise holds.

use core::time::Duration;

use muster_control::{Action, Readings};
use muster_device::{DeviceSpec, Persona, PromptHabit, Screen};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Platform, Policy, Timestamp};
use muster_sim::{
    Act, Asking, Ending, Fault, Injection, Keep, Moment, Network, Outcome, Plan, PlannedDevice,
    Scope, Seen, Trigger, What, World,
};

/// Far more steps than any command takes.
const STEPS_MAX: u32 = 200;

/// Every place at which an agent or a server can die.
const AGENT_DIES: [Moment; 7] = [
    Moment::CommandArrives,
    Moment::Output,
    Moment::Persisting,
    Moment::Persisted,
    Moment::Executed,
    Moment::Answering,
    Moment::Answered,
];
const SERVER_DIES: [Moment; 2] = [Moment::Committing, Moment::Committed];

#[test]
fn an_agent_may_die_at_every_step_of_a_commands_life() {
    for (mode, action) in lives() {
        for moment in AGENT_DIES {
            let steps = sweep((mode, &action), Fault::AgentCrash, moment);
            assert!(steps >= 1, "{mode:?} {action:?} never comes to {moment:?}");
        }
    }
}

#[test]
fn a_server_may_die_before_and_after_every_write() {
    for (mode, action) in lives() {
        for moment in SERVER_DIES {
            let crash = Fault::ServerCrash { lasts: Duration::from_secs(5) };
            let steps = sweep((mode, &action), crash, moment);
            assert!(steps >= 4, "{mode:?} {action:?}: {steps} writes");
        }
    }
}

#[test]
fn both_may_die_in_the_life_of_one_command() {
    let life = (Mode::AppleDeviceSupervised, Action::RemoteLock);
    for agent in 1..=12 {
        for server in 1..=6 {
            let crash = Fault::ServerCrash { lasts: Duration::from_secs(5) };
            let faults = [
                nth(0, Fault::AgentCrash, Moment::Output, agent),
                nth(1, crash, Moment::Committed, server),
            ];
            let outcome = play((life.0, &life.1), &faults);
            assert_eq!(outcome.ending, Ending::Kept, "agent {agent}, server {server}");
        }
    }
}

/// Dies at the first step, at the second, ... until there are no more; returns how many there are.
fn sweep(life: (Mode, &Action), fault: Fault, moment: Moment) -> u32 {
    for step in 1..STEPS_MAX {
        let outcome = play(life, &[nth(0, fault, moment, step)]);
        let log = || String::from_utf8(outcome.log.to_bytes()).expect("a log is text");
        assert_eq!(outcome.ending, Ending::Kept, "{fault:?} {moment:?} {step}\n{}", log());
        let died = outcome.log.entries().any(|it| it.what == Seen::Fault { name: fault.name() });
        if !died {
            return step - 1;
        }
    }
    panic!("{moment:?} without end");
}

fn play((mode, action): (Mode, &Action), faults: &[Injection]) -> Outcome {
    let second = |number: u64| Timestamp::from_micros(number * 1_000_000);
    let ask = |at: u64, command: u32, action: Action| Act {
        at: second(at),
        what: What::Submit { device: 0, command, action, lifetime: Duration::from_secs(86_400) },
    };
    let mut acts: Vec<Act> = faults
        .iter()
        .map(|injection| Act { at: second(0), what: What::Fault(*injection) })
        .collect();
    acts.push(ask(20, 0, action.clone()));
    acts.push(ask(20, 1, Action::SyncDevice));
    let plan = Plan {
        seed: 1,
        network: Network { delay: Duration::from_millis(20), jitter: Duration::ZERO },
        readings: Readings::default(),
        devices: vec![PlannedDevice::new(0, spec(mode), Policy::FULL)],
        acts,
        calm_at: second(300),
        end_at: second(900),
        day: Plan::REAL_DAY,
        asking: Asking::Once,
    };
    World::run(plan, Keep::All)
}

fn nth(number: u32, fault: Fault, moment: Moment, nth: u32) -> Injection {
    Injection { number, fault, scope: Scope::All, trigger: Trigger::Nth { moment, nth } }
}

fn lives() -> Vec<(Mode, Action)> {
    let wipe = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };
    vec![
        (Mode::AppleDeviceSupervised, Action::RemoteLock),
        (Mode::AppleDeviceSupervised, wipe.clone()),
        (Mode::AppleDeviceSupervised, Action::BypassActivationLock),
        (Mode::AndroidFullyManaged, Action::ResetPasscode),
        (Mode::AndroidFullyManaged, wipe),
        (Mode::AppleDevice, Action::Retire),
    ]
}

fn spec(mode: Mode) -> DeviceSpec {
    let (operating_system, model, os_version) = match mode.platform() {
        Platform::Apple => (OperatingSystem::Ios, "iPhone15,2", OsVersion::new(17, 4)),
        Platform::Android => (OperatingSystem::Android, "Pixel 8", OsVersion::major(13)),
    };
    let facts = DeviceFacts {
        serial: "SIM00000".parse().expect("letters and digits are a serial number"),
        model: model.into(),
        operating_system,
        os_version,
        mode,
    };
    let persona = Persona {
        passcode: Presence::Set,
        work_profile_password: Presence::NotSet,
        prompt: PromptHabit::Accepts,
        find_my: Switch::On,
        screen: Screen::Unlocked,
    };
    DeviceSpec::new(facts, persona)
}
