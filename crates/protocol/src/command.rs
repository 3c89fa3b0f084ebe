//! Commands, spelled as their platforms spell them.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::id::{Attempt, CommandId};
use crate::secret::{BypassCode, UnlockToken};
use crate::time::Timestamp;

/// What stands before the request, readable even if the request is not.
///
/// A device that cannot decode the request still knows what to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandHead {
    /// The same over all attempts.
    pub id: CommandId,
    /// Which attempt this is.
    pub attempt: Attempt,
    /// The server gives up then; for information, the device does not judge it.
    pub expires_at: Timestamp,
}

/// One attempt to have a device do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Identity and attempt.
    pub head: CommandHead,
    /// What to do; `None` if this build cannot read it.
    pub request: Option<Request>,
}

/// What a device is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// For iOS and iPadOS.
    Apple(AppleRequest),
    /// For Android.
    Android(AndroidRequest),
}

/// Requests of Apple MDM, named by their `RequestType`.
///
/// Wire order is fixed: new requests are appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppleRequest {
    /// Erases the device. Not available in User Enrollment.
    EraseDevice {
        /// Keeps the eSIM data plan.
        preserve_data_plan: bool,
    },
    /// Removes the passcode with the escrowed token. Not available in User Enrollment.
    ClearPasscode {
        /// The token escrowed at enrolment.
        unlock_token: UnlockToken,
    },
    /// Locks the screen.
    DeviceLock {
        /// Shown on the lock screen if a passcode is set.
        message: Option<String>,
    },
    /// Removes the Activation Lock of a supervised device.
    ///
    /// The page "Disable Activation Lock" lets the server issue the code to the device; Apple's
    /// own protocol has no such request, so the name is the product's.
    DisableActivationLock {
        /// The code the device made and the server kept.
        bypass_code: BypassCode,
    },
    /// Reports passcode and encryption. Answered `NotNow` while locked.
    SecurityInfo,
    /// Removes the management profile: the device leaves.
    RemoveProfile {
        /// Identifier of the profile.
        identifier: String,
    },
}

/// Requests of the Android Management API, named by their `CommandType`.
///
/// Wire order is fixed: new requests are appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AndroidRequest {
    /// Factory reset; on a personally-owned device, removal of the work profile.
    Wipe {
        /// `PRESERVE_RESET_PROTECTION_DATA`.
        preserve_reset_protection_data: bool,
        /// `WIPE_ESIMS`.
        wipe_esims: bool,
    },
    /// Sets a temporary passcode, made on the device.
    ResetPassword {
        /// Whose passcode.
        scope: PasswordScope,
    },
    /// Locks the device or the work profile.
    Lock,
    /// Reports the device's state.
    RequestDeviceInfo,
    /// Removes the work profile or the device administrator: the device leaves.
    RelinquishOwnership,
}

/// Whose password a reset concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasswordScope {
    /// The whole device (`SCOPE_DEVICE`).
    Device,
    /// The work profile (`SCOPE_PROFILE`).
    Profile,
}

impl Request {
    /// The platform's own name of the request.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Apple(AppleRequest::EraseDevice { .. }) => "EraseDevice",
            Self::Apple(AppleRequest::ClearPasscode { .. }) => "ClearPasscode",
            Self::Apple(AppleRequest::DeviceLock { .. }) => "DeviceLock",
            Self::Apple(AppleRequest::DisableActivationLock { .. }) => "DisableActivationLock",
            Self::Apple(AppleRequest::SecurityInfo) => "SecurityInfo",
            Self::Apple(AppleRequest::RemoveProfile { .. }) => "RemoveProfile",
            Self::Android(AndroidRequest::Wipe { .. }) => "WIPE",
            Self::Android(AndroidRequest::ResetPassword { .. }) => "RESET_PASSWORD",
            Self::Android(AndroidRequest::Lock) => "LOCK",
            Self::Android(AndroidRequest::RequestDeviceInfo) => "REQUEST_DEVICE_INFO",
            Self::Android(AndroidRequest::RelinquishOwnership) => "RELINQUISH_OWNERSHIP",
        }
    }
}
