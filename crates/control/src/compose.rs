//! Turns an accepted action into the request its platform understands.

use alloc::string::ToString as _;

use muster_protocol::command::{MANAGEMENT_PROFILE, PasswordScope};
use muster_protocol::{AndroidRequest, AppleRequest, ErrorItem, Mode, Platform, Request};

use crate::action::Action;
use crate::capability::{DeletedAs, deleted_as};
use crate::escrow::Escrow;

/// `ErrorDomain` of what the server itself finds wrong.
pub(crate) const ERROR_DOMAIN: &str = "MusterServerErrorDomain";

/// Why an action cannot be put into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsendable {
    /// The device has never handed over an unlock token.
    UnlockTokenMissing,
    /// The device has never handed over a bypass code, or it was used or removed.
    BypassCodeMissing,
    /// The platform has no such request; the capability table keeps these out.
    UnknownToPlatform,
}

impl From<Unsendable> for ErrorItem {
    fn from(cause: Unsendable) -> Self {
        let (code, description) = match cause {
            Unsendable::UnlockTokenMissing => {
                (1, "no unlock token is stored for this device; wipe it to regain access")
            }
            Unsendable::BypassCodeMissing => (
                2,
                "no Activation Lock bypass code is stored for this device; allow Activation Lock \
                 in its profile and sync it so that it hands one over",
            ),
            Unsendable::UnknownToPlatform => (3, "the platform of this device has no such request"),
        };
        Self { domain: ERROR_DOMAIN.to_string(), code, description: description.to_string() }
    }
}

/// The answer of a device that could not read what this server sent.
pub(crate) fn format_error() -> ErrorItem {
    ErrorItem {
        domain: ERROR_DOMAIN.to_string(),
        code: 4,
        description: "the device could not read the request".to_string(),
    }
}

/// The request that carries out `action` on a device in `mode`.
pub(crate) fn compose(action: &Action, mode: Mode, escrow: &Escrow) -> Result<Request, Unsendable> {
    match mode.platform() {
        Platform::Apple => apple(action, escrow).map(Request::Apple),
        Platform::Android => android(action, mode).map(Request::Android),
    }
}

fn apple(action: &Action, escrow: &Escrow) -> Result<AppleRequest, Unsendable> {
    Ok(match action {
        Action::Wipe { persist_esim_data_plan, keep_enrollment_data: true } => {
            AppleRequest::ReturnToService {
                preserve_data_plan: *persist_esim_data_plan,
                wifi_profile: None,
                mdm_profile: None,
            }
        }
        Action::Wipe { persist_esim_data_plan, keep_enrollment_data: false } => {
            AppleRequest::EraseDevice { preserve_data_plan: *persist_esim_data_plan }
        }
        Action::Retire | Action::Delete => {
            AppleRequest::RemoveProfile { identifier: MANAGEMENT_PROFILE.to_string() }
        }
        Action::ResetPasscode => AppleRequest::ClearPasscode {
            unlock_token: escrow.unlock_token.clone().ok_or(Unsendable::UnlockTokenMissing)?,
        },
        Action::RemoteLock => AppleRequest::DeviceLock { message: None },
        Action::SyncDevice => AppleRequest::SecurityInfo,
        Action::BypassActivationLock => AppleRequest::DisableActivationLock {
            bypass_code: escrow.bypass_code.clone().ok_or(Unsendable::BypassCodeMissing)?,
        },
        Action::RebootNow => AppleRequest::RestartDevice,
        Action::ShutDown => AppleRequest::ShutDownDevice,
        Action::EnableLostMode { message, phone_number, footer } => AppleRequest::EnableLostMode {
            message: message.clone(),
            phone_number: phone_number.clone(),
            footnote: footer.clone(),
        },
        Action::DisableLostMode => AppleRequest::DisableLostMode,
        Action::LocateDevice => AppleRequest::DeviceLocation,
        Action::PlayLostModeSound { .. } => AppleRequest::PlayLostModeSound,
        Action::DeviceConfigured => AppleRequest::DeviceConfigured,
        Action::SetDeviceName { device_name } => {
            AppleRequest::SetDeviceName { name: device_name.clone() }
        }
        Action::LogoutSharedAppleDeviceActiveUser => AppleRequest::LogOutUser,
        Action::DeleteUserFromSharedAppleDevice { user_principal_name } => {
            let user_name = user_principal_name.clone();
            AppleRequest::DeleteUser { user_name, force_deletion: false }
        }
    })
}

fn android(action: &Action, mode: Mode) -> Result<AndroidRequest, Unsendable> {
    Ok(match action {
        // A wipe by default keeps neither the factory-reset protection nor the eSIM.
        Action::Wipe { persist_esim_data_plan, keep_enrollment_data: _ } => AndroidRequest::Wipe {
            preserve_reset_protection_data: false,
            wipe_esims: !persist_esim_data_plan,
        },
        Action::Retire => AndroidRequest::RelinquishOwnership,
        Action::Delete => delete(mode),
        Action::ResetPasscode => AndroidRequest::ResetPassword { scope: password_scope(mode) },
        Action::RemoteLock => AndroidRequest::Lock,
        Action::SyncDevice => AndroidRequest::RequestDeviceInfo,
        Action::RebootNow => AndroidRequest::Reboot,
        Action::LocateDevice => AndroidRequest::LocateDevice,
        Action::PlayLostModeSound { duration_minutes } => {
            AndroidRequest::PlayLostModeSound { duration_minutes: *duration_minutes }
        }
        Action::SetDeviceName { device_name } => {
            AndroidRequest::SetDeviceName { name: device_name.clone() }
        }
        Action::BypassActivationLock
        | Action::ShutDown
        | Action::EnableLostMode { .. }
        | Action::DisableLostMode
        | Action::DeviceConfigured
        | Action::LogoutSharedAppleDeviceActiveUser
        | Action::DeleteUserFromSharedAppleDevice { .. } => {
            return Err(Unsendable::UnknownToPlatform);
        }
    })
}

