//! What a person in front of the device would see.

use alloc::string::String;

use muster_protocol::command::PasswordScope;

/// One observation. Notes change nothing; they are for people, traces and tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An event that did not fit the state was ignored.
    Ignored {
        /// Name of the message, action or event.
        event: &'static str,
    },
    /// The server refused the enrolment for good.
    EnrolmentRefused,
    /// Settings ask for a new passcode because policy requires one.
    ///
    /// Source: "Reset or remove a device passcode in Intune", Remove iOS/iPadOS passcodes.
    SetNewPasscodePrompt,
    /// The lock screen shows a text of the organisation.
    LockScreenMessage(String),
    /// The lock screen of a lost device shows what a finder should know.
    LostModeNotice(String),
    /// A lost device plays a sound.
    LostModeSound,
    /// A notification asks to activate the reset passcode of the work profile.
    ///
    /// Source: "Reset or remove a device passcode in Intune", Reset Android work profile and
    /// Device Owner passcodes.
    ActivateResetPasscodeNotification,
    /// The device asks to confirm the credential once, for the reset-passcode token.
    ConfirmCredentialPrompt,
    /// The user confirmed; notification or prompt is gone.
    PromptDismissed,
    /// Only the temporary passcode opens this device or profile.
    TemporaryPasscodeNeeded,
    /// The temporary passcode was entered.
    TemporaryPasscodeAccepted,
    /// The user does not know the passcode any more, so nothing that takes it can be done.
    PasscodeForgotten,
    /// Policy asks for a password that is not set: the device does not comply.
    ///
    /// Source: `PASSWORD_POLICIES_PASSWORD_NOT_SUFFICIENT`, Android Management API.
    PasswordNotSufficient {
        /// Whose.
        scope: PasswordScope,
    },
    /// Android refused the token of the agent: it is too short.
    ResetTokenRefused,
    /// Asked to lock, the device turned its screen off; anyone can wake it.
    ///
    /// Source: `DevicePolicyManager.lockNow`.
    AsleepNotLocked,
    /// A passcode that does not fit was entered.
    WrongPasscode,
    /// Setup Assistant asks for the Apple ID and password of the owner.
    ///
    /// Source: "Disable Activation Lock on Supervised iOS/iPadOS devices with Intune", step 6.
    ActivationPrompt,
    /// Setup Assistant refused what was entered; the device stays locked.
    ActivationRefused,
    /// The Activation Lock was removed at Setup Assistant; the set-up goes on.
    ActivationLockRemoved,
    /// An erased device set itself up and enrols again, with nobody near it.
    ///
    /// Source: EraseDevice, key `ReturnToService`, Apple MDM.
    ReturnedToService,
    /// There is no room for the application that management wants installed.
    StorageFull,
    /// The battery is empty: the device switched itself off.
    BatteryEmpty,
    /// A device plays the sound of its organisation.
    ///
    /// Source: Intune, remote actions, play lost device sound.
    SoundPlays {
        /// For how long.
        minutes: u8,
    },
    /// An application starts as if newly installed: its data is gone.
    ///
    /// Source: CLEAR_APP_DATA, Android Management API.
    ApplicationDataCleared(String),
    /// Before the first unlock nobody knows whether the passcode meets the policy: the device
    /// does not comply until its user enters it.
    ///
    /// Source: `PASSWORD_POLICIES_USER_CREDENTIALS_CONFIRMATION_REQUIRED`, Android Management API.
    PasswordConfirmationRequired,
}
