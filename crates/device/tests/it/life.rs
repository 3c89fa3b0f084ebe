//! From the box to retirement.

use muster_device::{Input, Note, Output, Persona, Phase, UserAction};
use muster_protocol::management::{ToDevice, ToServer};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{Attempt, Command, CommandHead, CommandId, Mode, Outcome, Policy, Timestamp};

use crate::rig::{PERSONA, Rig, current_os, spec};

const MODE: Mode = Mode::AppleAutomatedDevice;

fn boxed(persona: Persona) -> Rig {
    Rig::boxed(spec(MODE, current_os(MODE), persona), Policy::FULL)
}

#[test]
fn a_device_enrols_connects_and_asks_for_work() {
    let mut rig = boxed(PERSONA);
    rig.give(Input::Start);
    rig.enrol();
    rig.connect();
    let trace = rig.trace();
    assert_eq!(
        trace,
        [
            "Persist",
            "Enrol",
            "Persist",
            "Connect",
            "Send Hello",
            "Send TokenUpdate",
            "Send Idle",
            "Persist"
        ]
    );
    assert_eq!(rig.device.phase(), Phase::Enrolled);
    assert!(rig.device.id().is_some());
}

#[test]
fn an_unacknowledged_token_update_goes_out_on_every_connection_and_after_a_while() {
    let mut rig = boxed(PERSONA);
    rig.give(Input::Start);
    rig.enrol();
    let sends = |rig: &mut Rig| {
        let update = |output: &&Output| matches!(output, Output::Send(ToServer::TokenUpdate(_)));
        rig.forget().iter().filter(update).count()
    };
    rig.give(Input::Connected { minor: 0 });
    assert_eq!(sends(&mut rig), 1);
    rig.give(Input::Disconnected);
    assert_eq!(rig.device.next_deadline(), None);
    rig.give(Input::Connected { minor: 0 });
    assert_eq!(sends(&mut rig), 1);
    let deadline = rig.device.next_deadline().unwrap();
    rig.device.handle(deadline, Input::Deadline);
    assert!(matches!(rig.device.poll_output(), Some(Output::Send(ToServer::TokenUpdate(_)))));
    rig.welcome();
    assert_eq!(rig.device.next_deadline(), None, "acknowledged");
    rig.forget();
    rig.connect();
    assert_eq!(sends(&mut rig), 0);
}

#[test]
fn a_stored_device_takes_up_where_it_was() {
    let mut rig = boxed(PERSONA);
    rig.give(Input::Start);
    rig.restart();
    rig.forget();
    rig.give(Input::Start);
    assert_eq!(rig.trace(), ["Enrol"]);
    rig.enrol();
    rig.connect();
    rig.restart();
    rig.forget();
    rig.give(Input::Start);
    assert_eq!(rig.trace(), ["Connect"]);
    rig.forget();
    rig.give(Input::Connected { minor: 0 });
    assert_eq!(rig.trace(), ["Send Hello", "Send Idle"]);
}

#[test]
fn a_refused_device_stays_in_setup_assistant() {
    let mut rig = boxed(PERSONA);
    rig.give(Input::Start);
    rig.give(Input::EnrolmentRefused);
    assert_eq!(rig.device.phase(), Phase::SetupAssistant);
    assert_eq!(rig.notes(), [Note::EnrolmentRefused]);
}

#[test]
fn a_wiped_device_answers_leaves_and_begins_a_new_life() {
    let mut rig = Rig::managed(Mode::AppleDevice, PERSONA, Policy::FULL);
    let (first_id, first_token) = (rig.device.id(), rig.unlock_token.clone());
    rig.ask(rig.request("EraseDevice"));
    assert_eq!(
        rig.trace(),
        ["Persist", "Executed EraseDevice", "Send CommandResult", "Leave", "Persist", "Enrol"]
    );
    assert_eq!(rig.device.id(), None);
    rig.enrol();
    rig.connect();
    assert_ne!(rig.device.id(), first_id);
    assert_ne!(rig.unlock_token, first_token, "a fresh unlock token");
    let outcome = rig.ask(rig.request("ClearPasscode own-token"));
    assert_eq!(crate::rig::describe(&outcome), "Acknowledged");
}

