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
            Self::ClearPasscode => "ClearPasscode",
            Self::ForgetPasscode => "ForgetPasscode",
            Self::RemoveWorkProfile => "RemoveWorkProfile",
            Self::EnterPasscode(_) => "EnterPasscode",
            Self::PowerOn => "PowerOn",
        }
    }
}
