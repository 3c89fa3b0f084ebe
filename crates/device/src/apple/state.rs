//! The state of an iPhone or iPad and what changes it.

use alloc::string::String;

use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_protocol::seed::Stream;
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{
    ActivationLockPolicy, Answer, AppleRequest, LockMessage, Mode, OsVersion, Outcome, Policy,
    Supervision,
};
use serde::{Deserialize, Serialize};

use super::activation_lock::{ActivationLock, BypassKey};
use super::decide::{Decision, decide};
use crate::note::Note;
use crate::spec::{Persona, Screen};
use crate::system::{Consequences, Effect, Entry, Execution, Remains, Secrets, Situation};
use crate::user::UserAction;

/// Bytes of an unlock token.
const UNLOCK_TOKEN_BYTES: usize = 32;

/// An iPhone or iPad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Apple {
    passcode: Presence,
    screen: Screen,
    find_my: Switch,
    activation_lock: ActivationLock,
    /// What opens the keybag in this enrolment; none in User Enrollment or without management.
    unlock_token: Option<UnlockToken>,
}

impl Default for Apple {
    fn default() -> Self {
        Self {
            passcode: Presence::NotSet,
            screen: Screen::Unlocked,
            find_my: Switch::Off,
            activation_lock: ActivationLock::Off,
            unlock_token: None,
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
            | ActivationLock::ByAccountOrCode(_) => false,
        };
        if arms {
            self.arm(ArmingRule::of(situation.facts.mode, situation.policy), situation.chance)
        } else {
            Consequences::default()
        }
    }

    fn arm(&mut self, rule: ArmingRule, chance: &mut Stream) -> Consequences {
        match rule {
            ArmingRule::Never => Consequences::default(),
            ArmingRule::ByItself => {
                self.activation_lock = ActivationLock::ByAccount;
                Consequences::default()
            }
            ArmingRule::WithCode => {
                let key = BypassKey::from_bytes(chance.bytes());
                self.activation_lock = ActivationLock::ByAccountOrCode(key);
                escrow(key.code())
            }
        }
    }

    pub(crate) fn on_user(
        &mut self,
        action: &UserAction,
        situation: &mut Situation<'_>,
    ) -> Consequences {
        match action {
            UserAction::Lock | UserAction::Reboot => self.screen = Screen::Locked,
            UserAction::Unlock => self.screen = Screen::Unlocked,
            UserAction::SetPasscode => self.passcode = Presence::Set,
            UserAction::StartFindMy => return self.start_find_my(situation),
            UserAction::StopFindMy => {
                self.find_my = Switch::Off;
                self.activation_lock = ActivationLock::Off;
            }
            UserAction::RestoreFromBackup => self.remake_keybag(situation.chance),
            UserAction::AcceptPrompt
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
        self.arm(ArmingRule::of(situation.facts.mode, situation.policy), situation.chance)
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

    pub(crate) fn execute(
        &mut self,
        request: &AppleRequest,
        situation: &Situation<'_>,
    ) -> Execution {
        match decide(self, situation.facts.mode, request) {
            Decision::Refuse(outcome) => Execution::answer(outcome),
            Decision::Report => {
                let status = self.status(situation.facts.os_version);
                Execution::answer(Outcome::Acknowledged(Answer::Status(status)))
            }
            Decision::Lock(message) => self.lock(message),
            Decision::RemovePasscode => self.remove_passcode(situation.policy),
            Decision::LiftActivationLock => {
                self.activation_lock = ActivationLock::Lifted;
                Execution::changed(Outcome::Acknowledged(Answer::Done))
            }
            Decision::NothingToLift => Execution::answer(Outcome::Acknowledged(Answer::Done)),
            Decision::Erase => Execution::ending(Effect::Erase),
            Decision::Leave => Execution::ending(Effect::Leave),
        }
    }

    /// Locks the screen. Without a passcode it only sleeps and shows no text.
    ///
    /// Source: DeviceLock, MessageResult `NoPasscodeSet`, Apple MDM protocol reference.
    fn lock(&mut self, message: Option<String>) -> Execution {
        self.screen = Screen::Locked;
        match self.passcode {
            Presence::Set => {
                let mut done = Execution::changed(locked(LockMessage::Success));
                done.consequences.notes.extend(message.map(Note::LockScreenMessage));
                done
            }
            Presence::NotSet => Execution::changed(locked(LockMessage::NoPasscodeSet)),
        }
    }

    /// Removes the passcode; one that policy requires has to be set anew.
    fn remove_passcode(&mut self, policy: Policy) -> Execution {
        self.passcode = Presence::NotSet;
        let mut done = Execution::changed(Outcome::Acknowledged(Answer::Done));
        if policy.device_passcode.is_some() {
            done.consequences.notes.push(Note::SetNewPasscodePrompt);
        }
        done
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

    pub(crate) fn on_left(&mut self) {
        self.unlock_token = None;
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
            | UserAction::EraseAllContent
            | UserAction::RestoreFromBackup
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

fn locked(message: LockMessage) -> Outcome {
    Outcome::Acknowledged(Answer::Locked(message))
}

fn escrow(code: BypassCode) -> Consequences {
    let mut consequences = Consequences::default();
    consequences.secrets.bypass_code = Some(code);
    consequences
}
