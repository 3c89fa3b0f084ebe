//! The table of Android's versions, agents, vendors and users, row by row, against real devices.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use muster_device::{
    Acknowledgement, AgentTarget, DeviceSpec, Persona, Phase, PromptHabit, Quirk, Traits,
    UserAction,
};
use muster_protocol::management::ToDevice;
use muster_protocol::status::{PlatformStatus, Presence, ResetPasswordToken};
use muster_protocol::{
    Attempt, Command, CommandHead, CommandId, Mode, OsVersion, PasscodeRule, Platform, Policy,
    Timestamp,
};
use serde::Deserialize;

use crate::rig::{PERSONA, Rig, describe, spec, temporary_passcode};

const TABLE: &str = include_str!("../../../../fixtures/behaviour/android.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Row>,
    evict: Vec<Evict>,
}

/// Behaviour that no request of the wire reaches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Evict {
    id: String,
    source: String,
    caller: String,
    encryption: String,
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
    state: State,
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

fn table() -> Table {
    toml::from_str(TABLE).expect("the table")
}

impl Row {
    fn traits(&self) -> Traits {
        Traits {
            agent_target: self.target.unwrap_or_default(),
            quirk: self.quirk,
            acknowledgement: self.acknowledgement,
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
        rig.user(action);
    }
    let said = notes(&rig);
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

fn notes(rig: &Rig) -> Vec<String> {
    rig.notes().iter().map(|note| format!("{note:?}")).collect()
}

/// Sends one command to a device that may not answer.
fn ask(rig: &mut Rig, request: &str) -> String {
    let head = CommandHead {
        id: CommandId::from_bytes([200; 16]),
        attempt: Attempt::new(1),
        expires_at: Timestamp::ZERO,
    };
    let request = rig.request(request);
    rig.message(ToDevice::Command(Command { head, request }));
    let results = rig.results();
    assert!(results.len() < 2, "at most one answer to one attempt");
    results.first().map_or_else(|| "no answer".to_owned(), |result| describe(&result.outcome))
}

#[test]
fn every_row_of_the_table_of_android_holds() {
    let wrong: Vec<String> = table().row.into_iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_of_android_has_an_id_of_its_own_and_a_source() {
    let Table { row: rows, evict } = table();
    let rows = rows.iter().map(|row| (row.id.as_str(), row.source.as_str()));
    let all: Vec<(&str, &str)> =
        rows.chain(evict.iter().map(|row| (row.id.as_str(), row.source.as_str()))).collect();
    let ids: BTreeSet<&str> = all.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(all.iter().all(|(_, source)| source.len() > 10));
    let cases: BTreeSet<_> = evict.iter().map(|row| (&row.caller, &row.encryption)).collect();
    assert_eq!(cases.len(), evict.len());
    assert!(evict.iter().all(|row| !row.expect.is_empty()));
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
    rig.user(UserAction::Reboot);
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

/// A column of the matrix: its name, and what differs from an honest device with everything set.
struct Column {
    name: &'static str,
    persona: Persona,
    policy: Policy,
    traits: Traits,
}

impl Column {
    fn new(name: &'static str) -> Self {
        Self { name, persona: PERSONA, policy: Policy::FULL, traits: Traits::default() }
    }

    fn quirk(name: &'static str, quirk: Quirk) -> Self {
        let traits = Traits { quirk: Some(quirk), ..Traits::default() };
        Self { traits, ..Self::new(name) }
    }

    fn target(name: &'static str, target: u16) -> Self {
        let traits = Traits { agent_target: AgentTarget::new(target), ..Traits::default() };
        Self { traits, ..Self::new(name) }
    }

    fn no_policy() -> Self {
        Self { policy: Policy::NONE, ..Self::new("no policy") }
    }

    fn bare() -> Self {
        let [passcode, work_profile_password] = [Presence::NotSet; 2];
        let persona = Persona { passcode, work_profile_password, ..PERSONA };
        Self { persona, ..Self::new("nothing set") }
    }

    fn pending() -> Self {
        let persona = Persona { prompt: PromptHabit::Ignores, ..PERSONA };
        Self { persona, ..Self::new("pending") }
    }
}

/// What came of a request, in few letters.
fn cell(request: &str, mode: Mode, os: u16, column: &Column) -> String {
    let bare = spec(mode, OsVersion::major(os), column.persona);
    let spec = DeviceSpec { traits: column.traits, ..bare };
    let mut rig = Rig::managed_spec(spec, column.policy);
    rig.forget();
    let outcome = ask(&mut rig, request);
    let outcome = outcome.replace("CommandErrorCode ", "").replace("Acknowledged", "ok");
    let outcome =
        outcome.replace("TemporaryPasscode of", "digits").replace("NotSupported", "never");
    let end = match rig.device.phase() {
        Phase::Enrolled => "",
        Phase::Enrolling => ", erased",
        Phase::Unenrolled => ", left",
        Phase::SetupAssistant | Phase::ActivationPrompt => ", ?",
    };
    format!("{outcome}{end}")
}

fn android_modes() -> impl Iterator<Item = Mode> {
    Mode::ALL.into_iter().filter(|mode| mode.platform() == Platform::Android)
}

/// The cells of a mode; neighbouring versions with the same outcomes share a line.
fn by_versions(request: &str, mode: Mode, columns: &[Column]) -> Vec<(String, Vec<String>)> {
    let mut lines: Vec<(u16, u16, Vec<String>)> = Vec::new();
    for os in 6..=15 {
        let cell = |column| format!("{:17}", cell(request, mode, os, column));
        let cells: Vec<String> = columns.iter().map(cell).collect();
        match lines.last_mut() {
            Some((_, to, same)) if *same == cells => *to = os,
            Some(_) | None => lines.push((os, os, cells)),
        }
    }
    let range =
        |from: u16, to: u16| if from == to { format!("{from}") } else { format!("{from}-{to}") };
    lines.into_iter().map(|(from, to, cells)| (range(from, to), cells)).collect()
}

fn pages() -> [(&'static str, Vec<Column>); 4] {
    let reset = || {
        vec![
            Column::new("token active"),
            Column::pending(),
            Column::bare(),
            Column::no_policy(),
            Column::target("target 25", 25),
            Column::quirk("no tokens", Quirk::AgentWithoutTokens),
            Column::quirk("four digits", Quirk::FourDigitPasscodes),
        ]
    };
    [
        ("RESET_PASSWORD device", reset()),
        ("RESET_PASSWORD profile", reset()),
        ("LOCK", vec![Column::new("all set"), Column::bare(), Column::no_policy()]),
        (
            "WIPE",
            vec![
                Column::new("honest"),
                Column::quirk("Samsung", Quirk::SamsungFactoryResetBlocked),
                Column::quirk("Zebra", Quirk::ZebraPartialWipe),
                Column::quirk("wipeData", Quirk::AgentTarget34WipeData),
            ],
        ),
    ]
}

#[test]
fn every_android_request_in_every_mode_and_version_has_one_outcome() {
    let mut page = String::from(
        "Rows: mode and Android versions. never, Error: NotSupported, Error with the code of Android.\n\
         erased, left: the device enrols anew, or stays out. Target 35 where none is said.\n",
    );
    for (request, columns) in pages() {
        write!(page, "\n{request:34}").unwrap();
        columns.iter().for_each(|column| write!(page, "{:17}", column.name).unwrap());
        for mode in android_modes() {
            for (versions, cells) in by_versions(request, mode, &columns) {
                write!(page, "\n  {mode:23} {versions:8}{}", cells.concat()).unwrap();
            }
        }
        page.push('\n');
    }
    let page: Vec<&str> = page.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(page.join("\n"));
}

#[test]
fn no_answer_is_lost_but_that_of_a_reset_without_report_or_of_a_device_that_drops_off() {
    for (request, columns) in pages() {
        for mode in android_modes() {
            for column in &columns {
                let is_silent = cell(request, mode, 13, column).starts_with("no answer");
                let drops_off = column.traits.quirk == Some(Quirk::SamsungFactoryResetBlocked)
                    && mode == Mode::AndroidFullyManaged;
                assert_eq!(is_silent, drops_off, "{request} {mode} {}", column.name);
            }
        }
    }
}
