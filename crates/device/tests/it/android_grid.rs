//! The grids of the table of Android, played in every cell.

use std::collections::BTreeSet;

use muster_device::{AgentTarget, DeviceSpec, Persona, PromptHabit, Quirk, Traits, UserAction};
use muster_protocol::status::Presence;
use muster_protocol::{Mode, OsVersion, Policy};
use serde::Deserialize;

use crate::android::{android_modes, ask, notes, table};
use crate::rig::{PERSONA, Rig, spec};

/// A cell of who may still call `resetPassword`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OldCall {
    pub(crate) id: String,
    pub(crate) source: String,
    modes: Vec<String>,
    os: [u16; 2],
    target: [u16; 2],
    passcode: Option<Presence>,
    first_unlock: Option<bool>,
    expect: String,
}

/// A cell of what a wipe does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wipe {
    pub(crate) id: String,
    pub(crate) source: String,
    modes: Vec<String>,
    os: [u16; 2],
    target: [u16; 2],
    calls: String,
    expect: String,
    phase: String,
}

/// A cell of who is notified to activate the reset passcode.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notification {
    pub(crate) id: String,
    pub(crate) source: String,
    modes: Vec<String>,
    os: [u16; 2],
    required: Option<bool>,
    passcode: Option<Presence>,
    work_profile_password: Option<Presence>,
    notes: Vec<String>,
}

/// Whether a cell that says nothing, or the same, fits.
fn fits<T: PartialEq>(cell: Option<T>, found: T) -> bool {
    cell.is_none_or(|cell| cell == found)
}

fn within([low, high]: [u16; 2], number: u16) -> bool {
    low <= number && number <= high
}

/// The one cell of a grid; the tables have no gaps and nothing twice.
fn only<T>(mut cells: impl Iterator<Item = T>, of: &str) -> T {
    let cell = cells.next().unwrap_or_else(|| panic!("no cell for {of}"));
    assert!(cells.next().is_none(), "two cells for {of}");
    cell
}

const BOTH: [Presence; 2] = [Presence::Set, Presence::NotSet];

/// One caller of `resetPassword`, its device and what is known of it.
#[derive(Clone, Copy, Debug)]
struct Call {
    mode: Mode,
    os: u16,
    target: u16,
    passcode: Presence,
    first_unlock: bool,
}

fn calls() -> impl Iterator<Item = Call> {
    let owners = android_modes()
        .filter(|mode| !matches!(mode, Mode::AospUserAssociated | Mode::AospUserless));
    let versions = owners.flat_map(|mode| (4..=16).map(move |os| (mode, os)));
    let targets = [19, 22, 23, 24, 25, 26, 28, 29, 30, 34, 35];
    let agents = versions.flat_map(move |device| targets.map(|target| (device, target)));
    agents.flat_map(|((mode, os), target)| {
        // Without a passcode nothing waits for the first unlock.
        let states = [(Presence::Set, true), (Presence::Set, false), (Presence::NotSet, true)];
        states.map(|(passcode, first_unlock)| Call { mode, os, target, passcode, first_unlock })
    })
}

impl Call {
    /// What a device whose agent knows no tokens makes of it.
    fn outcome(self) -> String {
        let persona =
            Persona { passcode: self.passcode, work_profile_password: self.passcode, ..PERSONA };
        let traits = Traits {
            agent_target: AgentTarget::new(self.target),
            quirk: Some(Quirk::AgentWithoutTokens),
            ..Traits::default()
        };
        let bare = spec(self.mode, OsVersion::major(self.os), persona);
        let mut rig = Rig::managed_spec(DeviceSpec { traits, ..bare }, Policy::FULL);
        if !self.first_unlock {
            rig.user_and_back(UserAction::Reboot);
        }
        let scope = match self.mode {
            Mode::AndroidPersonallyOwnedWorkProfile | Mode::AndroidCorporateOwnedWorkProfile => {
                "RESET_PASSWORD profile"
            }
            Mode::AndroidDeviceAdministrator
            | Mode::AndroidFullyManaged
            | Mode::AndroidDedicated
            | Mode::AospUserAssociated
            | Mode::AospUserless
            | Mode::AppleDevice
            | Mode::AppleDeviceSupervised
            | Mode::AppleAutomatedDevice
            | Mode::AppleUser
            | Mode::AppleAccountDrivenDevice
            | Mode::AppleAccountDrivenUser
            | Mode::AppleSharedIpad => "RESET_PASSWORD device",
        };
        ask(&mut rig, scope)
    }
}

