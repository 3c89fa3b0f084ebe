//! The command set and the order of decisions of iPhones and iPads.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use muster_device::{
    AccountSignIn, AwaitConfiguration, DeviceSpec, Input, Note, Output, Persona, Phase, Screen,
    Traits, UserAction,
};
use muster_protocol::management::ToServer;
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{
    ActivationLockPolicy, Answer, Attempt, CommandId, DeviceId, LockMessage, Mode, OsVersion,
    Outcome, Platform, Policy, Supervision,
};
use serde::Deserialize;

use crate::rig::{PERSONA, Rig, current_os, describe, spec};

const TABLE: &str = "apple";

const NOT_A_REQUEST_TYPE: &str = "NotSupported MCMDMErrorDomain 12021";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    command: Vec<CommandRow>,
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandRow {
    name: String,
    source: String,
    since: String,
    absent: Option<String>,
    gone: Option<String>,
    supervised: bool,
    user_enrollment: bool,
    /// Whether a Shared iPad has it, as a supervised device.
    #[serde(default = "yes")]
    shared_ipad: bool,
    /// Whether nobody else has it.
    #[serde(default)]
    shared_ipad_only: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    source: String,
    mode: String,
    os: Option<String>,
    #[serde(default)]
    persona: PersonaRow,
    #[serde(default)]
    traits: Traits,
    activation_lock: Option<ActivationLockPolicy>,
    #[serde(default)]
    before: Vec<String>,
    request: String,
    expect: String,
    #[serde(default)]
    executed: bool,
    trace: Option<Vec<String>>,
    notes: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonaRow {
    passcode: Option<Presence>,
    find_my: Option<Switch>,
    screen: Option<Screen>,
}

fn table() -> Table {
    crate::rows::read(TABLE)
}

fn apple_modes() -> impl Iterator<Item = Mode> {
    Mode::ALL.into_iter().filter(|mode| mode.platform() == Platform::Apple)
}

#[test]
fn every_request_is_known_to_the_enrolments_and_versions_of_the_table() {
    for command in table().command {
        for mode in apple_modes() {
            let enrolled_for_it = (!command.supervised || supervised(mode))
                && (command.user_enrollment || !mode.is_user_enrollment())
                && (command.shared_ipad || mode != Mode::AppleSharedIpad)
                && (!command.shared_ipad_only || mode == Mode::AppleSharedIpad);
            let versions = [
                (Some(&command.since), enrolled_for_it),
                (command.absent.as_ref(), false),
                (command.gone.as_ref(), false),
            ];
            for (version, has_it) in versions {
                let Some(version) = version else { continue };
                let answer = fresh_answer(mode, version.parse().unwrap(), &command.name);
                let knows = answer != NOT_A_REQUEST_TYPE;
                assert_eq!(knows, has_it, "{} {mode} {version}: {answer}", command.name);
            }
        }
    }
}

fn supervised(mode: Mode) -> bool {
    mode.supervision() == Supervision::Supervised
}

fn fresh_answer(mode: Mode, os_version: OsVersion, request: &str) -> String {
    let mut rig = Rig::managed_spec(spec(mode, os_version, PERSONA), Policy::FULL);
    describe(&rig.ask(rig.request(request)))
}

#[test]
fn every_row_of_the_order_of_decisions_holds() {
    let wrong: Vec<String> = table().row.into_iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_has_an_id_of_its_own_and_a_source() {
    let Table { command, row } = table();
    let names: BTreeSet<&str> = command.iter().map(|it| it.name.as_str()).collect();
    let ids: BTreeSet<&str> = row.iter().map(|it| it.id.as_str()).collect();
    assert_eq!((names.len(), ids.len()), (command.len(), row.len()));
    let mut sources = command.iter().map(|it| &it.source).chain(row.iter().map(|it| &it.source));
    assert!(sources.all(|source| source.len() > 10));
}

/// The differences between what a row promises and what a device does.
fn differences(row: Row) -> Vec<String> {
    let mode: Mode = row.mode.parse().expect("a mode");
    let os_version = row.os.map_or(current_os(mode), |os| os.parse().expect("a version"));
    let persona = Persona {
        passcode: row.persona.passcode.unwrap_or(PERSONA.passcode),
        find_my: row.persona.find_my.unwrap_or(PERSONA.find_my),
        screen: row.persona.screen.unwrap_or(PERSONA.screen),
        ..PERSONA
    };
    let activation_lock = row.activation_lock.unwrap_or(ActivationLockPolicy::Allowed);
    let policy = Policy { activation_lock, ..Policy::FULL };
    let spec = DeviceSpec { traits: row.traits, ..spec(mode, os_version, persona) };
    let mut rig = Rig::managed_spec(spec, policy);
    for step in &row.before {
        take(&mut rig, step);
    }
    let outcome = describe(&rig.ask(rig.request(&row.request)));
    let notes: Vec<String> = rig.notes().iter().map(|note| format!("{note:?}")).collect();
    let mut trace = rig.trace();
    if let Some(wanted) = &row.trace {
        trace.drain(..trace.len().saturating_sub(wanted.len()));
    }
    let pairs = [
        ("outcome", Some(row.expect), outcome),
        ("executed", Some(usize::from(row.executed).to_string()), rig.executed().to_string()),
        ("trace", row.trace.map(|it| it.join(", ")), trace.join(", ")),
        ("notes", row.notes.map(|it| it.join(", ")), notes.join(", ")),
    ];
    let wrong = pairs.into_iter().filter_map(|(what, wanted, found)| {
        let wanted = wanted.filter(|wanted| *wanted != found)?;
        Some(format!("{}: {what}: wanted {wanted}, found {found}", row.id))
    });
    wrong.collect()
}

fn take(rig: &mut Rig, step: &str) {
    match step.split_once(' ') {
        None if step == "tether" => rig.connect(),
        Some(("user", action)) => rig.user(user_action(action)),
        Some(_) | None => {
            let outcome = rig.ask(rig.request(step));
            assert!(matches!(outcome, Outcome::Acknowledged(_)), "{step}: {outcome:?}");
        }
    }
}

fn user_action(step: &str) -> UserAction {
    let (name, with) = step.split_once(' ').unwrap_or((step, ""));
    match name {
        "Lock" => UserAction::Lock,
        "Unlock" => UserAction::Unlock,
        "Reboot" => UserAction::Reboot,
        "PowerOn" => UserAction::PowerOn,
        "PowerOff" => UserAction::PowerOff,
        "UseBattery" => UserAction::UseBattery { left_percent: with.parse().expect("percent") },
        "ChargeBattery" => UserAction::ChargeBattery,
        "SetPasscode" => UserAction::SetPasscode,
        "StartFindMy" => UserAction::StartFindMy,
        "RestoreFromBackup" => UserAction::RestoreFromBackup,
        "SignIn" => UserAction::SignIn,
        "HoldManagement" => UserAction::HoldManagement,
        "ReleaseManagement" => UserAction::ReleaseManagement,
        "InstallProfile" => UserAction::InstallProfile { identifier: with.to_owned() },
        "LogIn" => UserAction::LogIn { user_name: with.to_owned() },
        "LogOut" => UserAction::LogOut,
        "WorkOffline" => UserAction::WorkOffline,
        _ => panic!("no action is called {name:?}"),
    }
}

/// How a device lies around: what its makers did, the steps that lead there, and who gets there.
struct State {
    name: &'static str,
    steps: &'static [&'static str],
    reached_by: fn(Mode) -> bool,
}

const fn state(
    name: &'static str,
    steps: &'static [&'static str],
    reached_by: fn(Mode) -> bool,
) -> State {
    State { name, steps, reached_by }
}

