//! The table of behaviour, row by row, against real devices.

use std::collections::BTreeSet;

use muster_device::{Persona, PromptHabit, Screen, UserAction};
use muster_protocol::status::{PlatformStatus, Presence, Switch};
use muster_protocol::{ActivationLockPolicy, PasscodeRule, Policy};
use serde::Deserialize;

use crate::rig::{PERSONA, Rig, describe, spec};

const TABLE: &str = "device";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    source: String,
    mode: String,
    os: String,
    #[serde(default)]
    state: State,
    request: String,
    expect: String,
    #[serde(default)]
    executed: bool,
    #[serde(default)]
    after: After,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    passcode: Option<Presence>,
    work_profile_password: Option<Presence>,
    find_my: Option<Switch>,
    prompt: Option<PromptHabit>,
    screen: Option<Screen>,
    device_rule: Option<u8>,
    work_rule: Option<u8>,
    activation_lock: Option<ActivationLockPolicy>,
    #[serde(default)]
    actions: Vec<UserAction>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    phase: Option<String>,
    passcode: Option<String>,
    work_profile_password: Option<String>,
    reset_password_token: Option<String>,
    find_my: Option<String>,
    activation_lock: Option<String>,
    notes: Option<Vec<String>>,
}

fn rows() -> Vec<Row> {
    crate::rows::read::<Table>(TABLE).row
}

fn persona(state: &State) -> Persona {
    Persona {
        passcode: state.passcode.unwrap_or(PERSONA.passcode),
        work_profile_password: state.work_profile_password.unwrap_or(PERSONA.work_profile_password),
        prompt: state.prompt.unwrap_or(PERSONA.prompt),
        find_my: state.find_my.unwrap_or(PERSONA.find_my),
        screen: state.screen.unwrap_or(PERSONA.screen),
    }
}

fn policy(state: &State) -> Policy {
    let rule = |length: Option<u8>| {
        let length_min = length.unwrap_or(6);
        (length_min > 0).then_some(PasscodeRule { length_min })
    };
    Policy {
        device_passcode: rule(state.device_rule),
        work_profile_password: rule(state.work_rule),
        activation_lock: state.activation_lock.unwrap_or(ActivationLockPolicy::Allowed),
    }
}

/// The differences between what a row promises and what a device does.
fn differences(row: Row) -> Vec<String> {
    let mode = row.mode.parse().expect("a mode");
    let os_version = row.os.parse().expect("a version");
    let spec = spec(mode, os_version, persona(&row.state));
    let mut rig = Rig::managed_spec(spec, policy(&row.state));
    for action in row.state.actions {
        rig.user_and_back(action);
    }
    let outcome = rig.ask(rig.request(&row.request));
    let executed = u8::from(row.executed).to_string();
    let mut pairs = vec![
        ("outcome", Some(row.expect), describe(&outcome)),
        ("executed", Some(executed), rig.executed().to_string()),
    ];
    pairs.extend(state_after(row.after, &rig));
    let wrong = pairs.into_iter().filter_map(|(what, wanted, found)| {
        let wanted = wanted.filter(|wanted| *wanted != found)?;
        Some(format!("{}: {what}: wanted {wanted}, found {found}", row.id))
    });
    wrong.collect()
}

type Pair = (&'static str, Option<String>, String);

/// Each part of the state: its name, what the row wants if it says so, what the device has.
fn state_after(after: After, rig: &Rig) -> Vec<Pair> {
    let status = rig.device.status();
    let notes: Vec<String> = rig.notes().iter().map(|note| format!("{note:?}")).collect();
    let wanted_notes = after.notes.map(|notes| format!("{notes:?}"));
    let mut pairs = vec![
        ("phase", after.phase, format!("{:?}", rig.device.phase())),
        ("passcode", after.passcode, format!("{:?}", status.passcode)),
        ("notes", wanted_notes, format!("{notes:?}")),
    ];
    let [mut profile, mut token, mut find_my, mut lock] = [const { String::new() }; 4];
    match status.platform {
        PlatformStatus::Apple { find_my: switch, activation_lock } => {
            find_my = format!("{switch:?}");
            lock = format!("{activation_lock:?}");
        }
        PlatformStatus::Android { work_profile_password, reset_password_token } => {
            profile = format!("{work_profile_password:?}");
            token = format!("{reset_password_token:?}");
        }
    }
    pairs.extend([
        ("work_profile_password", after.work_profile_password, profile),
        ("reset_password_token", after.reset_password_token, token),
        ("find_my", after.find_my, find_my),
        ("activation_lock", after.activation_lock, lock),
    ]);
    pairs
}

#[test]
fn every_row_of_the_table_of_behaviour_holds() {
    let wrong: Vec<String> = rows().into_iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_has_an_id_of_its_own_and_a_source() {
    let rows = rows();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(rows.iter().all(|row| row.source.len() > 10));
}
