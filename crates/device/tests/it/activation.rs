//! The Activation Lock over more than one life.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use muster_device::activation::{
    ActivationCall, ActivationReply, ActivationService, BypassKey, EscrowHash, LockRequest,
    LockType, Ownership,
};
use muster_device::{Note, Persona, Phase, Quirk, UserAction};
use muster_protocol::secret::{BypassCode, Passcode};
use muster_protocol::status::{PlatformStatus, Switch};
use muster_protocol::{ActivationLockPolicy, Answer, Mode, Outcome, Policy, SerialNumber};
use serde::Deserialize;

use crate::rig::{PERSONA, Rig, describe, spec, wrong_code};

const FINDABLE: Persona = Persona { find_my: Switch::On, ..PERSONA };

fn entry(user_name: &str, code: &BypassCode) -> UserAction {
    UserAction::EnterAtSetupAssistant {
        user_name: user_name.to_owned(),
        password: Passcode::new(code.expose().clone()),
    }
}

fn activation_lock(rig: &Rig) -> Switch {
    match rig.device.status().platform {
        PlatformStatus::Apple { activation_lock, .. } => activation_lock,
        PlatformStatus::Android { .. } => Switch::Off,
    }
}

#[test]
fn a_supervised_device_locks_and_escrows_a_code_in_the_form_for_people() {
    let rig = Rig::managed(Mode::AppleDeviceSupervised, FINDABLE, Policy::FULL);
    assert_eq!(activation_lock(&rig), Switch::On);
    let code = rig.bypass_code.unwrap();
    let groups: Vec<usize> = code.expose().split('-').map(str::len).collect();
    assert_eq!(groups, [5, 5, 4, 4, 4, 4]);
}

#[test]
fn an_unsupervised_device_locks_by_itself_and_has_no_code() {
    let rig = Rig::managed(Mode::AppleDevice, FINDABLE, Policy::NONE);
    assert_eq!(activation_lock(&rig), Switch::On);
    assert_eq!(rig.bypass_code, None);
}

#[test]
fn a_shared_ipad_is_locked_by_its_organisation_only_and_tells_no_code() {
    let mut rig = Rig::managed(Mode::AppleSharedIpad, FINDABLE, Policy::FULL);
    rig.user(UserAction::StartFindMy);
    assert_eq!(activation_lock(&rig), Switch::Off);
    assert_eq!(rig.bypass_code, None);
}

#[test]
fn find_my_started_again_after_a_disable_locks_with_a_new_code() {
    let mut rig = Rig::managed(Mode::AppleAutomatedDevice, FINDABLE, Policy::FULL);
    let first = rig.bypass_code.clone();
    rig.ask(rig.request("DisableActivationLock own-code"));
    rig.connect();
    assert_eq!(activation_lock(&rig), Switch::Off, "not by itself");
    rig.user(UserAction::StartFindMy);
    assert_eq!(activation_lock(&rig), Switch::On);
    assert_ne!(rig.bypass_code, first);
    assert_eq!(describe(&rig.ask(rig.request("DisableActivationLock own-code"))), "Acknowledged");
}

#[test]
fn a_wiped_locked_device_opens_with_a_blank_user_name_and_the_code_only() {
    let mut rig = Rig::managed(Mode::AppleAutomatedDevice, FINDABLE, Policy::FULL);
    let code = rig.bypass_code.clone().unwrap();
    rig.ask(rig.request("EraseDevice"));
    assert_eq!(rig.trace().last().unwrap(), "Note ActivationPrompt");
    for wrong in [entry("", &wrong_code()), entry("someone@example.com", &code)] {
        rig.forget();
        rig.user(wrong);
        assert_eq!(rig.notes(), [Note::ActivationRefused]);
        assert_eq!(rig.device.phase(), Phase::ActivationPrompt);
    }
    rig.forget();
    rig.user(entry("", &BypassCode::new(code.expose().replace('-', "").to_lowercase())));
    assert_eq!(rig.trace(), ["Note ActivationLockRemoved", "Persist", "Enrol"]);
    rig.enrol();
    rig.connect();
    assert_eq!(activation_lock(&rig), Switch::On, "its user starts Find My again");
    assert_ne!(rig.bypass_code, Some(code), "a fresh code");
}

