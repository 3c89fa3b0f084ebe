//! What the organisation asks of a device.

use serde::{Deserialize, Serialize};

/// What a passcode has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasscodeRule {
    /// Fewest characters, 4 to 16.
    pub length_min: u8,
}

/// Whether a supervised device may have an Activation Lock.
///
/// Source: MDMOptions.ActivationLockAllowedWhileSupervised, Apple MDM Settings command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivationLockPolicy {
    /// Find My locks the device; the organisation keeps a bypass code.
    Allowed,
    /// Find My does not lock it. The platform's default.
    Disallowed,
}

/// The settings of one enrolment profile that change behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Device passcode required, and how; `None` if none is configured.
    pub device_passcode: Option<PasscodeRule>,
    /// Work-profile password required, and how; `None` if none is configured.
    pub work_profile_password: Option<PasscodeRule>,
    /// The Activation Lock setting of the device restriction profile.
    pub activation_lock: ActivationLockPolicy,
}

impl Policy {
    /// Nothing configured: what a platform does by itself.
    pub const NONE: Self = Self {
        device_passcode: None,
        work_profile_password: None,
        activation_lock: ActivationLockPolicy::Disallowed,
    };

    /// Everything this product knows configured, with six characters.
    pub const FULL: Self = Self {
        device_passcode: Some(PasscodeRule { length_min: 6 }),
        work_profile_password: Some(PasscodeRule { length_min: 6 }),
        activation_lock: ActivationLockPolicy::Allowed,
    };
}