/// How a deleted device is left: retired, or wiped where nothing of it is the user's.
fn delete(mode: Mode) -> AndroidRequest {
    match deleted_as(mode) {
        DeletedAs::Wipe => {
            AndroidRequest::Wipe { preserve_reset_protection_data: false, wipe_esims: true }
        }
        DeletedAs::Retire => AndroidRequest::RelinquishOwnership,
    }
}

/// Whose password a reset concerns: one action of the administrator, the mode picks the target.
///
/// Source: sources/reset-passcode.md, the two tables of supported platforms.
const fn password_scope(mode: Mode) -> PasswordScope {
    match mode {
        Mode::AndroidPersonallyOwnedWorkProfile | Mode::AndroidCorporateOwnedWorkProfile => {
            PasswordScope::Profile
        }
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => PasswordScope::Device,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::ActionKind;
    use crate::capability::judge;
    use crate::readings::Readings;
    use alloc::{format, string::String, vec::Vec};
    use muster_protocol::OsVersion;
    use muster_protocol::secret::{BypassCode, UnlockToken};

    fn full_escrow() -> Escrow {
        Escrow {
            unlock_token: Some(UnlockToken::new(alloc::vec![1, 2, 3])),
            bypass_code: Some(BypassCode::new("CODE".to_string())),
            ..Escrow::default()
        }
    }

    fn action(kind: ActionKind) -> Action {
        match kind {
            ActionKind::Wipe => {
                Action::Wipe { persist_esim_data_plan: true, keep_enrollment_data: false }
            }
            ActionKind::Retire => Action::Retire,
            ActionKind::ResetPasscode => Action::ResetPasscode,
            ActionKind::RemoteLock => Action::RemoteLock,
            ActionKind::SyncDevice => Action::SyncDevice,
            ActionKind::BypassActivationLock => Action::BypassActivationLock,
            ActionKind::RebootNow => Action::RebootNow,
            ActionKind::ShutDown => Action::ShutDown,
            ActionKind::DisableLostMode => Action::DisableLostMode,
            ActionKind::LocateDevice => Action::LocateDevice,
            ActionKind::Delete => Action::Delete,
            ActionKind::DeviceConfigured => Action::DeviceConfigured,
            ActionKind::SetDeviceName => Action::SetDeviceName { device_name: "kiosk 3".into() },
            ActionKind::LogoutSharedAppleDeviceActiveUser => {
                Action::LogoutSharedAppleDeviceActiveUser
            }
            ActionKind::DeleteUserFromSharedAppleDevice => {
                Action::DeleteUserFromSharedAppleDevice {
                    user_principal_name: "pupil@school.example".into(),
                }
            }
            ActionKind::EnableLostMode => Action::EnableLostMode {
                message: Some("please call".into()),
                phone_number: Some("555 0100".into()),
                footer: Some("lost".into()),
            },
            ActionKind::PlayLostModeSound => Action::PlayLostModeSound { duration_minutes: 3 },
        }
    }

    #[test]
    fn every_action_becomes_the_request_of_its_platform() {
        let mut lines = Vec::new();
        for mode in Mode::ALL {
            for kind in ActionKind::ALL {
                let request = compose(&action(kind), mode, &full_escrow());
                lines.push(format!("{mode:<22} {:<20} {request:?}", kind.graph_name()));
            }
        }
        let lines: String = lines.join("\n");
        insta::assert_snapshot!(lines);
    }

    #[test]
    fn whatever_the_capability_table_allows_can_be_composed() {
        for mode in Mode::ALL {
            for kind in ActionKind::ALL {
                if judge(kind, mode, OsVersion::major(17), &Readings::default()).is_ok() {
                    let composed = compose(&action(kind), mode, &full_escrow());
                    assert!(composed.is_ok(), "{mode} {kind:?}");
                }
            }
        }
    }

    #[test]
    fn the_esim_stays_or_goes_as_asked_on_both_platforms() {
        for persist_esim_data_plan in [true, false] {
            let wipe = Action::Wipe { persist_esim_data_plan, keep_enrollment_data: false };
            let apple = AppleRequest::EraseDevice { preserve_data_plan: persist_esim_data_plan };
            let android = AndroidRequest::Wipe {
                preserve_reset_protection_data: false,
                wipe_esims: !persist_esim_data_plan,
            };
            let ask = |mode| compose(&wipe, mode, &Escrow::default());
            assert_eq!(ask(Mode::AppleDevice), Ok(Request::Apple(apple)));
            assert_eq!(ask(Mode::AndroidDedicated), Ok(Request::Android(android)));
        }
    }

    #[test]
    fn a_wipe_that_keeps_the_enrolment_is_a_return_to_service() {
        let wipe = Action::Wipe { persist_esim_data_plan: true, keep_enrollment_data: true };
        let back = AppleRequest::ReturnToService {
            preserve_data_plan: true,
            wifi_profile: None,
            mdm_profile: None,
        };
        let composed = compose(&wipe, Mode::AppleAutomatedDevice, &Escrow::default());
        assert_eq!(composed, Ok(Request::Apple(back)));
    }

    #[test]
    fn a_missing_secret_is_named_and_never_replaced_by_an_empty_one() {
        let ask = |kind| compose(&action(kind), Mode::AppleAutomatedDevice, &Escrow::default());
        assert_eq!(ask(ActionKind::ResetPasscode), Err(Unsendable::UnlockTokenMissing));
        assert_eq!(ask(ActionKind::BypassActivationLock), Err(Unsendable::BypassCodeMissing));
    }
}