const STATES: [State; 8] = [
    state("unlocked", &[], |_| true),
    state("locked", &["user Lock"], |_| true),
    state("restarted", &["user Reboot", "tether"], |_| true),
    state("no code", &["ClearPasscode own-token"], |mode| {
        !mode.is_user_enrollment() && mode != Mode::AppleSharedIpad
    }),
    state(SETUP, &[], automated),
    state("lost", &["EnableLostMode"], supervised),
    state(NO_ACCOUNT, &[], account_driven),
    state("held", &["user HoldManagement"], |_| true),
];
const SETUP: &str = "setup";
const NO_ACCOUNT: &str = "no account";

fn automated(mode: Mode) -> bool {
    matches!(mode, Mode::AppleAutomatedDevice | Mode::AppleSharedIpad)
}

fn account_driven(mode: Mode) -> bool {
    matches!(mode, Mode::AppleAccountDrivenDevice | Mode::AppleAccountDrivenUser)
}

#[test]
fn every_request_in_every_enrolment_and_state_has_one_outcome() {
    let mut page = String::from(LEGEND);
    for command in table().command {
        write!(page, "\n{:32}", command.name).unwrap();
        for state in &STATES {
            write!(page, "{:11}", state.name).unwrap();
        }
        page.push('\n');
        for mode in apple_modes() {
            let cells = STATES.iter().map(|state| cell(mode, state, &command.name));
            let cells: String = cells.map(|cell| format!("{cell:11}")).collect();
            writeln!(page, "  {:30}{}", mode.name(), cells.trim_end()).unwrap();
        }
    }
    let page: Vec<&str> = page.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(page.join("\n"));
}

