//! A person and a device, side by side in virtual time.

use core::time::Duration;

use muster_device::{
    Calendar, Connectivity, Habit, Input, Person, PersonEvent, Phase, Script, UserAction,
};
use muster_protocol::status::Presence;
use muster_protocol::{Mode, Policy, Seed, Timestamp};

use crate::rig::{PERSONA, Rig};

/// Plays a person's events on a device until `end`.
fn play(rig: &mut Rig, person: &mut Person, end: Timestamp) {
    while let Some(at) = person.next_event().filter(|at| *at <= end) {
        rig.now = at;
        match person.handle(at) {
            Some(PersonEvent::User(action)) => rig.user(action),
            Some(PersonEvent::Network(Connectivity::Offline)) => rig.give(Input::Disconnected),
            Some(PersonEvent::Network(Connectivity::Online)) | None => {}
        }
    }
}

/// Events an hour apart.
fn hourly(actions: impl IntoIterator<Item = UserAction>) -> Person {
    let times = (1..).map(|hour| Timestamp::ZERO.after(Duration::from_secs(3_600) * hour));
    Person::scripted(Script::new(times.zip(actions.into_iter().map(PersonEvent::User))))
}

const END: Timestamp = Timestamp::from_micros(u64::MAX);

#[test]
fn two_weeks_of_any_habit_end_no_management() {
    let calendar = Calendar::real();
    for mode in Mode::ALL {
        for habit in Habit::ALL {
            let mut rig = Rig::managed(mode, PERSONA, Policy::NONE);
            let mut person = Person::new(habit, Seed::root(11), calendar);
            play(&mut rig, &mut person, calendar.hours(14 * 24));
            assert_eq!(rig.device.phase(), Phase::Enrolled, "{mode} {habit:?}");
        }
    }
}

#[test]
fn a_script_forgets_and_the_device_stays_shut() {
    let mut rig = Rig::managed(Mode::AndroidFullyManaged, PERSONA, Policy::NONE);
    rig.forget();
    let script = [UserAction::ForgetPasscode, UserAction::Lock, UserAction::Unlock];
    play(&mut rig, &mut hourly(script), END);
    assert_eq!(rig.now, Timestamp::ZERO.after(Duration::from_secs(3 * 3_600)));
    assert!(!rig.notes().is_empty(), "the unlock met an obstacle");
    assert_eq!(rig.device.status().passcode, Presence::Set);
}

#[test]
fn a_script_removes_the_work_profile() {
    let mode = Mode::AndroidPersonallyOwnedWorkProfile;
    let mut rig = Rig::managed(mode, PERSONA, Policy::NONE);
    play(&mut rig, &mut hourly([UserAction::RemoveWorkProfile]), END);
    assert_eq!(rig.device.phase(), Phase::Unenrolled);
}

#[test]
fn a_script_erases_the_device_and_signs_in_again() {
    let mut rig = Rig::managed(Mode::AppleDevice, PERSONA, Policy::NONE);
    let script = [UserAction::StartFindMy, UserAction::EraseAllContent];
    play(&mut rig, &mut hourly(script), END);
    assert_eq!(rig.device.phase(), Phase::ActivationPrompt);
    play(&mut rig, &mut hourly([UserAction::SignInAsOwner]), END);
    assert_ne!(rig.device.phase(), Phase::ActivationPrompt);
}
