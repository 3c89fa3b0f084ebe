//! What a person can do to a device.

use alloc::string::String;

use muster_protocol::secret::Passcode;
use serde::{Deserialize, Serialize};

/// One action of the person who holds the device.
///
/// An action that does not fit the device or its phase changes nothing and is noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserAction {
    /// Locks the screen.
    Lock,
    /// Unlocks the screen with the passcode the user knows.
    Unlock,
    /// Sets or changes the device passcode.
    SetPasscode,
    /// Starts the Find My app, which arms the Activation Lock where that is allowed.
    StartFindMy,
    /// Turns Find My off with the owner's account; the Activation Lock goes with it.
    StopFindMy,
    /// Confirms the credential and so activates a pending reset-passcode token.
    AcceptPrompt,
    /// Restarts the device.
    Reboot,
    /// Fills in the Activation Lock page of Setup Assistant.
    EnterAtSetupAssistant {
        /// Left blank when the password is a bypass code.
        user_name: String,
        /// The bypass code.
        password: Passcode,
    },
    /// Signs in at Setup Assistant with the account that locked the device.
    SignInAsOwner,
    /// Erases all content and settings on the device itself.
    EraseAllContent,
    /// Restores a backup of this device without enrolling again: an Apple device makes a new
    /// keybag, and the unlock token the server keeps opens nothing any more.
    RestoreFromBackup,
    /// Restores a backup of another device, which brings its data and none of its codes.
    RestoreFromAnotherBackup,
    /// Removes the device passcode.
    ClearPasscode,
    /// Forgets the password of the work profile where it has a lock of its own, otherwise the
    /// device passcode.
    ForgetPasscode,
    /// Removes the work profile of a personally-owned Android device: the management ends.
    RemoveWorkProfile,
    /// Types a passcode, for example the temporary one after a reset.
    EnterPasscode(Passcode),
    /// Switches a device on that was switched off.
    PowerOn,
    /// Switches the device off.
    PowerOff,
    /// Uses the device until its battery has so much left; with nothing left it goes off.
    UseBattery {
        /// Of 100; what is more counts as 100.
        left_percent: u8,
    },
    /// Charges the battery until it is full. A device that is off stays off.
    ChargeBattery,
    /// Signs in with the account of an account-driven enrolment, which finishes it.
    SignIn,
    /// Installs a profile by hand, which no management put there.
    InstallProfile {
        /// Identifier of the profile.
        identifier: String,
    },
    /// Does something on the device during which the system holds management back.
    HoldManagement,
    /// Ends that.
    ReleaseManagement,
    /// Takes an Android device out of Lost Mode, with the passcode if there is one.
    ExitLostMode,
    /// Switches the location of an Android device on.
    TurnLocationOn,
    /// Switches the location of an Android device off.
    TurnLocationOff,
    /// Lets the organisation locate a corporate device with a work profile.
    ConsentToLocation,
    /// Logs in at a Shared iPad; whoever was logged in is no more.
    LogIn {
        /// The managed account.
        user_name: String,
    },
    /// Logs out of a Shared iPad.
    LogOut,
    /// Does something on a Shared iPad that is not synced for now.
    WorkOffline,
}

impl UserAction {
    /// The name of the action, for notes and tables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Lock => "Lock",
            Self::Unlock => "Unlock",
            Self::SetPasscode => "SetPasscode",
            Self::StartFindMy => "StartFindMy",
            Self::StopFindMy => "StopFindMy",
            Self::AcceptPrompt => "AcceptPrompt",
            Self::Reboot => "Reboot",
            Self::EnterAtSetupAssistant { .. } => "EnterAtSetupAssistant",
            Self::SignInAsOwner => "SignInAsOwner",
            Self::EraseAllContent => "EraseAllContent",
            Self::RestoreFromBackup => "RestoreFromBackup",
            Self::RestoreFromAnotherBackup => "RestoreFromAnotherBackup",
            Self::ClearPasscode => "ClearPasscode",
            Self::ForgetPasscode => "ForgetPasscode",
            Self::RemoveWorkProfile => "RemoveWorkProfile",
            Self::EnterPasscode(_) => "EnterPasscode",
            Self::PowerOn => "PowerOn",
            Self::PowerOff => "PowerOff",
            Self::UseBattery { .. } => "UseBattery",
            Self::ChargeBattery => "ChargeBattery",
            Self::SignIn => "SignIn",
            Self::InstallProfile { .. } => "InstallProfile",
            Self::HoldManagement => "HoldManagement",
            Self::ReleaseManagement => "ReleaseManagement",
            Self::ExitLostMode => "ExitLostMode",
            Self::TurnLocationOn => "TurnLocationOn",
            Self::TurnLocationOff => "TurnLocationOff",
            Self::ConsentToLocation => "ConsentToLocation",
            Self::LogIn { .. } => "LogIn",
            Self::LogOut => "LogOut",
            Self::WorkOffline => "WorkOffline",
        }
    }
}
