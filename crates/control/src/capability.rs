//! What may be asked of which device, whatever its state.
//!
//! Rows R and W follow sources/reset-passcode.md, rows A sources/disable-activation-lock.md; the
//! others follow the pages of the remote actions in the product's documentation. The same rows
//! stand as data in `fixtures/behaviour/capability.toml`, with the section each comes from; a
//! test compares the two.

use muster_protocol::{Mode, OsVersion};

use crate::action::{Action, ActionKind};
use crate::readings::{CorporateProfileRetire, DeviceOwnerReset, PersonalProfileLock, Readings};
use crate::record::DeviceRecord;

mod extra;

use extra::{DELETE_USER, DISABLE_LOST_MODE, ENABLE_LOST_MODE, LOG_OUT_USER};

/// An action that cannot work on this kind of device, whatever its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CapabilityRefusal {
    /// The row of `fixtures/behaviour/capability.toml` that says so.
    pub row: &'static str,
    /// Why, in words an administrator can act on.
    pub reason: &'static str,
}

/// `recoverPasscode` is for telephones that are gone: Graph has the route, no device here can.
///
/// Source: row Q1 of `fixtures/behaviour/capability.toml`.
pub const RECOVER_PASSCODE: CapabilityRefusal = CapabilityRefusal {
    row: "Q1",
    reason: "no device of these platforms lets its passcode be recovered; reset it instead",
};

impl DeviceRecord {
    /// Judges an action by what the device is, with the version it reported last.
    ///
    /// # Errors
    /// [`CapabilityRefusal`] if the action can never work there.
    ///
    /// Source: `fixtures/behaviour/capability.toml`.
    pub fn capability(
        &self,
        action: ActionKind,
        readings: &Readings,
    ) -> Result<(), CapabilityRefusal> {
        judge(action, self.facts.mode, self.os_version(), readings)
    }

    /// Judges an action with its arguments.
    ///
    /// # Errors
    /// As [`Self::capability`].
    pub fn admits(&self, action: &Action, readings: &Readings) -> Result<(), CapabilityRefusal> {
        self.capability(action.kind(), readings)?;
        match action {
            Action::Wipe { keep_enrollment_data: true, .. } => {
                refuse(keep_enrollment_data(self.facts.mode, self.os_version()))
            }
            Action::Wipe { keep_enrollment_data: false, .. }
            | Action::Retire
            | Action::ResetPasscode
            | Action::RemoteLock
            | Action::SyncDevice
            | Action::BypassActivationLock
            | Action::RebootNow
            | Action::ShutDown
            | Action::EnableLostMode { .. }
            | Action::DisableLostMode
            | Action::LocateDevice
            | Action::PlayLostModeSound { .. }
            | Action::Delete
            | Action::DeviceConfigured
            | Action::SetDeviceName { .. }
            | Action::LogoutSharedAppleDeviceActiveUser
            | Action::DeleteUserFromSharedAppleDevice { .. } => Ok(()),
        }
    }

    fn os_version(&self) -> OsVersion {
        self.status.map_or(self.facts.os_version, |status| status.os_version)
    }
}

/// Judges an action by mode and version alone, before there is a device.
///
/// # Errors
/// As [`DeviceRecord::capability`].
pub fn capability_of(
    action: ActionKind,
    mode: Mode,
    version: OsVersion,
    readings: &Readings,
) -> Result<(), CapabilityRefusal> {
    judge(action, mode, version, readings)
}

pub(crate) fn judge(
    action: ActionKind,
    mode: Mode,
    version: OsVersion,
    readings: &Readings,
) -> Result<(), CapabilityRefusal> {
    refuse(match action {
        ActionKind::Wipe => wipe(mode),
        ActionKind::Retire => retire(mode, readings),
        ActionKind::ResetPasscode => reset_passcode(mode, version, readings),
        ActionKind::BypassActivationLock => bypass_activation_lock(mode, version),
        ActionKind::RemoteLock => remote_lock(mode, readings),
        ActionKind::RebootNow => extra::reboot_now(mode, version),
        ActionKind::ShutDown => extra::shut_down(mode, version),
        ActionKind::EnableLostMode => extra::lost_mode(mode, version, &ENABLE_LOST_MODE),
        ActionKind::DisableLostMode => extra::lost_mode(mode, version, &DISABLE_LOST_MODE),
        ActionKind::LocateDevice => extra::locate(mode, version),
        ActionKind::PlayLostModeSound => extra::play_sound(mode, version),
        ActionKind::DeviceConfigured => extra::device_configured(mode, version),
        ActionKind::SetDeviceName => extra::set_device_name(mode, version),
        ActionKind::LogoutSharedAppleDeviceActiveUser => {
            extra::shared_ipad(mode, version, &LOG_OUT_USER)
        }
        ActionKind::DeleteUserFromSharedAppleDevice => {
            extra::shared_ipad(mode, version, &DELETE_USER)
        }
        ActionKind::SyncDevice | ActionKind::Delete => None,
    })
}

