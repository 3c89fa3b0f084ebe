//! What may be asked of which device, whatever its state.
//!
//! Rows R and W follow sources/reset-passcode.md, rows A sources/disable-activation-lock.md; the
//! others follow the pages of the remote actions in the product's documentation. The same rows
//! stand as data in `fixtures/behaviour/capability.toml`, with the section each comes from; a
//! test compares the two.

use muster_protocol::{Mode, OsVersion};

use crate::action::ActionKind;
use crate::record::DeviceRecord;

/// An action that cannot work on this kind of device, whatever its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CapabilityRefusal {
    /// The row of `fixtures/behaviour/capability.toml` that says so.
    pub row: &'static str,
    /// Why, in words an administrator can act on.
    pub reason: &'static str,
}

impl DeviceRecord {
    /// Judges an action by what the device is, with the version it reported last.
    ///
    /// # Errors
    /// [`CapabilityRefusal`] if the action can never work there.
    ///
    /// Source: `fixtures/behaviour/capability.toml`.
    pub fn capability(&self, action: ActionKind) -> Result<(), CapabilityRefusal> {
        let reported = self.status.map(|status| status.os_version);
        judge(action, self.facts.mode, reported.unwrap_or(self.facts.os_version))
    }
}

pub(crate) fn judge(
    action: ActionKind,
    mode: Mode,
    version: OsVersion,
) -> Result<(), CapabilityRefusal> {
    let refused = match action {
        ActionKind::Wipe => wipe(mode),
        ActionKind::Retire => retire(mode),
        ActionKind::ResetPasscode => reset_passcode(mode, version),
        ActionKind::BypassActivationLock => bypass_activation_lock(mode, version),
        ActionKind::RemoteLock | ActionKind::SyncDevice => None,
    };
    refused.map_or(Ok(()), |(row, reason)| Err(CapabilityRefusal { row, reason }))
}

/// Row and reason of a refusal.
type Refused = Option<(&'static str, &'static str)>;

fn wipe(mode: Mode) -> Refused {
    match mode {
        Mode::AppleUser => Some((
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
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => None,
    }
}

fn retire(mode: Mode) -> Refused {
    match mode {
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
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => None,
    }
}

fn reset_passcode(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleUser => {
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
        Mode::AppleDevice | Mode::AppleUser => Some((
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
