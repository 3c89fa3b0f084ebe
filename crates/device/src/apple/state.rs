//! The state of an iPhone or iPad and what changes it.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_protocol::seed::Stream;
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{ActivationLockPolicy, Mode, OsVersion, Policy, Supervision};
use serde::{Deserialize, Serialize};

use super::activation_lock::{ActivationLock, BypassKey, Reading};
use super::lost_mode::LostMode;
use crate::note::Note;
use crate::spec::{Persona, Screen};
use crate::system::{Consequences, Entry, Network, Remains, Secrets, Situation};
use crate::user::UserAction;

/// Bytes of an unlock token.
const UNLOCK_TOKEN_BYTES: usize = 32;

/// Profiles a device takes beside the management profile.
///
/// More than any sensible organisation sends, few enough that the state of a device stays small.
const PROFILES_MAX: usize = 16;

/// An iPhone or iPad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Apple {
    pub(super) power: Power,
    pub(super) passcode: Presence,
    pub(super) screen: Screen,
    find_my: Switch,
    pub(super) activation_lock: ActivationLock,
    pub(super) allowance: Allowance,
    /// What opens the keybag in this enrolment; none in User Enrollment or without management.
    unlock_token: Option<UnlockToken>,
    pub(super) lost_mode: LostMode,
    /// Identifiers, oldest first.
    pub(super) profiles: Vec<String>,
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
            activation_lock: ActivationLock::Off,
            allowance: Allowance::ByPolicy,
            unlock_token: None,
            lost_mode: LostMode::Off,
            profiles: Vec::new(),
        }
    }
}

/// When Find My locks a device to its owner's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ArmingRule {
    /// By itself, and nobody but the owner can undo it.
    ByItself,
    /// Because the organisation allows it and keeps a code.
    WithCode,
    /// Not at all.
    Never,
}

impl ArmingRule {
    /// Source: MDMOptions.ActivationLockAllowedWhileSupervised, Apple MDM Settings command.
    fn of(mode: Mode, policy: Policy) -> Self {
        match (mode.supervision(), policy.activation_lock) {
            (Supervision::Unsupervised, _) => Self::ByItself,
            (Supervision::Supervised, ActivationLockPolicy::Allowed) => Self::WithCode,
            (Supervision::Supervised, ActivationLockPolicy::Disallowed) => Self::Never,
        }
    }
}

impl Apple {
    pub(crate) fn set_up(&mut self, mode: Mode, persona: &Persona) {
        self.passcode = persona.passcode;
        self.screen = persona.screen;
        self.find_my = persona.find_my;
        let on_its_own = self.find_my == Switch::On
            && ArmingRule::of(mode, Policy::NONE) == ArmingRule::ByItself;
        if on_its_own {
            self.activation_lock = ActivationLock::ByAccount;
        }
    }

    /// Makes the unlock token of this enrolment. User Enrollment has none.
    pub(crate) fn on_enrolled(&mut self, situation: &mut Situation<'_>) -> Secrets {
        self.unlock_token = if situation.facts.mode == Mode::AppleUser {
            None
        } else {
            Some(new_unlock_token(situation.chance))
        };
        Secrets { unlock_token: self.unlock_token.clone(), bypass_code: None }
    }

    /// Arms the lock if the policy allows what Find My has been waiting for.
    pub(crate) fn on_policy(&mut self, situation: &mut Situation<'_>) -> Consequences {
        let arms = match self.activation_lock {
            ActivationLock::Off => self.find_my == Switch::On,
            ActivationLock::Lifted
            | ActivationLock::ByAccount
            | ActivationLock::ByAccountOrCode { .. } => false,
        };
        if arms { self.arm(situation) } else { Consequences::default() }
    }

    /// The policy with what a Settings command made of it.
    pub(super) const fn policy_in_force(&self, policy: Policy) -> Policy {
        match self.allowance {
            Allowance::ByPolicy => policy,
            Allowance::BySettings(activation_lock) => Policy { activation_lock, ..policy },
        }
    }

    fn arm(&mut self, situation: &mut Situation<'_>) -> Consequences {
        match ArmingRule::of(situation.facts.mode, self.policy_in_force(situation.policy)) {
            ArmingRule::Never => Consequences::default(),
            ArmingRule::ByItself => {
                self.activation_lock = ActivationLock::ByAccount;
                Consequences::default()
            }
            ArmingRule::WithCode => {
                let key = BypassKey::from_bytes(situation.chance.bytes());
                self.activation_lock =
                    ActivationLock::ByAccountOrCode { key, reading: Reading::Told };
                escrow(key.code())
            }
        }
    }

