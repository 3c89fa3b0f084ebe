//! The flags of `muster action`, and the actions there are.

use std::time::Duration;

use clap::{Args, ValueEnum};
use muster_control::ActionKind;

use super::AdminArgs;
use super::value::span;

/// `muster action`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster action sync F17G0000A1\n  muster action reset-passcode F17G0000A1 --wait\n  \
    muster action wipe F17G0000A1 --wait=1m --json\n  \
    muster action wipe F17G0000A1 --keep-enrollment-data --persist-esim\n  \
    muster action enable-lost-mode F17G0000A1 --message 'please call' --phone-number '555 0100' --wait\n  \
    muster action locate F17G0000A1 --wait\n  muster action play-lost-mode-sound F17G0000A1 --minutes 2\n  \
    muster action rename F17G0000A1 --name 'Kiosk 3'\n  \
    muster action delete-user DMPX0000B2 --user pupil-1@school.example --wait\n  \
    muster action delete F17G0000A1\n\n\
    Simulated wipes only ever touch simulated devices."
)]
pub(crate) struct ActionArgs {
    /// What to ask for
    #[arg(value_enum)]
    pub(crate) action: ActionName,
    /// Device id or serial number
    pub(crate) device: String,
    /// Wait until the device has answered, at most this long
    #[arg(long, value_parser = span, num_args = 0..=1, default_missing_value = "30s", require_equals = true, value_name = "SPAN")]
    pub(crate) wait: Option<Duration>,
    /// What the action is asked with.
    #[command(flatten)]
    pub(crate) with: ActionWith,
    /// Where the admin API is.
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// What goes with one action or another.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ActionWith {
    /// enable-lost-mode: text on the lock screen
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// enable-lost-mode: number on the lock screen
    #[arg(long, value_name = "TEXT")]
    pub(crate) phone_number: Option<String>,
    /// enable-lost-mode: text at the foot of the lock screen
    #[arg(long, value_name = "TEXT")]
    pub(crate) footer: Option<String>,
    /// play-lost-mode-sound: for how long
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5), value_name = "1-5")]
    pub(crate) minutes: Option<u8>,
    /// rename: the new name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// delete-user: whose account
    #[arg(long, value_name = "UPN")]
    pub(crate) user: Option<String>,
    /// wipe: have the device enrol again by itself (Return to Service)
    #[arg(long)]
    pub(crate) keep_enrollment_data: bool,
    /// wipe: keep the eSIM data plan
    #[arg(long)]
    pub(crate) persist_esim: bool,
}

/// The remote actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ActionName {
    /// Reset to factory settings
    Wipe,
    /// Remove management, leave personal data
    Retire,
    /// Remove the passcode (iOS) or set a temporary one (Android)
    ResetPasscode,
    /// Lock the screen
    Lock,
    /// Check in and report
    Sync,
    /// Remove the Activation Lock of a supervised iOS device
    BypassActivationLock,
    /// Restart
    Reboot,
    /// Switch off
    ShutDown,
    /// Lock the device for a finder to bring back
    EnableLostMode,
    /// End Lost Mode
    DisableLostMode,
    /// Report where the device is
    Locate,
    /// Play a sound
    PlayLostModeSound,
    /// Take the device off the list at once; it is retired, or wiped
    Delete,
    /// Let a device that waits in Setup Assistant go on
    DeviceConfigured,
    /// Give the device another name
    Rename,
    /// Log the active user of a Shared iPad out
    LogOutUser,
    /// Delete the account of a user from a Shared iPad
    DeleteUser,
}

impl ActionName {
    /// The action as the server knows it.
    pub(crate) const fn kind(self) -> ActionKind {
        match self {
            Self::Wipe => ActionKind::Wipe,
            Self::Retire => ActionKind::Retire,
            Self::ResetPasscode => ActionKind::ResetPasscode,
            Self::Lock => ActionKind::RemoteLock,
            Self::Sync => ActionKind::SyncDevice,
            Self::BypassActivationLock => ActionKind::BypassActivationLock,
            Self::Reboot => ActionKind::RebootNow,
            Self::ShutDown => ActionKind::ShutDown,
            Self::EnableLostMode => ActionKind::EnableLostMode,
            Self::DisableLostMode => ActionKind::DisableLostMode,
            Self::Locate => ActionKind::LocateDevice,
            Self::PlayLostModeSound => ActionKind::PlayLostModeSound,
            Self::Delete => ActionKind::Delete,
            Self::DeviceConfigured => ActionKind::DeviceConfigured,
            Self::Rename => ActionKind::SetDeviceName,
            Self::LogOutUser => ActionKind::LogoutSharedAppleDeviceActiveUser,
            Self::DeleteUser => ActionKind::DeleteUserFromSharedAppleDevice,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_can_be_asked_for() {
        for kind in ActionKind::ALL {
            let named = ActionName::value_variants().iter().any(|name| name.kind() == kind);
            assert!(named, "{kind:?}");
        }
    }
}
