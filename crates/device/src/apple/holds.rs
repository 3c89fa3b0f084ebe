//! What stands in the way of a request, and what makes it stand there.

use muster_protocol::status::{Presence, Switch};
use muster_protocol::{Mode, OsVersion};
use serde::{Deserialize, Serialize};

use super::state::Apple;
use crate::spec::{AccountSignIn, AwaitConfiguration, Screen, Traits};
use crate::system::{Consequences, Situation};

/// The first version that can be held in Setup Assistant.
///
/// Source: DeviceConfigured, github.com/apple/device-management,
/// `mdm/commands/device.configured.yaml`.
const FIRST_TO_AWAIT: OsVersion = OsVersion::major(9);

/// What a request may run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Obstacle {
    /// Something that has to be ended.
    Held(Hold),
    /// A screen that is locked with a passcode.
    LockedScreen,
    /// Nobody has entered the passcode since the device started.
    BeforeFirstUnlock,
    /// The organisation has declared the device lost.
    LostMode,
}

impl Obstacle {
    /// Whether it goes when somebody unlocks the device.
    pub(crate) const fn is_lock(self) -> bool {
        match self {
            Self::LockedScreen | Self::BeforeFirstUnlock => true,
            Self::Held(_) | Self::LostMode => false,
        }
    }
}

/// What holds a device up until somebody ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Hold {
    /// The system lets management do next to nothing.
    Management,
    /// The user of an account-driven enrolment has not signed in yet.
    Account,
    /// Setup Assistant waits for DeviceConfigured.
    SetupAssistant,
}

impl Apple {
    /// Holds a device up that has just enrolled, if its record or its user wants it so.
    pub(super) fn hold_up(&mut self, mode: Mode, os_version: OsVersion, traits: Traits) {
        if traits.account_sign_in == AccountSignIn::Later && is_account_driven(mode) {
            self.hold(Hold::Account);
        }
        let awaits = traits.await_configuration == AwaitConfiguration::Yes
            && is_enrolled_automatically(mode)
            && os_version >= FIRST_TO_AWAIT;
        if awaits {
            self.hold(Hold::SetupAssistant);
            self.passcode = Presence::NotSet;
            self.screen = Screen::Unlocked;
            self.set_up_find_my(Switch::Off);
        }
    }

    /// The user goes through the rest of Setup Assistant.
    pub(super) fn finish_set_up(&mut self, situation: &mut Situation<'_>) -> Consequences {
        self.release(Hold::SetupAssistant);
        self.set_up(situation.persona);
        self.on_policy(situation)
    }

    pub(super) fn hold(&mut self, hold: Hold) {
        self.holds.insert(hold);
    }

    pub(super) fn release(&mut self, hold: Hold) {
        self.holds.remove(&hold);
    }

    pub(super) fn is_held(&self, hold: Hold) -> bool {
        self.holds.contains(&hold)
    }

    /// Whether `obstacle` is in the way at the moment.
    pub(super) fn meets(&self, obstacle: Obstacle) -> bool {
        match obstacle {
            Obstacle::Held(hold) => self.is_held(hold),
            Obstacle::LockedScreen => self.is_locked_with_passcode(),
            Obstacle::BeforeFirstUnlock => self.is_before_first_unlock(),
            Obstacle::LostMode => self.lost_mode().is_on(),
        }
    }

    /// Remembers why the device is about to say `NotNow`.
    pub(super) fn wait_for(&mut self, obstacle: Obstacle) {
        let mut waits = core::mem::take(&mut self.waits);
        waits.retain(|known| self.meets(*known));
        waits.insert(obstacle);
        self.waits = waits;
    }

    /// Whether everything that made it say `NotNow` is still in the way.
    ///
    /// Source: "Handling NotNow status responses", Apple: the device polls when conditions change.
    pub(crate) fn is_busy(&self) -> bool {
        self.waits.iter().all(|obstacle| self.meets(*obstacle))
    }
}

/// Whether the user begins the enrolment by signing in with an account of the organisation.
const fn is_account_driven(mode: Mode) -> bool {
    match mode {
        Mode::AppleAccountDrivenDevice | Mode::AppleAccountDrivenUser => true,
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleSharedIpad
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => false,
    }
}

/// Whether the set-up itself finds the server, by the device's record with its vendor.
pub(super) const fn is_enrolled_automatically(mode: Mode) -> bool {
    match mode {
        Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => true,
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => false,
    }
}