    pub(crate) fn on_user(
        &mut self,
        action: &UserAction,
        situation: &mut Situation<'_>,
    ) -> Consequences {
        if self.power == Power::Off && *action != UserAction::PowerOn {
            return Consequences::note(Note::Ignored { event: action.name() });
        }
        match action {
            UserAction::Lock => self.screen = Screen::Locked,
            UserAction::Reboot => return Consequences::network(self.restart()),
            UserAction::PowerOn if self.power == Power::Off => {
                return Consequences::network(self.switch_on());
            }
            UserAction::Unlock if !self.lost_mode.is_on() => {
                return Consequences::network(self.unlock());
            }
            UserAction::SetPasscode => self.passcode = Presence::Set,
            UserAction::StartFindMy => return self.start_find_my(situation),
            UserAction::StopFindMy => {
                self.find_my = Switch::Off;
                self.activation_lock = ActivationLock::Off;
            }
            UserAction::RestoreFromBackup => self.remake_keybag(situation.chance),
            UserAction::AcceptPrompt
            | UserAction::ClearPasscode
            | UserAction::ForgetPasscode
            | UserAction::RemoveWorkProfile
            | UserAction::Unlock
            | UserAction::PowerOn
            | UserAction::EnterAtSetupAssistant { .. }
            | UserAction::SignInAsOwner
            | UserAction::EraseAllContent
            | UserAction::EnterPasscode(_) => {
                return Consequences::note(Note::Ignored { event: action.name() });
            }
        }
        Consequences::default()
    }

    /// Locks again even after the organisation lifted the lock, and then with a new code.
    fn start_find_my(&mut self, situation: &mut Situation<'_>) -> Consequences {
        self.find_my = Switch::On;
        if self.activation_lock.is_on() {
            return Consequences::default();
        }
        self.arm(situation)
    }

    /// Starts again. Behind a passcode the device comes back to no network by itself.
    pub(super) fn restart(&mut self) -> Network {
        match self.switch_on() {
            Network::Back => Network::BackAtOnce,
            Network::Unchanged | Network::Gone | Network::BackAtOnce => Network::Gone,
        }
    }

    fn switch_on(&mut self) -> Network {
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

    fn unlock(&mut self) -> Network {
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
    fn remake_keybag(&mut self, chance: &mut Stream) {
        if self.unlock_token.is_some() {
            self.unlock_token = Some(new_unlock_token(chance));
        }
    }

    /// Erases everything but the Activation Lock, which the vendor keeps.
    ///
    /// A lock the organisation lifted stays off, as the vendor's record does.
    pub(crate) fn erase(&mut self) -> Remains {
        let lock = core::mem::take(&mut self.activation_lock);
        *self = Self::default();
        if lock.is_on() {
            self.activation_lock = lock;
            Remains::ActivationLock
        } else {
            Remains::Nothing
        }
    }

    /// What came with the management goes with it.
    pub(crate) fn on_left(&mut self) {
        self.unlock_token = None;
        self.allowance = Allowance::ByPolicy;
        self.lost_mode = LostMode::Off;
        self.profiles.clear();
    }

    /// Source: "Disable Activation Lock on Supervised iOS/iPadOS devices with Intune", step 6:
    /// the user name stays blank, the code is the password.
    pub(crate) fn unlock_at_setup(&mut self, action: &UserAction) -> Entry {
        let accepted = match action {
            UserAction::EnterAtSetupAssistant { user_name, password } => {
                user_name.trim().is_empty() && self.activation_lock.opens_with(password.expose())
            }
            UserAction::SignInAsOwner => true,
            UserAction::Lock
            | UserAction::Unlock
            | UserAction::SetPasscode
            | UserAction::StartFindMy
            | UserAction::StopFindMy
            | UserAction::AcceptPrompt
            | UserAction::Reboot
            | UserAction::PowerOn
            | UserAction::EraseAllContent
            | UserAction::RestoreFromBackup
            | UserAction::ClearPasscode
            | UserAction::ForgetPasscode
            | UserAction::RemoveWorkProfile
            | UserAction::EnterPasscode(_) => return Entry::Ignored,
        };
        if accepted {
            self.activation_lock = ActivationLock::Off;
            Entry::Accepted
        } else {
            Entry::Refused
        }
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

    pub(super) const fn lost_mode(&self) -> &LostMode {
        &self.lost_mode
    }

    pub(super) const fn find_my(&self) -> Switch {
        self.find_my
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

fn new_unlock_token(chance: &mut Stream) -> UnlockToken {
    UnlockToken::new(chance.bytes::<UNLOCK_TOKEN_BYTES>().into())
}

fn escrow(code: BypassCode) -> Consequences {
    let mut consequences = Consequences::default();
    consequences.secrets.bypass_code = Some(code);
    consequences
}