#[test]
fn a_wiped_unsupervised_device_opens_for_its_owner_only() {
    let mut rig = Rig::managed(Mode::AppleDevice, FINDABLE, Policy::FULL);
    rig.ask(rig.request("EraseDevice"));
    rig.user(entry("", &wrong_code()));
    assert_eq!(rig.device.phase(), Phase::ActivationPrompt);
    rig.user(UserAction::SignInAsOwner);
    assert_eq!(rig.device.phase(), Phase::Enrolling);
}

#[test]
fn erasing_the_device_by_hand_does_not_lift_the_lock() {
    for mode in [Mode::AppleDevice, Mode::AppleAutomatedDevice] {
        let mut rig = Rig::managed(mode, FINDABLE, Policy::FULL);
        rig.user(UserAction::EraseAllContent);
        assert_eq!(rig.device.phase(), Phase::ActivationPrompt, "{mode}");
        assert_eq!(activation_lock(&rig), Switch::On);
    }
}

#[test]
fn a_device_goes_to_its_next_user_only_without_the_lock() {
    let mut rig = Rig::managed(Mode::AppleAutomatedDevice, FINDABLE, Policy::FULL);
    rig.ask(rig.request("DisableActivationLock own-code"));
    rig.ask(rig.request("EraseDevice"));
    assert_eq!(rig.device.phase(), Phase::Enrolling, "no owner is asked for");
}

#[test]
fn a_locked_device_asks_again_after_a_restart() {
    let mut rig = Rig::managed(Mode::AppleAutomatedDevice, FINDABLE, Policy::FULL);
    rig.ask(rig.request("EraseDevice"));
    rig.restart();
    rig.forget();
    rig.give(muster_device::Input::Start);
    assert_eq!(rig.notes(), [Note::ActivationPrompt]);
}

const LIFE: &str = "activation";

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
    #[serde(default = "automated")]
    mode: String,
    #[serde(default = "current")]
    os: String,
    #[serde(default)]
    find_my: bool,
    #[serde(default = "yes")]
    allowed: bool,
    quirk: Option<Quirk>,
    steps: Vec<String>,
}

fn automated() -> String {
    "automated-device".to_owned()
}

fn current() -> String {
    "17.4".to_owned()
}

const fn yes() -> bool {
    true
}

/// One row being played.
struct Play {
    rig: Rig,
    codes: BTreeMap<String, String>,
}

impl Play {
    fn new(row: &Row) -> Self {
        let mode: Mode = row.mode.parse().expect("a mode");
        let persona = if row.find_my { FINDABLE } else { PERSONA };
        let activation_lock = if row.allowed {
            ActivationLockPolicy::Allowed
        } else {
            ActivationLockPolicy::Disallowed
        };
        let mut spec = spec(mode, row.os.parse().expect("a version"), persona);
        spec.traits.quirk = row.quirk;
        let mut rig = Rig::boxed(spec, Policy { activation_lock, ..Policy::FULL });
        if mode == Mode::AppleAutomatedDevice {
            rig.service.admit(&rig.device.facts().serial, Ownership::Organisation);
        }
        rig.give(muster_device::Input::Start);
        let mut play = Self { rig, codes: BTreeMap::new() };
        play.live();
        let organisation = BypassKey::from_bytes([9; 16]).code();
        let bare = organisation.expose().replace('-', "").to_lowercase();
        play.codes.insert("organisation".to_owned(), organisation.expose().clone());
        play.codes.insert("organisation-bare".to_owned(), bare);
        play.codes.insert("wrong".to_owned(), wrong_code().expose().clone());
        play
    }

    fn live(&mut self) {
        self.rig.enrol();
        self.rig.connect();
    }

