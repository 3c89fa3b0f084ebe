//! Temporary passcodes and the token behind them.

use muster_device::{Note, Persona, PromptHabit, UserAction};
use muster_protocol::secret::Passcode;
use muster_protocol::status::{PlatformStatus, Presence, ResetPasswordToken};
use muster_protocol::{Mode, OsVersion, Policy};

use crate::rig::{PERSONA, Rig, describe, spec, temporary_passcode};

const BYOD: Mode = Mode::AndroidPersonallyOwnedWorkProfile;
const SLOW: Persona = Persona { prompt: PromptHabit::Ignores, ..PERSONA };

fn token(rig: &Rig) -> ResetPasswordToken {
    match rig.device.status().platform {
        PlatformStatus::Android { reset_password_token, .. } => reset_password_token,
        PlatformStatus::Apple { .. } => ResetPasswordToken::None,
    }
}

#[test]
fn a_personally_owned_device_is_notified_only_if_a_password_is_required_and_set() {
    let bare =
        Persona { passcode: Presence::NotSet, work_profile_password: Presence::NotSet, ..SLOW };
    let notified = |persona, policy| {
        Rig::managed(BYOD, persona, policy)
            .notes()
            .contains(&Note::ActivateResetPasscodeNotification)
    };
    assert!(notified(SLOW, Policy::FULL));
    assert!(!notified(SLOW, Policy::NONE));
    assert!(!notified(bare, Policy::FULL));
}

#[test]
fn before_android_8_nobody_is_notified() {
    let notes = |version| {
        let spec = spec(BYOD, OsVersion::major(version), SLOW);
        Rig::managed_spec(spec, Policy::FULL).notes()
    };
    assert_eq!(notes(7), []);
    assert_eq!(notes(8), [Note::ActivateResetPasscodeNotification]);
}

#[test]
fn a_corporate_device_asks_for_the_credential_instead_of_notifying() {
    for mode in [Mode::AndroidCorporateOwnedWorkProfile, Mode::AndroidDedicated] {
        let rig = Rig::managed(mode, SLOW, Policy::FULL);
        assert_eq!(rig.notes(), [Note::ConfirmCredentialPrompt], "{mode}");
    }
}

#[test]
fn the_notification_is_dismissed_once_the_user_confirms() {
    let mut rig = Rig::managed(BYOD, SLOW, Policy::FULL);
    assert_eq!(rig.notes(), [Note::ActivateResetPasscodeNotification]);
    assert_eq!(token(&rig), ResetPasswordToken::Pending);
    rig.forget();
    rig.user(UserAction::AcceptPrompt);
    assert_eq!(rig.trace(), ["Persist", "Note PromptDismissed", "Send StatusReport"]);
    assert_eq!(token(&rig), ResetPasswordToken::Active);
}

#[test]
fn an_active_token_survives_a_reboot_and_a_pending_one_is_provisioned_anew() {
    let mut quick = Rig::managed(BYOD, PERSONA, Policy::FULL);
    quick.user(UserAction::Reboot);
    assert_eq!(token(&quick), ResetPasswordToken::Active);
    let mut slow = Rig::managed(BYOD, SLOW, Policy::FULL);
    slow.user(UserAction::Reboot);
    assert_eq!(token(&slow), ResetPasswordToken::None);
    slow.connect();
    assert_eq!(token(&slow), ResetPasswordToken::Pending);
}

#[test]
fn a_temporary_passcode_must_be_entered_before_anything_else() {
    let mut rig = Rig::managed(Mode::AndroidFullyManaged, PERSONA, Policy::FULL);
    let passcode = temporary_passcode(&rig.ask(rig.request("RESET_PASSWORD device")));
    rig.forget();
    rig.user(UserAction::Unlock);
    rig.user(UserAction::SetPasscode);
    rig.user(UserAction::EnterPasscode(Passcode::new("no".to_owned())));
    rig.user(UserAction::EnterPasscode(passcode.clone()));
    rig.user(UserAction::EnterPasscode(passcode));
    assert_eq!(
        rig.notes(),
        [
            Note::TemporaryPasscodeNeeded,
            Note::TemporaryPasscodeNeeded,
            Note::WrongPasscode,
            Note::TemporaryPasscodeAccepted,
            Note::Ignored { event: "EnterPasscode" },
        ]
    );
}

#[test]
fn a_reset_of_the_profile_leaves_the_device_open() {
    let persona = Persona { work_profile_password: Presence::NotSet, ..PERSONA };
    let mut rig = Rig::managed(BYOD, persona, Policy::FULL);
    let passcode = temporary_passcode(&rig.ask(rig.request("RESET_PASSWORD profile")));
    rig.forget();
    rig.user(UserAction::SetPasscode);
    assert_eq!(rig.notes(), [], "the device's own passcode is not concerned");
    rig.user(UserAction::EnterPasscode(passcode));
    assert_eq!(rig.notes(), [Note::TemporaryPasscodeAccepted]);
}

#[test]
fn the_token_ends_with_the_management() {
    let mut rig = Rig::managed(BYOD, PERSONA, Policy::FULL);
    assert_eq!(describe(&rig.ask(rig.request("RELINQUISH_OWNERSHIP"))), "Acknowledged");
    assert_eq!(token(&rig), ResetPasswordToken::None);
}
