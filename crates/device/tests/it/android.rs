//! The table of Android's versions, agents, vendors and users, row by row, against real devices.

use std::collections::BTreeSet;
use std::time::Duration;

use muster_device::{
    Acknowledgement, AgentTarget, DeviceSpec, LocationAccess, Persona, Phase, PromptHabit, Quirk,
    Traits, UserAction,
};
use muster_protocol::management::ToDevice;
use muster_protocol::status::{PlatformStatus, Presence, ResetPasswordToken};
use muster_protocol::{
    Attempt, Command, CommandHead, CommandId, Mode, OsVersion, PasscodeRule, Platform, Policy,
    Timestamp,
};
use serde::Deserialize;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::android_grid::{Notification, OldCall, Wipe};
use crate::android_matrix::matrix;
use crate::rig::{PERSONA, Rig, describe, spec, temporary_passcode};

const TABLE: &str = "android";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    row: Vec<Row>,
    pub(crate) old_call: Vec<OldCall>,
    pub(crate) wipe: Vec<Wipe>,
    pub(crate) notification: Vec<Notification>,
    unreached: Vec<Unreached>,
}

/// Behaviour that no request of the wire reaches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unreached {
    id: String,
    source: String,
    call: String,
    when: String,
    expect: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    source: String,
    mode: String,
    os: String,
    target: Option<AgentTarget>,
    quirk: Option<Quirk>,
    #[serde(default)]
    acknowledgement: Acknowledgement,
    #[serde(default)]
    location: LocationAccess,
    #[serde(default)]
    state: State,
    #[serde(default)]
    before: Vec<String>,
    said: Option<Vec<String>>,
    request: Option<String>,
    expect: Option<String>,
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
    prompt: Option<PromptHabit>,
    device_rule: Option<u8>,
    work_rule: Option<u8>,
    #[serde(default)]
    actions: Vec<UserAction>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    phase: Option<String>,
    passcode: Option<Presence>,
    work_profile_password: Option<Presence>,
    reset_password_token: Option<ResetPasswordToken>,
    notes: Option<Vec<String>>,
}

pub(crate) fn table() -> Table {
    crate::rows::read(TABLE)
}

impl Row {
    fn traits(&self) -> Traits {
        Traits {
            agent_target: self.target.unwrap_or_default(),
            quirk: self.quirk,
            acknowledgement: self.acknowledgement,
            location: self.location,
            ..Traits::default()
        }
    }

    fn spec(&self) -> DeviceSpec {
        let state = &self.state;
        let persona = Persona {
            passcode: state.passcode.unwrap_or(PERSONA.passcode),
            work_profile_password: state
                .work_profile_password
                .unwrap_or(PERSONA.work_profile_password),
            prompt: state.prompt.unwrap_or(PERSONA.prompt),
            ..PERSONA
        };
        let mode = self.mode.parse().expect("a mode");
        let os_version = self.os.parse().expect("a version");
        DeviceSpec { traits: self.traits(), ..spec(mode, os_version, persona) }
    }

    fn policy(&self) -> Policy {
        let rule = |length: Option<u8>| {
            let length_min = length.unwrap_or(6);
            (length_min > 0).then_some(PasscodeRule { length_min })
        };
        Policy {
            device_passcode: rule(self.state.device_rule),
            work_profile_password: rule(self.state.work_rule),
            ..Policy::FULL
        }
    }
}

/// The differences between what a row promises and what a device does.
fn differences(mut row: Row) -> Vec<String> {
    let mut rig = Rig::managed_spec(row.spec(), row.policy());
    rig.forget();
    for action in core::mem::take(&mut row.state.actions) {
        rig.user_and_back(action);
    }
    let mut said = notes(&rig);
    for (number, step) in row.before.iter().enumerate() {
        rig.forget();
        take_step(&mut rig, number, step);
        said.extend(notes(&rig));
    }
    rig.forget();
    let outcome = row.request.as_ref().map(|request| ask(&mut rig, request));
    let mut pairs = vec![
        ("said", row.said.map(|said| format!("{said:?}")), format!("{said:?}")),
        ("outcome", row.expect, outcome.unwrap_or_default()),
        ("executed", Some(u8::from(row.executed).to_string()), rig.executed().to_string()),
    ];
    pairs.extend(state_after(row.after, &rig));
    let wrong = pairs.into_iter().filter_map(|(what, wanted, found)| {
        let wanted = wanted.filter(|wanted| *wanted != found)?;
        Some(format!("{}: {what}: wanted {wanted}, found {found}", row.id))
    });
    wrong.collect()
}