    fn code(&self, name: &str) -> String {
        let own = || self.rig.bypass_code.clone().unwrap_or(wrong_code()).expose().clone();
        self.codes.get(name).cloned().unwrap_or_else(own)
    }

    fn step(&mut self, step: &str) -> String {
        let (verb, with) = step.split_once(' ').unwrap_or((step, ""));
        let serial = self.rig.device.facts().serial.clone();
        match verb {
            "user" => self.act(user_action(with)),
            "enter" => {
                let (name, code) = with.split_once(' ').expect("a name and a code");
                let user_name = if name == "blank" { "" } else { name };
                self.act(entry(user_name, &BypassCode::new(self.code(code))))
            }
            "ask" => describe(&self.rig.ask(self.rig.request(with))),
            "tell" => self.tell(with),
            "connect" => {
                self.rig.connect();
                String::new()
            }
            "live" => {
                self.live();
                String::new()
            }
            "days" => {
                let days: u64 = with.parse().expect("days");
                self.rig.now = self.rig.now.after(Duration::from_hours(24 * days));
                String::new()
            }
            "lock" => format!("{:?}", self.rig.service.lock(lock_request(serial, with))),
            "unlock" => {
                let code = self.code(with);
                format!("{:?}", self.rig.service.escrow_key_unlock(&serial, &code))
            }
            "standing" => self
                .rig
                .service
                .status(&serial)
                .expect("a device that asked")
                .lock_type
                .word()
                .to_owned(),
            "belief" => format!("{:?}", activation_lock(&self.rig)),
            "phase" => format!("{:?}", self.rig.device.phase()),
            other => panic!("no step is called {other:?}"),
        }
    }

    fn act(&mut self, action: UserAction) -> String {
        self.rig.forget();
        self.rig.user(action);
        let notes: Vec<String> = self.rig.notes().iter().map(|note| format!("{note:?}")).collect();
        notes.join(", ")
    }

    fn tell(&mut self, name: &str) -> String {
        let outcome = self.rig.ask(self.rig.request("ActivationLockBypassCode"));
        let Outcome::Acknowledged(Answer::ActivationLockBypassCode(code)) = outcome else {
            panic!("no answer: {outcome:?}");
        };
        let found = if code.is_some() { "Some" } else { "None" };
        self.codes.extend(code.map(|code| (name.to_owned(), code.expose().clone())));
        found.to_owned()
    }
}

/// Fifty thousand rounds, done once.
static ORGANISATION: LazyLock<EscrowHash> =
    LazyLock::new(|| EscrowHash::of(&BypassKey::from_bytes([9; 16])));

fn lock_request(serial: SerialNumber, with: &str) -> LockRequest {
    let escrow_key = *ORGANISATION;
    LockRequest {
        serial,
        escrow_key: (with != "without-key").then_some(escrow_key),
        lost_message: Some("Call us".to_owned()),
    }
}

fn user_action(name: &str) -> UserAction {
    match name {
        "StartFindMy" => UserAction::StartFindMy,
        "StopFindMy" => UserAction::StopFindMy,
        "EraseAllContent" => UserAction::EraseAllContent,
        "SignInAsOwner" => UserAction::SignInAsOwner,
        "Reboot" => UserAction::Reboot,
        "RestoreFromBackup" => UserAction::RestoreFromBackup,
        "RestoreFromAnotherBackup" => UserAction::RestoreFromAnotherBackup,
        other => panic!("no action is called {other:?}"),
    }
}

fn rows() -> Vec<Row> {
    crate::rows::read::<Table>(LIFE).row
}

fn differences(row: Row) -> Vec<String> {
    let mut play = Play::new(&row);
    crate::rows::differences(&row.id, &row.steps, |step| play.step(step))
}

