//! What an iPhone or iPad goes through: set-up, account, battery, applications, erase.

use muster_device::{
    AccessRights, AccountSignIn, AwaitConfiguration, DeviceSpec, Note, Output, Quirk, Traits,
    UserAction,
};
use muster_protocol::management::ToServer;
use muster_protocol::status::Presence;
use muster_protocol::{Mode, Outcome, Policy};

use crate::rig::{PERSONA, Rig, current_os, describe, spec};

const MODE: Mode = Mode::AppleAutomatedDevice;

#[test]
fn a_device_held_in_setup_assistant_is_ready_once_it_is_configured() {
    let mut rig = Rig::managed_spec(held(MODE), Policy::FULL);
    assert_eq!(rig.device.status().passcode, Presence::NotSet, "nobody has set one yet");
    assert_eq!(rig.ask(rig.request("EnableLostMode")), Outcome::NotNow);
    rig.user(UserAction::SetPasscode);
    assert_eq!(rig.notes(), [Note::Ignored { event: "SetPasscode" }]);
    rig.ask(rig.request("DeviceConfigured"));
    assert!(rig.seen.contains(&Output::Send(ToServer::Idle)), "{:?}", rig.trace());
    assert_eq!(rig.device.status().passcode, PERSONA.passcode);
    assert_eq!(describe(&rig.ask(rig.request("EnableLostMode"))), "Acknowledged");
}

#[test]
fn a_device_polls_when_one_of_two_obstacles_is_gone() {
    let traits = Traits { account_sign_in: AccountSignIn::Later, ..Traits::default() };
    let mode = Mode::AppleAccountDrivenDevice;
    let spec = DeviceSpec { traits, ..spec(mode, current_os(mode), PERSONA) };
    let mut rig = Rig::managed_spec(spec, Policy::FULL);
    rig.user(UserAction::Lock);
    for request in ["SecurityInfo", "InstallApplication"] {
        assert_eq!(rig.ask(rig.request(request)), Outcome::NotNow);
    }
    for action in [UserAction::Unlock, UserAction::SignIn] {
        let waits = if action == UserAction::Unlock { "InstallApplication" } else { "DeviceLock" };
        rig.forget();
        rig.user(action);
        assert!(rig.seen.contains(&Output::Send(ToServer::Idle)), "{:?}", rig.trace());
        rig.ask(rig.request(waits));
    }
}

fn held(mode: Mode) -> DeviceSpec {
    let traits = Traits { await_configuration: AwaitConfiguration::Yes, ..Traits::default() };
    DeviceSpec { traits, ..spec(mode, current_os(mode), PERSONA) }
}

#[test]
fn an_empty_device_goes_off_and_comes_on_only_when_charged() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    rig.forget();
    rig.user(UserAction::UseBattery { left_percent: 0 });
    assert_eq!(rig.trace(), ["Persist", "Note BatteryEmpty", "Disconnect"]);
    rig.user(UserAction::PowerOn);
    assert!(!rig.device.is_switched_on(), "nothing to come on with");
    rig.user(UserAction::ChargeBattery);
    assert!(!rig.device.is_switched_on(), "nobody switched it on");
    rig.user(UserAction::PowerOn);
    assert!(rig.device.is_switched_on());
}

#[test]
fn an_erase_does_not_charge_the_battery() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    rig.user(UserAction::UseBattery { left_percent: 250 });
    rig.user(UserAction::UseBattery { left_percent: 40 });
    rig.ask(rig.request("EraseDevice"));
    rig.enrol();
    rig.connect();
    let level = rig.ask(rig.request("DeviceInformation BatteryLevel"));
    assert_eq!(describe(&level), "Acknowledged DeviceInformation BatteryLevel=40");
}

#[test]
fn an_application_too_many_is_acknowledged_and_never_comes() {
    let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
    for number in 0..16 {
        rig.ask(rig.request(&format!("InstallApplication net.example.a{number}")));
    }
    let over = rig.ask(rig.request("InstallApplication net.example.over"));
    assert_eq!((describe(&over).as_str(), rig.executed()), ("Acknowledged", 0));
    assert_eq!(rig.notes(), [Note::StorageFull]);
    let list = rig.ask(rig.request("InstalledApplicationList"));
    assert_eq!(describe(&list), "Acknowledged Applications of 16");
}

#[test]
fn a_device_returned_to_service_has_nobody_to_set_its_passcode() {
    for (request, passcode) in
        [("EraseDevice", Presence::Set), ("ReturnToService", Presence::NotSet)]
    {
        let mut rig = Rig::managed(MODE, PERSONA, Policy::FULL);
        rig.ask(rig.request(request));
        rig.enrol();
        rig.connect();
        assert_eq!(rig.device.status().passcode, passcode, "{request}");
    }
}

#[test]
fn only_who_may_clear_passcodes_is_given_an_unlock_token() {
    let unmarked = Traits::default();
    let all_but = |right| AccessRights::ALL.without(right);
    let rightless = Traits { access_rights: all_but(AccessRights::LOCK_AND_PASSCODE), ..unmarked };
    let keybagless = Traits { quirk: Some(Quirk::NoEscrowKeybag), ..unmarked };
    for (mode, traits, given) in [
        (Mode::AppleDevice, unmarked, true),
        (Mode::AppleDevice, rightless, false),
        (Mode::AppleDevice, keybagless, false),
        (Mode::AppleDeviceSupervised, rightless, true),
        (Mode::AppleAutomatedDevice, unmarked, true),
        (Mode::AppleAccountDrivenDevice, unmarked, true),
        (Mode::AppleSharedIpad, unmarked, false),
        (Mode::AppleUser, unmarked, false),
        (Mode::AppleAccountDrivenUser, unmarked, false),
    ] {
        let spec = DeviceSpec { traits, ..spec(mode, current_os(mode), PERSONA) };
        let rig = Rig::managed_spec(spec, Policy::FULL);
        assert_eq!(rig.unlock_token.is_some(), given, "{mode} {traits:?}");
    }
}

#[test]
fn the_token_of_another_life_or_device_opens_nothing() {
    let mut rig = Rig::managed(Mode::AppleDevice, PERSONA, Policy::FULL);
    let before = rig.request("ClearPasscode own-token");
    rig.ask(rig.request("EraseDevice"));
    rig.enrol();
    rig.connect();
    let own = rig.request("ClearPasscode own-token");
    let strange = rig.request("ClearPasscode stale-token");
    for token in [before, strange] {
        assert_eq!(describe(&rig.ask(token)), "Error MCPasscodeErrorDomain 5013");
    }
    assert_eq!(describe(&rig.ask(own)), "Acknowledged");
}
