//! Everything that can be asked of everything, for a reader to judge.

use std::fmt::Write as _;

use muster_device::{Cause, Persona, Phase, Screen, next_phase};
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{Mode, Platform, Policy, Request};

use crate::rig::{PERSONA, Rig, describe};

const REQUESTS: [&str; 15] = [
    "EraseDevice",
    "ClearPasscode own-token",
    "ClearPasscode stale-token",
    "DeviceLock",
    "DisableActivationLock own-code",
    "DisableActivationLock wrong-code",
    "SecurityInfo",
    "RemoveProfile",
    "WIPE",
    "RESET_PASSWORD device",
    "RESET_PASSWORD profile",
    "LOCK",
    "REQUEST_DEVICE_INFO",
    "RELINQUISH_OWNERSHIP",
    "unreadable",
];

/// States that make a difference: how the user left the device.
const SITUATIONS: [(&str, Persona); 3] = [
    ("unlocked", Persona { find_my: Switch::On, ..PERSONA }),
    ("locked", Persona { find_my: Switch::On, screen: Screen::Locked, ..PERSONA }),
    (
        "bare",
        Persona { passcode: Presence::NotSet, work_profile_password: Presence::NotSet, ..PERSONA },
    ),
];

#[test]
fn every_request_in_every_mode_and_situation_has_one_outcome() {
    let mut page = String::from(
        "Policy: all configured. Arrow: the phase the device ends in.\n\
         unlocked, locked: passcodes set, Find My on. bare: nothing set.\n\
         Requests of the other platform are CommandFormatError and not shown.\n",
    );
    for request in REQUESTS {
        writeln!(page, "\n{request}").unwrap();
        for mode in Mode::ALL {
            let cells = SITUATIONS.map(|(_, persona)| outcome(request, mode, persona));
            if cells == ["CommandFormatError"; 3] && request != "unreadable" {
                continue;
            }
            for ((situation, _), cell) in SITUATIONS.iter().zip(cells) {
                writeln!(page, "  {mode:22} {situation:9} {cell}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(page);
}

fn outcome(request: &str, mode: Mode, persona: Persona) -> String {
    let mut rig = Rig::managed(mode, persona, Policy::FULL);
    let outcome = describe(&rig.ask(rig.request(request)));
    match rig.device.phase() {
        Phase::Enrolled => outcome,
        phase @ (Phase::SetupAssistant
        | Phase::ActivationPrompt
        | Phase::Enrolling
        | Phase::Unenrolled) => format!("{outcome} -> {phase:?}"),
    }
}

#[test]
fn a_request_of_the_other_platform_is_one_the_device_cannot_read() {
    for request in REQUESTS {
        for mode in Mode::ALL {
            let rig = Rig::managed(mode, PERSONA, Policy::FULL);
            let platform = match rig.request(request) {
                Some(Request::Apple(_)) => Platform::Apple,
                Some(Request::Android(_)) => Platform::Android,
                None => continue,
            };
            let unread = outcome(request, mode, PERSONA) == "CommandFormatError";
            assert_eq!(unread, platform != mode.platform(), "{request} {mode}");
        }
    }
}

#[test]
fn a_device_moves_from_phase_to_phase_as_the_table_says() {
    let mut page = String::new();
    for phase in Phase::ALL {
        for cause in Cause::ALL {
            let to = next_phase(phase, cause);
            let to = to.map_or_else(|| "-".to_owned(), |to| format!("{to:?}"));
            writeln!(page, "{:17} {:13} {to}", format!("{phase:?}"), format!("{cause:?}")).unwrap();
        }
    }
    insta::assert_snapshot!(page);
}
