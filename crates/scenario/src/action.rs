//! What an administrator asks for, spelled as `muster action` spells it.

use core::fmt;

/// A remote action without its arguments.
///
/// What needs an argument has a fixed one: a message for Lost Mode, a minute of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Resets the device to factory settings.
    Wipe,
    /// Removes management and leaves personal data.
    Retire,
    /// Removes the passcode (iOS) or sets a temporary one (Android).
    ResetPasscode,
    /// Locks the screen.
    Lock,
    /// Has the device check in and report.
    Sync,
    /// Removes the Activation Lock of a supervised iOS device.
    BypassActivationLock,
    /// Restarts the device.
    Reboot,
    /// Switches the device off.
    ShutDown,
    /// Locks the device for a finder to bring back.
    EnableLostMode,
    /// Ends Lost Mode.
    DisableLostMode,
    /// Reports where the device is.
    Locate,
    /// Plays a sound.
    PlayLostModeSound,
    /// Takes the device off the list at once.
    Delete,
    /// Lets a device that waits in Setup Assistant go on.
    DeviceConfigured,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 14] = [
        Self::Wipe,
        Self::Retire,
        Self::ResetPasscode,
        Self::Lock,
        Self::Sync,
        Self::BypassActivationLock,
        Self::Reboot,
        Self::ShutDown,
        Self::EnableLostMode,
        Self::DisableLostMode,
        Self::Locate,
        Self::PlayLostModeSound,
        Self::Delete,
        Self::DeviceConfigured,
    ];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wipe => "wipe",
            Self::Retire => "retire",
            Self::ResetPasscode => "reset-passcode",
            Self::Lock => "lock",
            Self::Sync => "sync",
            Self::BypassActivationLock => "bypass-activation-lock",
            Self::Reboot => "reboot",
            Self::ShutDown => "shut-down",
            Self::EnableLostMode => "enable-lost-mode",
            Self::DisableLostMode => "disable-lost-mode",
            Self::Locate => "locate",
            Self::PlayLostModeSound => "play-lost-mode-sound",
            Self::Delete => "delete",
            Self::DeviceConfigured => "device-configured",
        }
    }

    /// The action with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