#[test]
fn who_may_still_call_reset_password_is_as_the_grid_says_in_every_cell() {
    let grid = table().old_call;
    let mut unused: BTreeSet<&str> = grid.iter().map(|cell| cell.id.as_str()).collect();
    for call in calls() {
        let found = grid.iter().filter(|cell| {
            cell.modes.iter().any(|mode| mode == call.mode.name())
                && within(cell.os, call.os)
                && within(cell.target, call.target)
                && fits(cell.passcode, call.passcode)
                && fits(cell.first_unlock, call.first_unlock)
        });
        let cell = only(found, &format!("{call:?}"));
        let wanted = match cell.expect.as_str() {
            "sets" => "Acknowledged TemporaryPasscode of 6",
            "SecurityException" => "NotSupported CommandErrorCode 2",
            "false" => "Error CommandErrorCode 1",
            other => panic!("{}: nothing is called {other:?}", cell.id),
        };
        assert_eq!(call.outcome(), wanted, "{}: {call:?}", cell.id);
        unused.remove(cell.id.as_str());
    }
    assert!(unused.is_empty(), "never played: {unused:?}");
}

#[test]
fn a_wipe_does_as_the_grid_says_for_every_caller_level_call_and_flag() {
    let grid = table().wipe;
    let mut unused: BTreeSet<&str> = grid.iter().map(|cell| cell.id.as_str()).collect();
    let callers = android_modes().flat_map(|mode| (5..=16).map(move |os| (mode, os)));
    let agents = callers.flat_map(|caller| [33_u16, 34, 35].map(|target| (caller, target)));
    for ((mode, os), target) in agents {
        for calls in ["wipeData", "wipeDevice"] {
            let found = grid.iter().filter(|cell| {
                cell.modes.iter().any(|name| name == mode.name())
                    && within(cell.os, os)
                    && within(cell.target, target)
                    && (cell.calls == calls || cell.calls == "either")
            });
            let cell = only(found, &format!("{mode} {os} {target} {calls}"));
            unused.remove(cell.id.as_str());
            for flags in ["", " preserve", " esims", " preserve esims"] {
                let (outcome, phase) = wiped((mode, os), target, calls, flags);
                let wanted = (cell.expect.as_str(), cell.phase.as_str());
                let found = (outcome.as_str(), phase.as_str());
                assert_eq!(found, wanted, "{}: {mode} {os} {target} {calls}{flags}", cell.id);
            }
        }
    }
    assert!(unused.is_empty(), "never played: {unused:?}");
}

/// Outcome of a wipe, and the phase it leads to.
fn wiped((mode, os): (Mode, u16), target: u16, calls: &str, flags: &str) -> (String, String) {
    let quirk = (calls == "wipeData").then_some(Quirk::AgentTarget34WipeData);
    let agent_target = AgentTarget::new(target);
    let traits = Traits { agent_target, quirk, ..Traits::default() };
    let bare = spec(mode, OsVersion::major(os), PERSONA);
    let mut rig = Rig::managed_spec(DeviceSpec { traits, ..bare }, Policy::FULL);
    rig.forget();
    let outcome = ask(&mut rig, &format!("WIPE{flags}"));
    (outcome, format!("{:?}", rig.device.phase()))
}

#[test]
fn who_is_notified_after_enrolment_is_as_the_grid_says_in_every_cell() {
    let grid = table().notification;
    let mut unused: BTreeSet<&str> = grid.iter().map(|cell| cell.id.as_str()).collect();
    let devices = android_modes().flat_map(|mode| (6..=15).map(move |os| (mode, os)));
    let required = devices.flat_map(|device| [true, false].map(|required| (device, required)));
    let set = required.flat_map(|asked| BOTH.map(|passcode| (asked, passcode)));
    for (((mode, os), required), passcode) in set {
        for password in BOTH {
            let found = grid.iter().filter(|cell| {
                cell.modes.iter().any(|name| name == mode.name())
                    && within(cell.os, os)
                    && fits(cell.required, required)
                    && fits(cell.passcode, passcode)
                    && fits(cell.work_profile_password, password)
            });
            let case = format!("{mode} {os} required={required} {passcode:?} {password:?}");
            let cell = only(found, &case);
            let persona = Persona {
                passcode,
                work_profile_password: password,
                prompt: PromptHabit::Ignores,
                ..PERSONA
            };
            let policy = if required { Policy::FULL } else { Policy::NONE };
            let rig = Rig::managed_spec(spec(mode, OsVersion::major(os), persona), policy);
            let asked = |note: &String| note.ends_with("Notification") || note.ends_with("Prompt");
            let found: Vec<String> = notes(&rig).into_iter().filter(asked).collect();
            assert_eq!(found, cell.notes, "{}: {case}", cell.id);
            unused.remove(cell.id.as_str());
        }
    }
    assert!(unused.is_empty(), "never played: {unused:?}");
}