fn state_after(after: After, rig: &Rig) -> [(&'static str, Option<String>, String); 5] {
    let status = rig.device.status();
    let (profile, token) = match status.platform {
        PlatformStatus::Android { work_profile_password, reset_password_token } => {
            (format!("{work_profile_password:?}"), format!("{reset_password_token:?}"))
        }
        PlatformStatus::Apple { .. } => (String::new(), String::new()),
    };
    let presence = |presence: Option<Presence>| presence.map(|presence| format!("{presence:?}"));
    [
        ("phase", after.phase, format!("{:?}", rig.device.phase())),
        ("passcode", presence(after.passcode), format!("{:?}", status.passcode)),
        ("work_profile_password", presence(after.work_profile_password), profile),
        ("token", after.reset_password_token.map(|token| format!("{token:?}")), token),
        ("notes", after.notes.map(|notes| format!("{notes:?}")), format!("{:?}", notes(rig))),
    ]
}

pub(crate) fn notes(rig: &Rig) -> Vec<String> {
    rig.notes().iter().map(|note| format!("{note:?}")).collect()
}

/// `wait HOURS`, `user ACTION`, `drain`, or a request that is to be acknowledged.
fn take_step(rig: &mut Rig, number: usize, step: &str) {
    match step.split_once(' ') {
        Some(("wait", hours)) => {
            let hours: u64 = hours.parse().expect("hours");
            rig.now = rig.now.after(Duration::from_hours(hours));
        }
        Some(("user", action)) => {
            let name = StrDeserializer::<ValueError>::new(action);
            rig.user_and_back(UserAction::deserialize(name).expect("an action"));
        }
        None if step == "drain" => rig.user(UserAction::UseBattery { left_percent: 0 }),
        Some(_) | None => {
            let id = CommandId::from_bytes([u8::try_from(number).expect("few steps"); 16]);
            let outcome = ask_as(rig, id, step);
            assert!(outcome.starts_with("Acknowledged"), "{step}: {outcome}");
        }
    }
}

/// Sends one command to a device that may not answer.
pub(crate) fn ask(rig: &mut Rig, request: &str) -> String {
    ask_as(rig, CommandId::from_bytes([200; 16]), request)
}

/// As [`ask`]; a device that restarts comes back.
fn ask_as(rig: &mut Rig, id: CommandId, request: &str) -> String {
    let before = rig.seen.len();
    let head = CommandHead { id, attempt: Attempt::new(1), expires_at: Timestamp::ZERO };
    let request = rig.request(request);
    rig.message(ToDevice::Command(Command { head, request }));
    let results = rig.results();
    assert!(results.len() < 2, "at most one answer to one attempt");
    rig.come_back(before);
    results.first().map_or_else(|| "no answer".to_owned(), |result| describe(&result.outcome))
}

#[test]
fn every_row_of_the_table_of_android_holds() {
    let wrong: Vec<String> = table().row.into_iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_of_android_has_an_id_of_its_own_and_a_source() {
    let Table { row: rows, old_call, wipe, notification, unreached } = table();
    let rows = rows.iter().map(|row| (row.id.as_str(), row.source.as_str()));
    let cells = old_call.iter().map(|cell| (cell.id.as_str(), cell.source.as_str()));
    let wipes = wipe.iter().map(|cell| (cell.id.as_str(), cell.source.as_str()));
    let notified = notification.iter().map(|cell| (cell.id.as_str(), cell.source.as_str()));
    let data = unreached.iter().map(|row| (row.id.as_str(), row.source.as_str()));
    let all: Vec<(&str, &str)> =
        rows.chain(cells).chain(wipes).chain(notified).chain(data).collect();
    let ids: BTreeSet<&str> = all.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(all.iter().all(|(_, source)| source.len() > 10));
    let cases: BTreeSet<_> = unreached.iter().map(|row| (&row.call, &row.when)).collect();
    assert_eq!(cases.len(), unreached.len());
    assert!(unreached.iter().all(|row| !row.expect.is_empty()));
}

#[test]
fn who_confirms_before_executing_does_so_before_anything_is_durable() {
    let trace = |acknowledgement| {
        let traits = Traits { acknowledgement, ..Traits::default() };
        let bare = spec(Mode::AndroidFullyManaged, OsVersion::major(13), PERSONA);
        let mut rig = Rig::managed_spec(DeviceSpec { traits, ..bare }, Policy::FULL);
        rig.forget();
        ask(&mut rig, "WIPE");
        rig.trace()
    };
    assert_eq!(
        trace(Acknowledgement::BeforeReset),
        ["Persist", "Executed WIPE", "Send CommandResult", "Leave", "Enrol"]
    );
    assert_eq!(
        trace(Acknowledgement::ConfirmsBeforeExecuting),
        ["Send CommandResult", "Persist", "Executed WIPE", "Leave", "Enrol"]
    );
    assert_eq!(
        trace(Acknowledgement::ResetsWithoutReporting),
        ["Persist", "Executed WIPE", "Leave", "Enrol"]
    );
}

#[test]
fn a_confirmed_wipe_that_failed_is_confirmed_again_when_asked_again() {
    let traits = Traits {
        quirk: Some(Quirk::AgentTarget34WipeData),
        acknowledgement: Acknowledgement::ConfirmsBeforeExecuting,
        ..Traits::default()
    };
    let bare = spec(Mode::AndroidDedicated, OsVersion::major(14), PERSONA);
    let mut rig = Rig::managed_spec(DeviceSpec { traits, ..bare }, Policy::FULL);
    for _ in 0..2 {
        rig.forget();
        assert_eq!(ask(&mut rig, "WIPE"), "Acknowledged");
        assert_eq!((rig.executed(), rig.device.phase()), (0, Phase::Enrolled));
    }
}

#[test]
fn a_device_that_dropped_off_stays_out_and_takes_no_command() {
    let traits = Traits { quirk: Some(Quirk::SamsungFactoryResetBlocked), ..Traits::default() };
    let bare = spec(Mode::AndroidFullyManaged, OsVersion::major(14), PERSONA);
    let mut rig = Rig::managed_spec(DeviceSpec { traits, ..bare }, Policy::FULL);
    rig.forget();
    assert_eq!(ask(&mut rig, "WIPE"), "no answer");
    assert_eq!(rig.trace(), ["Persist", "Leave"]);
    rig.forget();
    assert_eq!(ask(&mut rig, "LOCK"), "no answer");
    assert_eq!(rig.trace(), ["Note Ignored { event: \"Command\" }"]);
}

#[test]
fn a_second_reset_replaces_the_temporary_passcode_nobody_has_entered() {
    let mut rig = Rig::managed(Mode::AndroidFullyManaged, PERSONA, Policy::FULL);
    let first = temporary_passcode(&rig.ask(rig.request("RESET_PASSWORD device")));
    let second = temporary_passcode(&rig.ask(rig.request("RESET_PASSWORD device")));
    rig.forget();
    rig.user(UserAction::EnterPasscode(first));
    rig.user(UserAction::EnterPasscode(second));
    assert_eq!(notes(&rig), ["WrongPasscode", "TemporaryPasscodeAccepted"]);
}

#[test]
fn a_forgotten_passcode_is_helped_by_a_reset_and_by_nothing_else() {
    let mut rig = Rig::managed(Mode::AndroidDedicated, PERSONA, Policy::FULL);
    rig.user(UserAction::ForgetPasscode);
    rig.user_and_back(UserAction::Reboot);
    rig.forget();
    rig.user(UserAction::Unlock);
    assert_eq!(notes(&rig), ["PasscodeForgotten"]);
    let passcode = temporary_passcode(&rig.ask(rig.request("RESET_PASSWORD device")));
    rig.forget();
    rig.user(UserAction::EnterPasscode(passcode));
    rig.user(UserAction::Unlock);
    assert_eq!(notes(&rig), ["TemporaryPasscodeAccepted"]);
}

#[test]
fn a_token_goes_with_its_policy_and_a_new_one_comes_with_the_next() {
    let mut rig = Rig::managed(Mode::AndroidDedicated, PERSONA, Policy::FULL);
    rig.policy = Policy::NONE;
    rig.connect();
    assert_eq!(token(&rig), Some(ResetPasswordToken::None), "cleared");
    rig.policy = Policy::FULL;
    rig.connect();
    assert_eq!(token(&rig), Some(ResetPasswordToken::Active), "set and confirmed anew");
}

#[test]
fn a_token_that_waits_for_a_removed_credential_is_replaced_by_an_active_one() {
    let slow = Persona { prompt: PromptHabit::Ignores, ..PERSONA };
    let mut rig = Rig::managed(Mode::AndroidDedicated, slow, Policy::FULL);
    rig.user(UserAction::ClearPasscode);
    assert_eq!(token(&rig), Some(ResetPasswordToken::Pending));
    rig.connect();
    assert_eq!(token(&rig), Some(ResetPasswordToken::Active));
}

#[test]
fn a_removed_work_profile_ends_the_management_without_a_word() {
    let mut rig = Rig::managed(Mode::AndroidPersonallyOwnedWorkProfile, PERSONA, Policy::FULL);
    rig.forget();
    rig.user(UserAction::RemoveWorkProfile);
    assert_eq!(rig.trace(), ["Persist", "Leave"]);
    assert_eq!(rig.device.phase(), Phase::Unenrolled);
    rig.forget();
    rig.user(UserAction::RemoveWorkProfile);
    assert_eq!(notes(&rig), ["Ignored { event: \"RemoveWorkProfile\" }"], "only once");
}

fn token(rig: &Rig) -> Option<ResetPasswordToken> {
    match rig.device.status().platform {
        PlatformStatus::Android { reset_password_token, .. } => Some(reset_password_token),
        PlatformStatus::Apple { .. } => None,
    }
}

#[test]
fn a_restart_is_answered_before_the_connection_goes_and_comes_back() {
    let mut rig = Rig::managed(Mode::AndroidDedicated, PERSONA, Policy::FULL);
    rig.forget();
    let head = CommandHead {
        id: CommandId::from_bytes([1; 16]),
        attempt: Attempt::new(1),
        expires_at: Timestamp::ZERO,
    };
    let request = rig.request("REBOOT");
    rig.message(ToDevice::Command(Command { head, request: request.clone() }));
    assert_eq!(
        rig.trace(),
        ["Persist", "Executed REBOOT", "Send CommandResult", "Disconnect", "Connect"]
    );
    rig.connect();
    rig.forget();
    rig.message(ToDevice::Command(Command { head, request }));
    assert_eq!(rig.trace(), ["Send CommandResult"], "answered again, not done again");
}

#[test]
fn a_lost_device_that_restarts_says_again_what_its_finder_should_know() {
    let mut rig = Rig::managed(Mode::AndroidFullyManaged, PERSONA, Policy::FULL);
    rig.ask(rig.request("START_LOST_MODE message"));
    rig.forget();
    rig.user(UserAction::Reboot);
    assert_eq!(notes(&rig), ["LostModeNotice(\"message\")"]);
}

#[test]
fn a_lost_device_takes_its_temporary_passcode_and_stays_lost_until_its_user_leaves() {
    let mut rig = Rig::managed(Mode::AndroidFullyManaged, PERSONA, Policy::FULL);
    rig.ask(rig.request("START_LOST_MODE message"));
    let passcode = temporary_passcode(&rig.ask(rig.request("RESET_PASSWORD device")));
    rig.forget();
    rig.user(UserAction::ExitLostMode);
    rig.user(UserAction::EnterPasscode(passcode));
    rig.user(UserAction::Unlock);
    let wanted =
        ["TemporaryPasscodeNeeded", "TemporaryPasscodeAccepted", "Ignored { event: \"Unlock\" }"];
    assert_eq!(notes(&rig), wanted);
    rig.user(UserAction::ExitLostMode);
    assert_eq!(describe(&rig.ask(rig.request("STOP_LOST_MODE"))), "Error StopLostModeStatus 2");
}

#[test]
fn a_wipe_ends_lost_mode_and_what_was_recent() {
    let mut rig = Rig::managed(Mode::AndroidFullyManaged, PERSONA, Policy::FULL);
    rig.ask(rig.request("START_LOST_MODE message"));
    rig.user(UserAction::ExitLostMode);
    rig.ask(rig.request("RESET_PASSWORD device"));
    rig.ask(rig.request("WIPE"));
    rig.enrol();
    rig.connect();
    assert_eq!(describe(&rig.ask(rig.request("START_LOST_MODE message"))), "Acknowledged");
}

#[test]
fn a_located_device_stays_where_it_is() {
    let mut rig = Rig::managed(Mode::AndroidFullyManaged, PERSONA, Policy::FULL);
    let [first, second] = [(); 2].map(|()| rig.ask(rig.request("LOCATE_DEVICE")));
    assert_eq!(first, second);
}

#[test]
fn every_android_request_in_every_mode_and_version_has_one_outcome() {
    insta::assert_snapshot!(matrix());
}

pub(crate) fn android_modes() -> impl Iterator<Item = Mode> {
    Mode::ALL.into_iter().filter(|mode| mode.platform() == Platform::Android)
}
