//! Where the documents contradict each other: one named option for each reading the code follows.
//!
//! The defaults are the reading that the newer or the more exact page gives.

use serde::{Deserialize, Serialize};

/// Which reading of the documents decides. A server has one set for its whole fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Readings {
    /// Who gets a device-level passcode reset as device owner.
    pub device_owner_reset: DeviceOwnerReset,
    /// Whether the screen of a personally-owned device with a work profile may be locked.
    pub personal_profile_lock: PersonalProfileLock,
    /// Whether a corporate-owned device with a work profile may be retired.
    pub corporate_profile_retire: CorporateProfileRetire,
    /// Who removes an Activation Lock.
    pub activation_lock_route: ActivationLockRoute,
    /// What becomes of Lost Mode when a device was erased and enrols again.
    pub lost_mode_after_erase: LostModeAfterErase,
}

/// The table of sources/reset-passcode.md says "Device Owner: yes", the paragraph below it
/// "kiosk mode" only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceOwnerReset {
    /// Dedicated and fully managed devices: the table, and the newer page.
    #[default]
    DedicatedAndFullyManaged,
    /// Dedicated devices alone: the paragraph.
    DedicatedOnly,
}

/// An older page of remoteLock lists this mode, a newer one does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalProfileLock {
    /// The older page.
    #[default]
    Supported,
    /// The newer page.
    Refused,
}

/// An older page of retire lists this mode, a newer one does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorporateProfileRetire {
    /// The newer page.
    #[default]
    Refused,
    /// The older page.
    Supported,
}

/// Who removes an Activation Lock.
///
/// Source: sources/disable-activation-lock.md lets the server issue the code to the device; the
/// newer page has it go to Apple's activation server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationLockRoute {
    /// The device, when it is online. For a server that knows no activation service.
    #[default]
    Device,
    /// The vendor's activation service, whether the device is online or not: what a server does
    /// that knows one.
    ActivationService,
}

/// Lost Mode ends with an erase.
///
/// Source: Apple, device management, Lost Mode: the server should apply it again after the device
/// has enrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LostModeAfterErase {
    /// It is over; an administrator enables it anew.
    #[default]
    Forgotten,
    /// It is enabled again with the same texts.
    Reapplied,
}