#[test]
fn every_row_of_the_life_of_an_activation_lock_holds() {
    let wrong: Vec<String> = rows().into_iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_of_that_life_has_an_id_of_its_own_a_source_and_a_promise() {
    let rows = rows();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(rows.iter().all(|row| row.source.len() > 10));
    assert!(rows.iter().all(|row| row.steps.iter().any(|step| step.contains(" => "))));
    let traps = (1..=9).map(|trap| format!("T{trap}"));
    assert!(traps.into_iter().all(|trap| ids.iter().any(|id| id.starts_with(&trap))));
}

/// The key of a user's lock and that of an organisation's, in the snapshot below.
const KEYS: [BypassKey; 2] = [BypassKey::from_bytes([1; 16]), BypassKey::from_bytes([9; 16])];

/// A service that knows one device, locked in this way.
fn service(state: &str, serial: &SerialNumber) -> ActivationService {
    let mut service = ActivationService::default();
    service.admit(serial, Ownership::Organisation);
    let register = |key| ActivationCall::Register { key };
    match state {
        "unlocked" => {}
        "user, with a code" => drop(service.answer(serial, register(Some(KEYS[0])))),
        "user, without" => drop(service.answer(serial, register(None))),
        "organisation" => {
            service.lock(lock_request(serial.clone(), ""));
        }
        "organisation, keyless" => {
            service.lock(lock_request(serial.clone(), "without-key"));
        }
        other => panic!("no state is called {other:?}"),
    }
    service
}

/// What an event comes to.
fn happen(service: &mut ActivationService, serial: &SerialNumber, event: &str) -> String {
    let text = |key: BypassKey| key.code().expose().clone();
    let code = |key| Passcode::new(text(key));
    let call = match event {
        "Find My on" => ActivationCall::Register { key: Some(BypassKey::from_bytes([5; 16])) },
        "Find My off" => ActivationCall::Release,
        "Find My opened" => ActivationCall::Open,
        "check" => ActivationCall::Check,
        "erased" => ActivationCall::Activate,
        "user's code, typed" => ActivationCall::EnterCode { code: code(KEYS[0]) },
        "organisation's code, typed" => ActivationCall::EnterCode { code: code(KEYS[1]) },
        "owner signs in" => ActivationCall::SignIn,
        "somebody signs in" => ActivationCall::EnterAccount,
        "user's code, by command" => ActivationCall::Disable { code: code(KEYS[0]) },
        "user's code, at the vendor" => {
            return format!("{:?}", service.escrow_key_unlock(serial, &text(KEYS[0])));
        }
        "organisation's code, at the vendor" => {
            return format!("{:?}", service.escrow_key_unlock(serial, &text(KEYS[1])));
        }
        "organisation locks" => {
            return format!("{:?}", service.lock(lock_request(serial.clone(), "")));
        }
        other => panic!("no event is called {other:?}"),
    };
    match service.answer(serial, call) {
        ActivationReply::Standing(_) => "Standing".to_owned(),
        ActivationReply::Opened(_) => "Opened".to_owned(),
        ActivationReply::Activated => "Activated".to_owned(),
        ActivationReply::Locked { .. } => "Locked".to_owned(),
        ActivationReply::Refused => "Refused".to_owned(),
    }
}

#[test]
fn each_event_does_to_each_lock_what_the_page_says() {
    let serial: SerialNumber = "SIM-1".parse().unwrap();
    let states =
        ["unlocked", "user, with a code", "user, without", "organisation", "organisation, keyless"];
    let events = [
        "Find My on",
        "Find My off",
        "Find My opened",
        "check",
        "organisation locks",
        "erased",
        "user's code, typed",
        "organisation's code, typed",
        "owner signs in",
        "somebody signs in",
        "user's code, by command",
        "user's code, at the vendor",
        "organisation's code, at the vendor",
    ];
    let mut page = String::from("What the vendor's service answers, and whose lock is on then.\n");
    for state in states {
        writeln!(page, "\n{state}").unwrap();
        for event in events {
            let mut service = service(state, &serial);
            let reply = happen(&mut service, &serial, event);
            let after = service.status(&serial).unwrap();
            assert_eq!(after.is_locked, after.lock_type != LockType::None);
            writeln!(page, "  {event:35} {reply:13} {}", after.lock_type.word()).unwrap();
        }
    }
    insta::assert_snapshot!(page);
}
