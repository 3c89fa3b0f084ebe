//! Commands, spelled as their platforms spell them.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{Attempt, CommandId};
use crate::secret::{BypassCode, ProfilePayload, UnlockToken};
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
    /// Removes a profile; with the management profile the device leaves.
    RemoveProfile {
        /// Identifier of the profile.
        identifier: String,
    },
    /// Reports what the keys name. Unknown keys and keys this enrolment may not ask are left out.
    DeviceInformation {
        /// Keys, for example `IsSupervised`.
        queries: Vec<String>,
    },
    /// Restarts the device. Supervised only.
    RestartDevice,
    /// Switches the device off, until a person switches it on. Supervised only.
    ShutDownDevice,
    /// Locks the device for a finder to bring back. Supervised only.
    EnableLostMode {
        /// Shown on the lock screen. Needed if there is no phone number.
        message: Option<String>,
        /// Shown on the lock screen. Needed if there is no message.
        phone_number: Option<String>,
        /// Shown in place of "Slide to unlock".
        footnote: Option<String>,
    },
    /// Ends Lost Mode. Supervised only.
    DisableLostMode,
    /// Reports where the device is; in Lost Mode only. Supervised only.
    DeviceLocation,
    /// Plays a sound; in Lost Mode only. Supervised only.
    PlayLostModeSound,
    /// Reports the bypass code of the Activation Lock. Supervised only.
    ActivationLockBypassCode,
    /// Makes the bypass code unreadable from now on. Supervised only.
    ClearActivationLockBypassCode,
    /// Changes settings; each item has a result of its own.
    Settings {
        /// `MDMOptions.ActivationLockAllowedWhileSupervised`; without it there is no item.
        activation_lock_allowed_while_supervised: Option<bool>,
    },
    /// Installs a profile. Answered `NotNow` while locked.
    InstallProfile {
        /// Identifier of the profile; one with the same identifier is replaced.
        identifier: String,
        /// The profile itself.
        payload: ProfilePayload,
    },
    /// Lists the profiles installed by management.
    ProfileList,
    /// Lets a device that waits in Setup Assistant go on. Supervised only.
    DeviceConfigured,
    /// Lists the applications installed.
    InstalledApplicationList,
    /// Asks for the unlock token again. iOS 5.0 to 6.1.6 only, supervised only.
    RequestUnlockToken,
    /// Lists the certificates installed. Waits for the first unlock.
    CertificateList,
    /// Installs an application.
    InstallApplication {
        /// Bundle identifier.
        identifier: String,
    },
    /// Removes the passcode of Screen Time. Supervised only.
    ClearRestrictionsPassword,
    /// EraseDevice with its key `ReturnToService`: the device then sets itself up and enrols
    /// again without a person, unless an Activation Lock is on. From iOS 17.
    ReturnToService {
        /// Keeps the eSIM data plan.
        preserve_data_plan: bool,
        /// `WiFiProfileData`; without it the device needs a network it finds by itself.
        wifi_profile: Option<ProfilePayload>,
        /// `MDMProfileData`; without it the device asks Automated Device Enrollment.
        mdm_profile: Option<ProfilePayload>,
    },
    /// Settings with the item `DeviceName`. Supervised only. Since minor 2.
    SetDeviceName {
        /// The new name.
        name: String,
    },
    /// Logs the active user of a Shared iPad out. Since minor 2.
    LogOutUser,
    /// Deletes the account of a user from a Shared iPad. Since minor 2.
    DeleteUser {
        /// `UserName`: the managed account.
        user_name: String,
        /// `ForceDeletion`: although some of the user's data is not synced yet.
        force_deletion: bool,
    },
}

/// The identifier of the profile that is the management itself.
pub const MANAGEMENT_PROFILE: &str = "com.muster.mdm";

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
    /// Restarts the device. Fully managed devices only, from Android 7.
    Reboot,
    /// Locks the device for a finder. Organisation-owned devices only; one text is needed.
    StartLostMode {
        /// `lostMessage`.
        message: Option<String>,
        /// `lostPhoneNumber`.
        phone_number: Option<String>,
        /// `lostEmailAddress`.
        email_address: Option<String>,
        /// `lostStreetAddress`.
        street_address: Option<String>,
    },
    /// Ends Lost Mode.
    StopLostMode,
    /// Clears the data of applications. From Android 9.
    ClearAppData {
        /// `packageNames`.
        package_names: Vec<String>,
    },
    /// Reports where the device is. The product's own: its application does it, not the API.
    LocateDevice,
    /// Plays a sound. The product's own, as [`Self::LocateDevice`].
    PlayLostModeSound {
        /// For how long, in minutes, 1 to 5.
        duration_minutes: u8,
    },
    /// Gives the device another name. The product's own, as [`Self::LocateDevice`]. Since minor 2.
    SetDeviceName {
        /// The new name.
        name: String,
    },
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
            Self::Apple(request) => request.name(),
            Self::Android(request) => request.name(),
        }
    }
}

impl AppleRequest {
    /// The `RequestType`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EraseDevice { .. } | Self::ReturnToService { .. } => "EraseDevice",
            Self::ClearPasscode { .. } => "ClearPasscode",
            Self::DeviceLock { .. } => "DeviceLock",
            Self::DisableActivationLock { .. } => "DisableActivationLock",
            Self::SecurityInfo => "SecurityInfo",
            Self::RemoveProfile { .. } => "RemoveProfile",
            Self::DeviceInformation { .. } => "DeviceInformation",
            Self::RestartDevice => "RestartDevice",
            Self::ShutDownDevice => "ShutDownDevice",
            Self::EnableLostMode { .. } => "EnableLostMode",
            Self::DisableLostMode => "DisableLostMode",
            Self::DeviceLocation => "DeviceLocation",
            Self::PlayLostModeSound => "PlayLostModeSound",
            Self::ActivationLockBypassCode => "ActivationLockBypassCode",
            Self::ClearActivationLockBypassCode => "ClearActivationLockBypassCode",
            Self::Settings { .. } | Self::SetDeviceName { .. } => "Settings",
            Self::InstallProfile { .. } => "InstallProfile",
            Self::ProfileList => "ProfileList",
            Self::DeviceConfigured => "DeviceConfigured",
            Self::InstalledApplicationList => "InstalledApplicationList",
            Self::RequestUnlockToken => "RequestUnlockToken",
            Self::CertificateList => "CertificateList",
            Self::InstallApplication { .. } => "InstallApplication",
            Self::ClearRestrictionsPassword => "ClearRestrictionsPassword",
            Self::LogOutUser => "LogOutUser",
            Self::DeleteUser { .. } => "DeleteUser",
        }
    }
}

impl AndroidRequest {
    /// The `CommandType`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Wipe { .. } => "WIPE",
            Self::ResetPassword { .. } => "RESET_PASSWORD",
            Self::Lock => "LOCK",
            Self::RequestDeviceInfo => "REQUEST_DEVICE_INFO",
            Self::RelinquishOwnership => "RELINQUISH_OWNERSHIP",
            Self::Reboot => "REBOOT",
            Self::StartLostMode { .. } => "START_LOST_MODE",
            Self::StopLostMode => "STOP_LOST_MODE",
            Self::ClearAppData { .. } => "CLEAR_APP_DATA",
            Self::LocateDevice => "LOCATE_DEVICE",
            Self::PlayLostModeSound { .. } => "PLAY_LOST_MODE_SOUND",
            Self::SetDeviceName { .. } => "SET_DEVICE_NAME",
        }
    }
}
