//! What an administrator can ask for, named as Microsoft Graph names it.

use alloc::string::String;

use serde::{Deserialize, Serialize};

/// A remote action with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Resets the device to factory settings.
    Wipe {
        /// Keeps the eSIM data plan (`persistEsimDataPlan`).
        persist_esim_data_plan: bool,
        /// Has the device enrol again by itself (`keepEnrollmentData`): Return to Service.
        #[serde(default)]
        keep_enrollment_data: bool,
    },
    /// Removes management and leaves personal data.
    Retire,
    /// Removes the passcode (iOS) or sets a temporary one (Android).
    ResetPasscode,
    /// Locks the screen.
    RemoteLock,
    /// Has the device check in and report.
    SyncDevice,
    /// Removes the Activation Lock of a supervised iOS device.
    BypassActivationLock,
    /// Restarts the device.
    RebootNow,
    /// Switches the device off.
    ShutDown,
    /// Locks the device for a finder to bring back. A message or a phone number is needed.
    EnableLostMode {
        /// Shown on the lock screen.
        message: Option<String>,
        /// Shown on the lock screen.
        phone_number: Option<String>,
        /// Shown in place of "Slide to unlock".
        footer: Option<String>,
    },
    /// Ends Lost Mode.
    DisableLostMode,
    /// Reports where the device is.
    LocateDevice,
    /// Plays a sound on the device.
    PlayLostModeSound {
        /// For how long, in minutes (`durationInMinutes`). iOS knows no duration.
        duration_minutes: u8,
    },
    /// Takes the device off the list at once: a retire, or a wipe where there is nothing to leave.
    Delete,
    /// Releases a device that waits in Setup Assistant. The product's own: Graph has no such
    /// action.
    DeviceConfigured,
    /// Gives the device another name.
    SetDeviceName {
        /// The new name.
        device_name: String,
    },
    /// Logs the active user of a Shared iPad out.
    LogoutSharedAppleDeviceActiveUser,
    /// Deletes the account of a user from a Shared iPad, unless data of it would be lost.
    DeleteUserFromSharedAppleDevice {
        /// Whose account.
        user_principal_name: String,
    },
}

/// An action without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ActionKind {
    /// See [`Action::Wipe`].
    Wipe,
    /// See [`Action::Retire`].
    Retire,
    /// See [`Action::ResetPasscode`].
    ResetPasscode,
    /// See [`Action::RemoteLock`].
    RemoteLock,
    /// See [`Action::SyncDevice`].
    SyncDevice,
    /// See [`Action::BypassActivationLock`].
    BypassActivationLock,
    /// See [`Action::RebootNow`].
    RebootNow,
    /// See [`Action::ShutDown`].
    ShutDown,
    /// See [`Action::EnableLostMode`].
    EnableLostMode,
    /// See [`Action::DisableLostMode`].
    DisableLostMode,
    /// See [`Action::LocateDevice`].
    LocateDevice,
    /// See [`Action::PlayLostModeSound`].
    PlayLostModeSound,
    /// See [`Action::Delete`].
    Delete,
    /// See [`Action::DeviceConfigured`].
    DeviceConfigured,
    /// See [`Action::SetDeviceName`].
    SetDeviceName,
    /// See [`Action::LogoutSharedAppleDeviceActiveUser`].
    LogoutSharedAppleDeviceActiveUser,
    /// See [`Action::DeleteUserFromSharedAppleDevice`].
    DeleteUserFromSharedAppleDevice,
}

/// Which commands go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Ends the enrolment: supersedes whatever waits.
    Final,
    /// Everything else, first in first out.
    Normal,
}

impl ActionKind {
    /// Every action.
    pub const ALL: [Self; 17] = [
        Self::Wipe,
        Self::Retire,
        Self::ResetPasscode,
        Self::RemoteLock,
        Self::SyncDevice,
        Self::BypassActivationLock,
        Self::RebootNow,
        Self::ShutDown,
        Self::EnableLostMode,
        Self::DisableLostMode,
        Self::LocateDevice,
        Self::PlayLostModeSound,
        Self::Delete,
        Self::DeviceConfigured,
        Self::SetDeviceName,
        Self::LogoutSharedAppleDeviceActiveUser,
        Self::DeleteUserFromSharedAppleDevice,
    ];

    /// The last segment of the action's URL in Microsoft Graph.
    #[must_use]
    pub const fn graph_name(self) -> &'static str {
        match self {
            Self::Wipe => "wipe",
            Self::Retire => "retire",
            Self::ResetPasscode => "resetPasscode",
            Self::RemoteLock => "remoteLock",
            Self::SyncDevice => "syncDevice",
            Self::BypassActivationLock => "bypassActivationLock",
            Self::RebootNow => "rebootNow",
            Self::ShutDown => "shutDown",
            Self::EnableLostMode => "enableLostMode",
            Self::DisableLostMode => "disableLostMode",
            Self::LocateDevice => "locateDevice",
            Self::PlayLostModeSound => "playLostModeSound",
            Self::Delete => "delete",
            Self::DeviceConfigured => "deviceConfigured",
            Self::SetDeviceName => "setDeviceName",
            Self::LogoutSharedAppleDeviceActiveUser => "logoutSharedAppleDeviceActiveUser",
            Self::DeleteUserFromSharedAppleDevice => "deleteUserFromSharedAppleDevice",
        }
    }

    /// Which commands this one overtakes.
    #[must_use]
    pub(crate) const fn priority(self) -> Priority {
        match self {
            Self::Wipe | Self::Retire | Self::Delete => Priority::Final,
            Self::ResetPasscode
            | Self::RemoteLock
            | Self::SyncDevice
            | Self::BypassActivationLock
            | Self::RebootNow
            | Self::ShutDown
            | Self::EnableLostMode
            | Self::DisableLostMode
            | Self::LocateDevice
            | Self::PlayLostModeSound
            | Self::DeviceConfigured
            | Self::SetDeviceName
            | Self::LogoutSharedAppleDeviceActiveUser
            | Self::DeleteUserFromSharedAppleDevice => Priority::Normal,
        }
    }
}

impl Action {
    /// The action without its arguments.
    #[must_use]
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Wipe { .. } => ActionKind::Wipe,
            Self::Retire => ActionKind::Retire,
            Self::ResetPasscode => ActionKind::ResetPasscode,
            Self::RemoteLock => ActionKind::RemoteLock,
            Self::SyncDevice => ActionKind::SyncDevice,
            Self::BypassActivationLock => ActionKind::BypassActivationLock,
            Self::RebootNow => ActionKind::RebootNow,
            Self::ShutDown => ActionKind::ShutDown,
            Self::EnableLostMode { .. } => ActionKind::EnableLostMode,
            Self::DisableLostMode => ActionKind::DisableLostMode,
            Self::LocateDevice => ActionKind::LocateDevice,
            Self::PlayLostModeSound { .. } => ActionKind::PlayLostModeSound,
            Self::Delete => ActionKind::Delete,
            Self::DeviceConfigured => ActionKind::DeviceConfigured,
            Self::SetDeviceName { .. } => ActionKind::SetDeviceName,
            Self::LogoutSharedAppleDeviceActiveUser => {
                ActionKind::LogoutSharedAppleDeviceActiveUser
            }
            Self::DeleteUserFromSharedAppleDevice { .. } => {
                ActionKind::DeleteUserFromSharedAppleDevice
            }
        }
    }
}