const LEGEND: &str = "\
iOS 17.4, passcode set, Find My on, all policies, all rights.

restarted: not unlocked since. no code: no passcode. setup: held in Setup Assistant, where no
passcode and no Find My is yet. lost: in Lost Mode. no account: nobody has signed in. held: the
system holds management back.

ok: acknowledged. asleep: acknowledged, the screen sleeps. erased, prompt: acknowledged and erased,
then it enrols again or asks for its owner. leaves: acknowledged, the management ends. A number is
the code of the error. -: no device of this enrolment comes into this state.
";

fn cell(mode: Mode, state: &State, request: &str) -> String {
    if !(state.reached_by)(mode) {
        return "-".to_owned();
    }
    let persona = Persona { find_my: Switch::On, ..PERSONA };
    let await_configuration =
        if state.name == SETUP { AwaitConfiguration::Yes } else { AwaitConfiguration::No };
    let account_sign_in =
        if state.name == NO_ACCOUNT { AccountSignIn::Later } else { AccountSignIn::AtOnce };
    let traits = Traits { await_configuration, account_sign_in, ..Traits::default() };
    let spec = DeviceSpec { traits, ..spec(mode, current_os(mode), persona) };
    let mut rig = Rig::managed_spec(spec, Policy::FULL);
    for step in state.steps {
        take(&mut rig, step);
    }
    let outcome = rig.ask(rig.request(request));
    compact(&outcome, rig.device.phase())
}

fn compact(outcome: &Outcome, phase: Phase) -> String {
    match (outcome, phase) {
        (Outcome::Acknowledged(Answer::Locked(LockMessage::NoPasscodeSet)), _) => "asleep".into(),
        (Outcome::Acknowledged(_), Phase::Enrolled) => "ok".into(),
        (Outcome::Acknowledged(_), Phase::ActivationPrompt) => "prompt".into(),
        (Outcome::Acknowledged(_), Phase::Enrolling) => "erased".into(),
        (Outcome::Acknowledged(_), Phase::Unenrolled) => "leaves".into(),
        (Outcome::Acknowledged(_), Phase::SetupAssistant) => unreachable!("it enrols at once"),
        (Outcome::Error(items) | Outcome::NotSupported(items), _) => items[0].code.to_string(),
        (Outcome::CommandFormatError, _) => "format".into(),
        (Outcome::NotNow, _) => "NotNow".into(),
    }
}

const MODE: Mode = Mode::AppleAutomatedDevice;

#[test]
fn a_restarted_device_comes_back_when_its_user_unlocks_it() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    rig.ask(rig.request("RestartDevice"));
    rig.restart();
    rig.forget();
    rig.give(Input::Start);
    assert_eq!(rig.trace(), Vec::<String>::new(), "no network, whatever the shell does");
    rig.user(UserAction::Unlock);
    assert_eq!(rig.trace(), ["Persist", "Connect"]);
    rig.connect();
    assert_eq!(describe(&rig.ask(rig.request("SecurityInfo"))), "Acknowledged Status");
}

