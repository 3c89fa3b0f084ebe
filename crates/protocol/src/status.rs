//! What a device reports of its state.

use serde::{Deserialize, Serialize};

use crate::platform::OsVersion;

/// Whether something is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// There is one.
    Set,
    /// There is none.
    NotSet,
}

/// Whether something is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// The reset-password token of an Android agent.
///
/// Source: DevicePolicyManager.setResetPasswordToken, Android API level 26.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetPasswordToken {
    /// None set, or the platform has no such thing.
    None,
    /// Set, waiting for the user to confirm the credential once.
    Pending,
    /// Usable.
    Active,
}

/// The part of the status only one platform has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlatformStatus {
    /// iOS and iPadOS.
    Apple {
        /// DeviceInformation key `IsDeviceLocatorServiceEnabled`.
        find_my: Switch,
        /// DeviceInformation key `IsActivationLockEnabled`.
        activation_lock: Switch,
    },
    /// Android.
    Android {
        /// Password of the work profile.
        work_profile_password: Presence,
        /// State of the reset-password token.
        reset_password_token: ResetPasswordToken,
    },
}

/// The changing part of what a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// The version running now.
    pub os_version: OsVersion,
    /// Whether a device passcode is set.
    pub passcode: Presence,
    /// The rest, per platform.
    pub platform: PlatformStatus,
}