fn refuse(refused: Refused) -> Result<(), CapabilityRefusal> {
    refused.map_or(Ok(()), |(row, reason)| Err(CapabilityRefusal { row, reason }))
}

/// Row and reason of a refusal.
pub(crate) type Refused = Option<(&'static str, &'static str)>;

fn wipe(mode: Mode) -> Refused {
    match mode {
        Mode::AppleUser | Mode::AppleAccountDrivenUser => Some((
            "E2",
            "a device in User Enrollment belongs to its user and cannot be wiped; retire it",
        )),
        Mode::AndroidPersonallyOwnedWorkProfile => Some((
            "E3",
            "a personally-owned device with a work profile cannot be wiped; retire it to remove \
             the work profile",
        )),
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleSharedIpad
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => None,
    }
}

/// Return to Service.
fn keep_enrollment_data(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleUser | Mode::AppleAccountDrivenUser => wipe(mode),
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleSharedIpad => (version < OsVersion::major(17)).then_some((
            "K2",
            "keepEnrollmentData needs Return to Service, which came with iOS 17; update the \
             device or wipe it without",
        )),
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => {
            Some(("K4", "Android keeps no enrolment over a wipe; wipe without keepEnrollmentData"))
        }
    }
}

fn remote_lock(mode: Mode, readings: &Readings) -> Refused {
    let refused = mode == Mode::AndroidPersonallyOwnedWorkProfile
        && readings.personal_profile_lock == PersonalProfileLock::Refused;
    refused.then_some((
        "L2",
        "the screen of a personally-owned device is its user's to lock; reset the passcode of \
         the work profile instead",
    ))
}

fn retire(mode: Mode, readings: &Readings) -> Refused {
    match mode {
        Mode::AndroidCorporateOwnedWorkProfile
            if readings.corporate_profile_retire == CorporateProfileRetire::Supported =>
        {
            None
        }
        Mode::AndroidCorporateOwnedWorkProfile => {
            Some(("T2", "a corporate-owned device with a work profile cannot be retired; wipe it"))
        }
        Mode::AndroidFullyManaged | Mode::AndroidDedicated => Some((
            "T3",
            "a fully managed or dedicated device has no personal side to leave; wipe it",
        )),
        Mode::AospUserAssociated | Mode::AospUserless => {
            Some(("T4", "an AOSP device has no personal side to leave; wipe it"))
        }
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => None,
    }
}

/// What deleting a device does to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeletedAs {
    /// Its management goes, the rest stays.
    Retire,
    /// Everything goes: nothing on it is the user's.
    Wipe,
}

/// Which of the two a delete is in this mode: rows D of `fixtures/behaviour/capability.toml`.
pub(crate) const fn deleted_as(mode: Mode) -> DeletedAs {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => DeletedAs::Retire,
        Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => DeletedAs::Wipe,
    }
}

fn reset_passcode(mode: Mode, version: OsVersion, readings: &Readings) -> Refused {
    match mode {
        Mode::AppleSharedIpad => Some((
            "R14",
            "a Shared iPad has no passcode of its own to remove; its users have accounts",
        )),
        Mode::AppleUser | Mode::AppleAccountDrivenUser => {
            Some(("R12", "the passcode of a device in User Enrollment belongs to its user"))
        }
        Mode::AndroidDeviceAdministrator if version >= OsVersion::major(7) => Some((
            "R2",
            "since Android 7.0 a device administrator may not reset the passcode; enrol the \
             device with Android Enterprise",
        )),
        Mode::AndroidFullyManaged | Mode::AndroidDedicated if version < OsVersion::major(8) => {
            Some((
                "R6",
                "a fully managed or dedicated device needs Android 8.0 or later for a passcode \
                 reset; update it",
            ))
        }
        Mode::AndroidFullyManaged
            if readings.device_owner_reset == DeviceOwnerReset::DedicatedOnly =>
        {
            Some((
                "R15",
                "this server resets the passcode of dedicated devices only; wipe the device to \
                 regain access",
            ))
        }
        Mode::AndroidPersonallyOwnedWorkProfile | Mode::AndroidCorporateOwnedWorkProfile
            if version < OsVersion::major(8) =>
        {
            Some((
                "W6",
                "a work profile needs Android 8.0 or later for a passcode reset; update the device",
            ))
        }
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleAccountDrivenDevice
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => None,
    }
}

fn bypass_activation_lock(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice
            if version < OsVersion::major(8) =>
        {
            Some(("A2", "Activation Lock can be managed from iOS 8.0 on; update the device"))
        }
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice => None,
        Mode::AppleSharedIpad => Some((
            "A5",
            "a Shared iPad takes no command about Activation Lock; it hands over no bypass code",
        )),
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => Some((
            "A3",
            "only a supervised device has a bypass code; supervise it with Apple Configurator or \
             enrol it by automated device enrolment",
        )),
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some(("A4", "Activation Lock exists on iOS and iPadOS only")),
    }
}

#[cfg(test)]
mod tests;