#[test]
fn a_device_switched_off_answers_nothing_until_a_person_switches_it_on() {
    let bare = Persona { passcode: Presence::NotSet, ..PERSONA };
    let mut rig = Rig::managed(MODE, bare, Policy::FULL);
    rig.ask(rig.request("ShutDownDevice"));
    rig.restart();
    let off = rig.device.clone();
    assert!(!off.is_switched_on());
    rig.forget();
    for input in [
        Input::Start,
        Input::Connected { minor: 0 },
        Input::User(UserAction::Unlock),
        Input::User(UserAction::EraseAllContent),
    ] {
        rig.give(input);
    }
    assert!(rig.seen.iter().all(|it| matches!(it, Output::Note(Note::Ignored { .. }))));
    assert_eq!(rig.device, off);
    rig.forget();
    rig.user(UserAction::PowerOn);
    assert_eq!(rig.trace(), ["Persist", "Connect"]);
}

#[test]
fn a_restart_is_answered_again_and_not_done_again() {
    let bare = Persona { passcode: Presence::NotSet, ..PERSONA };
    let mut rig = Rig::managed(MODE, bare, Policy::FULL);
    let id = CommandId::from_bytes([9; 16]);
    let restart = rig.request("RestartDevice");
    rig.attempt(id, 1, restart.clone());
    rig.connect();
    let again = rig.attempt(id, 2, restart);
    assert_eq!((again.attempt, rig.executed()), (Attempt::new(2), 0));
    assert_eq!(rig.trace(), ["Send CommandResult"]);
}

#[test]
fn a_device_that_said_not_now_is_ready_once_it_is_unlocked() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    rig.user(UserAction::Reboot);
    rig.connect();
    assert_eq!(rig.ask(rig.request("RemoveProfile")), Outcome::NotNow);
    rig.forget();
    rig.user(UserAction::Unlock);
    assert!(rig.seen.contains(&Output::Send(ToServer::Idle)), "{:?}", rig.trace());
}

#[test]
fn the_bypass_code_told_by_command_is_the_one_escrowed() {
    let findable = Persona { find_my: Switch::On, ..PERSONA };
    let mut rig = Rig::managed(MODE, findable, Policy::FULL);
    let told = rig.ask(rig.request("ActivationLockBypassCode"));
    let escrowed = rig.bypass_code.clone();
    assert_eq!(told, Outcome::Acknowledged(Answer::ActivationLockBypassCode(escrowed)));
}

#[test]
fn a_lost_device_lies_where_it_was_lost() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    rig.ask(rig.request("EnableLostMode"));
    let first = rig.ask(rig.request("DeviceLocation"));
    assert_eq!(rig.ask(rig.request("DeviceLocation")), first);
}

#[test]
fn a_device_takes_no_more_profiles_than_it_has_room_for() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    for number in 0..16 {
        let outcome = rig.ask(rig.request(&format!("InstallProfile net.example.p{number}")));
        assert_eq!(describe(&outcome), "Acknowledged");
    }
    let over = rig.ask(rig.request("InstallProfile net.example.over"));
    assert_eq!(describe(&over), "Error MCInstallationErrorDomain 4001");
    let replaced = rig.ask(rig.request("InstallProfile net.example.p0"));
    assert_eq!(describe(&replaced), "Acknowledged");
}

#[test]
fn nothing_of_the_management_survives_its_end() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    for request in ["InstallProfile", "Settings disallow", "EnableLostMode", "RemoveProfile"] {
        rig.ask(rig.request(request));
    }
    assert_eq!(rig.device.phase(), Phase::Unenrolled);
    rig.user(UserAction::EraseAllContent);
    rig.give(Input::Enrolled { device: DeviceId::from_bytes([8; 16]) });
    rig.connect();
    let profiles = rig.ask(rig.request("ProfileList"));
    let lost = rig.ask(rig.request("DeviceInformation MDMOptions IsMDMLostModeEnabled"));
    assert_eq!(describe(&profiles), "Acknowledged Profiles -");
    assert_eq!(
        describe(&lost),
        "Acknowledged DeviceInformation MDMOptions=true IsMDMLostModeEnabled=false"
    );
}
