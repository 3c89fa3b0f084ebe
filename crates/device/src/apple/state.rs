//! The state of an iPhone or iPad and what changes it.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::secret::UnlockToken;
use muster_protocol::seed::Stream;
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{ActivationLockPolicy, Mode, OsVersion, Policy, Supervision};
use serde::{Deserialize, Serialize};

use super::activation_lock::ActivationLock;
use super::applications::Applications;
use super::battery::Battery;
use super::holds::{Hold, Obstacle};
use super::lost_mode::LostMode;
use super::shared::{SharedUsers, Standing};
use crate::recording::SecretMut;
use crate::spec::{AccessRights, Persona, Quirk, Screen, Traits};
use crate::system::{Network, Secrets, Situation};

/// Bytes of an unlock token.
const UNLOCK_TOKEN_BYTES: usize = 32;

/// Profiles a device takes beside the management profile.
///
/// More than any sensible organisation sends, few enough that the state of a device stays small.
pub(super) const PROFILES_MAX: usize = 16;

/// An iPhone or iPad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Apple {
    pub(super) power: Power,
    pub(super) passcode: Presence,
    pub(super) screen: Screen,
    pub(super) find_my: Switch,
    pub(super) activation_lock: ActivationLock,
    pub(super) allowance: Allowance,
    /// What opens the keybag in this enrolment; none in User Enrollment or without management.
    unlock_token: Option<UnlockToken>,
    pub(super) lost_mode: LostMode,
    /// Identifiers, oldest first.
    pub(super) profiles: Vec<String>,
    /// Identifiers of what its user installed by hand.
    pub(super) own_profiles: Vec<String>,
    pub(super) applications: Applications,
    pub(super) battery: Battery,
    /// What holds the device up.
    pub(super) holds: BTreeSet<Hold>,
    /// Why it said `NotNow`.
    pub(super) waits: BTreeSet<Obstacle>,
    /// What management called it; until then it goes by its serial number.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Who shares it, if it is a Shared iPad.
    #[serde(default)]
    pub(super) users: Option<SharedUsers>,
}

/// How far the device has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Power {
    /// In use: unlocked once since it started, or with nothing to unlock.
    Running,
    /// Started, and nobody has entered the passcode: no Wi-Fi, the user's data is closed.
    ///
    /// Source: RestartDevice, Apple MDM protocol reference.
    BeforeFirstUnlock,
    /// Switched off.
    Off,
}

/// Who says whether a supervised device may lock itself to its user's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Allowance {
    /// The policy.
    ByPolicy,
    /// A Settings command of this enrolment, which outranks the policy.
    BySettings(ActivationLockPolicy),
}

impl Default for Apple {
    fn default() -> Self {
        Self {
            power: Power::Running,
            passcode: Presence::NotSet,
            screen: Screen::Unlocked,
            find_my: Switch::Off,
            activation_lock: ActivationLock::default(),
            allowance: Allowance::ByPolicy,
            unlock_token: None,
            lost_mode: LostMode::Off,
            profiles: Vec::new(),
            own_profiles: Vec::new(),
            applications: Applications::default(),
            battery: Battery::FULL,
            holds: BTreeSet::new(),
            waits: BTreeSet::new(),
            name: None,
            users: None,
        }
    }
}

