//! The Activation Lock over more than one life.

use muster_device::{Note, Persona, Phase, UserAction};
use muster_protocol::secret::{BypassCode, Passcode};
use muster_protocol::status::{PlatformStatus, Switch};
use muster_protocol::{Mode, Policy};

use crate::rig::{PERSONA, Rig, describe, wrong_code};

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
