//! At-least-once delivery, at-most-once effect.

use muster_device::{Persona, Screen, UserAction};
use muster_protocol::{CommandId, Mode, Outcome, Policy};

use crate::rig::{PERSONA, Rig, describe};

const ID: CommandId = CommandId::from_bytes([200; 16]);

#[test]
fn a_repeated_command_is_answered_from_the_journal_even_after_a_restart() {
    let mut rig = Rig::managed(Mode::AndroidDedicated, PERSONA, Policy::FULL);
    let request = rig.request("RESET_PASSWORD device");
    let first = rig.attempt(ID, 1, request.clone());
    assert_eq!(rig.executed(), 1);
    rig.restart();
    rig.give(muster_device::Input::Start);
    rig.connect();
    let second = rig.attempt(ID, 2, request);
    assert_eq!(rig.executed(), 0);
    assert_eq!(second.outcome, first.outcome, "the same temporary passcode");
    assert_eq!(second.attempt.number(), 2, "answers the attempt now asked");
}

#[test]
fn the_state_is_durable_and_reported_before_the_answer_goes_out() {
    let mut rig = Rig::managed(Mode::AppleDevice, PERSONA, Policy::NONE);
    rig.ask(rig.request("ClearPasscode own-token"));
    assert_eq!(
        rig.trace(),
        ["Persist", "Executed ClearPasscode", "Send StatusReport", "Send CommandResult"]
    );
}

#[test]
fn not_now_is_no_final_answer_and_idle_follows_once_the_user_unlocks() {
    let persona = Persona { screen: Screen::Locked, ..PERSONA };
    let mut rig = Rig::managed(Mode::AppleDevice, persona, Policy::FULL);
    let request = rig.request("SecurityInfo");
    assert_eq!(rig.attempt(ID, 1, request.clone()).outcome, Outcome::NotNow);
    rig.forget();
    rig.user(UserAction::Unlock);
    assert_eq!(rig.trace(), ["Persist", "Send Idle"]);
    let again = rig.attempt(ID, 2, request);
    assert_eq!(describe(&again.outcome), "Acknowledged Status");
    rig.forget();
    rig.user(UserAction::Lock);
    rig.user(UserAction::Unlock);
    assert_eq!(rig.trace(), ["Persist", "Persist"], "nothing is owed any more");
}

#[test]
fn a_device_says_of_each_answer_whether_its_lock_is_in_the_way() {
    let persona = Persona { screen: Screen::Locked, ..PERSONA };
    let mut rig = Rig::managed(Mode::AppleDevice, persona, Policy::FULL);
    assert_eq!(rig.ask(rig.request("SecurityInfo")), Outcome::NotNow);
    assert!(rig.locked_out);
    rig.user(UserAction::HoldManagement);
    assert_eq!(rig.ask(rig.request("SecurityInfo")), Outcome::NotNow);
    assert!(!rig.locked_out, "locked it is, but that is not what it waits for");
    rig.user(UserAction::ReleaseManagement);
    assert_eq!(rig.ask(rig.request("SecurityInfo")), Outcome::NotNow);
    assert!(rig.locked_out);
    assert!(!rig.device.is_locked_out(), "there is no answer left that it says so of");
}

#[test]
fn a_passcode_removed_while_something_waits_ends_the_wait() {
    let persona = Persona { screen: Screen::Locked, ..PERSONA };
    let mut rig = Rig::managed(Mode::AppleDevice, persona, Policy::NONE);
    rig.ask(rig.request("SecurityInfo"));
    rig.ask(rig.request("ClearPasscode own-token"));
    assert_eq!(rig.trace().last().map(String::as_str), Some("Send Idle"));
}

#[test]
fn a_question_has_an_answer_and_no_effect() {
    let mut rig = Rig::managed(Mode::AospUserless, PERSONA, Policy::FULL);
    rig.ask(rig.request("REQUEST_DEVICE_INFO"));
    assert_eq!(rig.trace(), ["Persist", "Send CommandResult"]);
}