#[test]
fn a_retired_device_keeps_what_is_its_users_and_stays_out() {
    let mut rig = Rig::managed(Mode::AppleUser, PERSONA, Policy::FULL);
    let passcode = rig.device.status().passcode;
    rig.ask(rig.request("RemoveProfile"));
    assert_eq!(rig.trace(), ["Persist", "Executed RemoveProfile", "Send CommandResult", "Leave"]);
    assert_eq!(rig.device.status().passcode, passcode);
    rig.forget();
    rig.give(Input::Start);
    assert_eq!(rig.trace(), Vec::<String>::new());
    assert_eq!(rig.device.phase(), Phase::Unenrolled);
}

#[test]
fn a_device_the_server_disowned_leaves() {
    let mut rig = Rig::managed(Mode::AndroidDedicated, PERSONA, Policy::FULL);
    rig.forget();
    rig.give(Input::Unenrolled);
    assert_eq!(rig.trace(), ["Persist", "Leave"]);
    assert_eq!(rig.device.phase(), Phase::Unenrolled);
}

#[test]
fn a_device_its_user_erased_leaves_without_a_word_and_enrols_again() {
    let mut rig = Rig::managed(Mode::AppleDevice, PERSONA, Policy::FULL);
    rig.forget();
    rig.user(UserAction::EraseAllContent);
    assert_eq!(rig.trace(), ["Persist", "Leave", "Persist", "Enrol"]);
}

#[test]
fn a_changed_status_is_reported_once() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::NONE);
    rig.forget();
    rig.user(UserAction::StartFindMy);
    rig.user(UserAction::StartFindMy);
    rig.user(UserAction::Lock);
    assert_eq!(rig.trace(), ["Persist", "Send StatusReport", "Persist"]);
}

#[test]
fn a_message_in_the_wrong_state_is_ignored_and_noted() {
    let persona = Persona { find_my: Switch::On, ..PERSONA };
    let mut rig = boxed(persona);
    rig.give(Input::Start);
    rig.enrol();
    rig.give(Input::Connected { minor: 0 });
    let before = rig.device.clone();
    rig.forget();
    rig.message(ToDevice::Empty);
    assert_eq!(rig.notes(), [Note::Ignored { event: "Empty" }]);
    assert_eq!(rig.device, before);
}

#[test]
fn a_command_is_obeyed_in_a_welcomed_session_only() {
    let findable = Persona { find_my: Switch::On, ..PERSONA };
    let mut fresh = boxed(PERSONA);
    let mut greeting = boxed(PERSONA);
    greeting.give(Input::Start);
    greeting.enrol();
    greeting.give(Input::Connected { minor: 0 });
    let mut offline = Rig::managed(MODE, PERSONA, Policy::FULL);
    offline.give(Input::Disconnected);
    let mut locked = Rig::managed(MODE, findable, Policy::FULL);
    locked.ask(locked.request("EraseDevice"));
    let mut retired = Rig::managed(MODE, PERSONA, Policy::FULL);
    retired.give(Input::Unenrolled);
    for rig in [&mut fresh, &mut greeting, &mut offline, &mut locked, &mut retired] {
        rig.forget();
        let before = rig.device.clone();
        rig.message(ToDevice::Command(Command {
            head: CommandHead {
                id: CommandId::from_bytes([9; 16]),
                attempt: Attempt::new(1),
                expires_at: Timestamp::ZERO,
            },
            request: rig.request("DeviceLock"),
        }));
        assert_eq!(rig.notes(), [Note::Ignored { event: "Command" }]);
        assert_eq!(rig.device, before, "in phase {:?}", before.phase());
    }
}

#[test]
fn after_a_restored_backup_the_escrowed_token_opens_nothing_until_the_next_life() {
    let mut rig = Rig::managed(Mode::AppleDevice, PERSONA, Policy::FULL);
    rig.user(UserAction::RestoreFromBackup);
    let refused = rig.ask(rig.request("ClearPasscode own-token"));
    assert!(matches!(refused, Outcome::Error(_)), "{refused:?}");
    assert_eq!(rig.device.status().passcode, Presence::Set);
    rig.ask(rig.request("EraseDevice"));
    rig.enrol();
    rig.connect();
    let removed = rig.ask(rig.request("ClearPasscode own-token"));
    assert_eq!(crate::rig::describe(&removed), "Acknowledged");
    assert_eq!(rig.device.status().passcode, Presence::NotSet);
}
