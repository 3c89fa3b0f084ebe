//! Find My: what locks the device to its owner, and what the service says to it.

use muster_protocol::secret::{BypassCode, Passcode};
use muster_protocol::status::Switch;
use muster_protocol::{ActivationLockPolicy, Mode, Policy, Supervision};

use super::state::Apple;
use crate::activation::{ActivationCall, LockType};
use crate::spec::Quirk;
use crate::system::{Consequences, Entry, Situation};
use crate::user::UserAction;

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
    /// Source: MDMOptions.ActivationLockAllowedWhileSupervised, Apple MDM Settings command; a
    /// Shared iPad knows neither command about bypass codes, github.com/apple/device-management,
    /// `mdm/commands/activationlock.bypasscode.yaml`, so nobody could take its lock away.
    fn of(mode: Mode, policy: Policy) -> Self {
        if mode == Mode::AppleSharedIpad {
            return Self::Never;
        }
        match (mode.supervision(), policy.activation_lock) {
            (Supervision::Unsupervised, _) => Self::ByItself,
            (Supervision::Supervised, ActivationLockPolicy::Allowed) => Self::WithCode,
            (Supervision::Supervised, ActivationLockPolicy::Disallowed) => Self::Never,
        }
    }
}

/// The user's side.
impl Apple {
    /// Find My of a new life. Whatever was locked, Setup Assistant was let go on.
    pub(super) fn set_up_find_my(&mut self, find_my: Switch) {
        self.find_my = find_my;
        self.activation_lock.begin();
    }

    /// Locks again even after the organisation lifted the lock, and then with a new code.
    pub(super) fn start_find_my(&mut self, situation: &mut Situation<'_>) -> Consequences {
        self.find_my = Switch::On;
        if self.activation_lock.is_on() {
            return calling(ActivationCall::Open);
        }
        self.arm(situation)
    }

    /// Takes the owner's account, which the service asks for.
    pub(super) fn stop_find_my(&mut self) -> Consequences {
        self.find_my = Switch::Off;
        self.activation_lock.release();
        calling(ActivationCall::Release)
    }

    /// What somebody at Setup Assistant asks of the service.
    ///
    /// Source: "Disable Activation Lock on Supervised iOS/iPadOS devices with Intune", step 6:
    /// the user name stays blank, the code is the password.
    pub(crate) fn enter_at_setup(action: &UserAction, quirk: Option<Quirk>) -> Entry {
        match action {
            UserAction::EnterAtSetupAssistant { user_name, password } => {
                let blank = user_name.trim().is_empty();
                match (blank, quirk == Some(Quirk::SetupAssistantWantsAUserName)) {
                    (true, false) | (false, true) => {
                        Entry::Call(ActivationCall::EnterCode { code: password.clone() })
                    }
                    (false, false) => Entry::Call(ActivationCall::EnterAccount),
                    (true, true) => Entry::Refused,
                }
            }
            UserAction::SignInAsOwner => Entry::Call(ActivationCall::SignIn),
            UserAction::Reboot => Entry::Call(ActivationCall::Activate),
            UserAction::Lock
            | UserAction::Unlock
            | UserAction::SetPasscode
            | UserAction::StartFindMy
            | UserAction::StopFindMy
            | UserAction::AcceptPrompt
            | UserAction::PowerOn
            | UserAction::EraseAllContent
            | UserAction::RestoreFromBackup
            | UserAction::RestoreFromAnotherBackup
            | UserAction::ClearPasscode
            | UserAction::ForgetPasscode
            | UserAction::RemoveWorkProfile
            | UserAction::EnterPasscode(_)
            | UserAction::PowerOff
            | UserAction::UseBattery { .. }
            | UserAction::ChargeBattery
            | UserAction::SignIn
            | UserAction::InstallProfile { .. }
            | UserAction::HoldManagement
            | UserAction::ReleaseManagement
            | UserAction::ExitLostMode
            | UserAction::TurnLocationOn
            | UserAction::TurnLocationOff
            | UserAction::ConsentToLocation
            | UserAction::LogIn { .. }
            | UserAction::LogOut
            | UserAction::WorkOffline => Entry::Ignored,
        }
    }
}

/// The organisation's and the service's side.
impl Apple {
    /// Locks the device if the policy allows what Find My has been waiting for.
    pub(crate) fn on_policy(&mut self, situation: &mut Situation<'_>) -> Consequences {
        if self.activation_lock.is_off() && self.find_my == Switch::On {
            self.arm(situation)
        } else {
            Consequences::default()
        }
    }

    /// Removes the lock that was opened with its code; the service is to do the same.
    pub(super) fn lift_lock(&mut self, code: &BypassCode) -> Consequences {
        self.activation_lock.lift();
        calling(ActivationCall::Disable { code: Passcode::new(code.expose().clone()) })
    }

    /// How the device stands, as the service says.
    pub(crate) fn on_standing(&mut self, lock: LockType) {
        self.activation_lock.believe(lock);
    }

    /// The same while somebody has Find My open: a lock that is gone comes back with a new code.
    ///
    /// Source: "Disable Activation Lock on Supervised iOS/iPadOS devices with Intune", How to use.
    pub(crate) fn on_opened(
        &mut self,
        lock: LockType,
        situation: &mut Situation<'_>,
    ) -> Consequences {
        self.activation_lock.believe(lock);
        match (lock, self.find_my) {
            (LockType::None, Switch::On) => self.arm(situation),
            (LockType::None, Switch::Off) | (LockType::User | LockType::Mdm, _) => {
                Consequences::default()
            }
        }
    }

    /// Asks the service for a lock. The code goes to the server as long as the device tells it.
    fn arm(&mut self, situation: &mut Situation<'_>) -> Consequences {
        let policy = self.policy_in_force(situation.policy);
        match ArmingRule::of(situation.facts.mode, policy) {
            ArmingRule::Never => Consequences::default(),
            ArmingRule::ByItself => calling(ActivationCall::Register { key: None }),
            ArmingRule::WithCode => {
                let key = self.activation_lock.key_for_a_lock(situation);
                let mut consequences = calling(ActivationCall::Register { key });
                consequences.secrets.bypass_code = self.activation_lock.readable_code();
                consequences
            }
        }
    }
}

fn calling(call: ActivationCall) -> Consequences {
    Consequences { activation: Some(call), ..Consequences::default() }
}