impl Apple {
    /// Shows every secret in a fixed order.
    pub(crate) fn visit_secrets(&mut self, see: &mut dyn FnMut(SecretMut<'_>)) {
        if let Some(token) = &mut self.unlock_token {
            see(SecretMut::UnlockToken(token));
        }
        self.activation_lock.visit_secrets(see);
    }

    pub(crate) fn set_up(&mut self, persona: &Persona) {
        self.passcode = persona.passcode;
        self.screen = persona.screen;
        self.set_up_find_my(persona.find_my);
    }

    /// Makes the unlock token of this enrolment, if there is to be one.
    pub(crate) fn on_enrolled(&mut self, situation: &mut Situation<'_>) -> Secrets {
        let Situation { facts, traits, .. } = situation;
        self.users = (facts.mode == Mode::AppleSharedIpad).then(SharedUsers::of_a_class);
        self.hold_up(facts.mode, facts.os_version, *traits);
        let escrows = has_unlock_token(facts.mode, *traits);
        self.unlock_token = escrows.then(|| new_unlock_token(situation.chance));
        if situation.facts.mode.supervision() == Supervision::Supervised {
            self.activation_lock.make_code(situation);
        }
        Secrets { unlock_token: self.unlock_token.clone(), bypass_code: None }
    }

    /// The policy with what a Settings command made of it.
    pub(super) const fn policy_in_force(&self, policy: Policy) -> Policy {
        match self.allowance {
            Allowance::ByPolicy => policy,
            Allowance::BySettings(activation_lock) => Policy { activation_lock, ..policy },
        }
    }

    /// Starts again. Behind a passcode the device comes back to no network by itself.
    pub(super) fn restart(&mut self) -> Network {
        match self.switch_on() {
            Network::Back => Network::BackAtOnce,
            Network::Unchanged | Network::Gone | Network::BackAtOnce => Network::Gone,
        }
    }

    pub(super) fn switch_on(&mut self) -> Network {
        self.screen = Screen::Locked;
        match self.passcode {
            Presence::Set => {
                self.power = Power::BeforeFirstUnlock;
                Network::Unchanged
            }
            Presence::NotSet => {
                self.power = Power::Running;
                Network::Back
            }
        }
    }

    pub(super) fn unlock(&mut self) -> Network {
        self.screen = Screen::Unlocked;
        self.open_data()
    }

    /// The user's data is open from now on, until the next start.
    pub(super) fn open_data(&mut self) -> Network {
        match self.power {
            Power::BeforeFirstUnlock => {
                self.power = Power::Running;
                Network::Back
            }
            Power::Running | Power::Off => Network::Unchanged,
        }
    }

    /// What the server keeps is wrong from now on, and nothing tells it so.
    ///
    /// Source: "Reset or remove a device passcode in Intune", Remove iOS/iPadOS passcodes: the
    /// wrong token may be stored, and then only a wipe helps.
    pub(super) fn remake_keybag(&mut self, chance: &mut Stream) {
        if self.unlock_token.is_some() {
            self.unlock_token = Some(new_unlock_token(chance));
        }
    }

    /// Erases everything. What a backup of the device remembers is not on it.
    pub(crate) fn erase(&mut self) {
        let lock = core::mem::take(&mut self.activation_lock);
        let (activation_lock, battery) = (lock.erased(), self.battery);
        *self = Self { activation_lock, battery, ..Self::default() };
    }

    /// What came with the management goes with it.
    pub(crate) fn on_left(&mut self) {
        self.unlock_token = None;
        self.allowance = Allowance::ByPolicy;
        self.lost_mode = LostMode::Off;
        self.profiles.clear();
        self.applications = Applications::default();
        self.holds.clear();
        self.waits.clear();
        self.users = None;
    }

    pub(crate) fn is_locked_with_passcode(&self) -> bool {
        self.screen == Screen::Locked && self.passcode == Presence::Set
    }

    pub(super) fn is_before_first_unlock(&self) -> bool {
        self.power == Power::BeforeFirstUnlock
    }

    /// Whether anything of it answers.
    pub(crate) fn is_switched_on(&self) -> bool {
        self.power != Power::Off
    }

    /// Whether it finds a network without anybody's help.
    pub(crate) fn is_on_network(&self) -> bool {
        self.power == Power::Running
    }

    pub(crate) const fn is_lost(&self) -> bool {
        self.lost_mode.is_on()
    }

    pub(super) const fn lost_mode(&self) -> &LostMode {
        &self.lost_mode
    }

    pub(super) const fn find_my(&self) -> Switch {
        self.find_my
    }

    pub(super) const fn battery(&self) -> Battery {
        self.battery
    }

    pub(super) const fn applications(&self) -> &Applications {
        &self.applications
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether somebody is logged in at a Shared iPad.
    pub(super) fn is_in_use(&self) -> bool {
        self.users.as_ref().is_some_and(SharedUsers::is_in_use)
    }

    /// How an account on a Shared iPad stands, if there is one of this name.
    pub(super) fn standing_of(&self, user_name: &str) -> Option<Standing> {
        self.users.as_ref()?.standing(user_name)
    }

    pub(super) fn profiles(&self) -> &[String] {
        &self.profiles
    }

    /// Whether the profile replaces one or there is room for another.
    pub(super) fn has_room_for_profile(&self, identifier: &str) -> bool {
        let replaces = self.profiles.iter().any(|installed| installed == identifier);
        replaces || self.profiles.len() < PROFILES_MAX
    }

    pub(super) const fn activation_lock(&self) -> &ActivationLock {
        &self.activation_lock
    }

    pub(super) const fn unlock_token(&self) -> Option<&UnlockToken> {
        self.unlock_token.as_ref()
    }

    pub(crate) fn status(&self, os_version: OsVersion) -> DeviceStatus {
        DeviceStatus {
            os_version,
            passcode: self.passcode,
            platform: PlatformStatus::Apple {
                find_my: self.find_my,
                activation_lock: if self.activation_lock.is_on() {
                    Switch::On
                } else {
                    Switch::Off
                },
            },
        }
    }
}

/// Whether a device of this enrolment gives its server an unlock token.
///
/// Source: `UnlockToken`, github.com/apple/device-management, `mdm/checkin/tokenupdate.yaml`: not
/// in User Enrollment, not on Shared iPad, and only with the right to remove passcodes.
fn has_unlock_token(mode: Mode, traits: Traits) -> bool {
    let right = AccessRights::LOCK_AND_PASSCODE;
    let granted =
        mode.supervision() == Supervision::Supervised || traits.access_rights.grant(right);
    granted
        && !mode.is_user_enrollment()
        && mode != Mode::AppleSharedIpad
        && traits.quirk != Some(Quirk::NoEscrowKeybag)
}

fn new_unlock_token(chance: &mut Stream) -> UnlockToken {
    UnlockToken::new(chance.bytes::<UNLOCK_TOKEN_BYTES>().into())
}
