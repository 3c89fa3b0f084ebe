//! What its user does to an iPhone or iPad.

use muster_protocol::status::Presence;

use super::battery::Battery;
use super::holds::Hold;
use super::shared::SharedUsers;
use super::state::{Apple, PROFILES_MAX, Power};
use crate::note::Note;
use crate::spec::Screen;
use crate::system::{Consequences, Network, Situation};
use crate::user::UserAction;

impl Apple {
    pub(crate) fn on_user(
        &mut self,
        action: &UserAction,
        situation: &mut Situation<'_>,
    ) -> Consequences {
        if !self.takes(action) {
            return Consequences::note(Note::Ignored { event: action.name() });
        }
        match action {
            UserAction::Lock => self.screen = Screen::Locked,
            UserAction::Unlock => return Consequences::network(self.unlock()),
            UserAction::SetPasscode => self.passcode = Presence::Set,
            UserAction::StartFindMy => return self.start_find_my(situation),
            UserAction::StopFindMy => return self.stop_find_my(),
            UserAction::RestoreFromBackup => {
                self.remake_keybag(situation.chance);
                self.activation_lock.restore_code();
            }
            UserAction::RestoreFromAnotherBackup => {
                self.remake_keybag(situation.chance);
                self.activation_lock.replace_code(situation);
            }
            UserAction::Reboot => return Consequences::network(self.restart()),
            UserAction::PowerOn => return Consequences::network(self.switch_on()),
            UserAction::PowerOff => return Consequences::network(self.switch_off()),
            UserAction::UseBattery { left_percent } => return self.use_battery(*left_percent),
            UserAction::ChargeBattery => self.battery = Battery::FULL,
            UserAction::SignIn => self.release(Hold::Account),
            UserAction::HoldManagement => self.hold(Hold::Management),
            UserAction::ReleaseManagement => self.release(Hold::Management),
            UserAction::InstallProfile { identifier } => {
                self.own_profiles.push(identifier.clone());
            }
            UserAction::LogIn { user_name } => {
                self.users.iter_mut().for_each(|users| users.log_in(user_name));
                return Consequences::network(self.unlock());
            }
            UserAction::LogOut => self.log_out(),
            UserAction::WorkOffline => {
                self.users.iter_mut().for_each(SharedUsers::work_offline);
            }
            UserAction::AcceptPrompt
            | UserAction::ClearPasscode
            | UserAction::ForgetPasscode
            | UserAction::RemoveWorkProfile
            | UserAction::EnterAtSetupAssistant { .. }
            | UserAction::SignInAsOwner
            | UserAction::EraseAllContent
            | UserAction::ExitLostMode
            | UserAction::TurnLocationOn
            | UserAction::TurnLocationOff
            | UserAction::ConsentToLocation
            | UserAction::EnterPasscode(_) => {}
        }
        Consequences::default()
    }

    /// Whether the action fits the device as it is.
    fn takes(&self, action: &UserAction) -> bool {
        let is_off = self.power == Power::Off;
        match action {
            UserAction::PowerOn => is_off && !self.battery.is_empty(),
            UserAction::ChargeBattery => true,
            UserAction::Lock
            | UserAction::Reboot
            | UserAction::PowerOff
            | UserAction::UseBattery { .. }
            | UserAction::HoldManagement => !is_off,
            UserAction::Unlock => !is_off && !self.lost_mode.is_on(),
            UserAction::SetPasscode
            | UserAction::StartFindMy
            | UserAction::StopFindMy
            | UserAction::RestoreFromBackup
            | UserAction::RestoreFromAnotherBackup => {
                !is_off && !self.is_held(Hold::SetupAssistant)
            }
            UserAction::InstallProfile { identifier } => {
                !is_off && !self.is_held(Hold::SetupAssistant) && self.takes_own_profile(identifier)
            }
            UserAction::SignIn => !is_off && self.is_held(Hold::Account),
            UserAction::ReleaseManagement => !is_off && self.is_held(Hold::Management),
            UserAction::LogIn { .. } => {
                let usable = !is_off && !self.lost_mode.is_on();
                usable && self.users.is_some() && !self.is_held(Hold::SetupAssistant)
            }
            UserAction::LogOut | UserAction::WorkOffline => !is_off && self.is_in_use(),
            UserAction::AcceptPrompt
            | UserAction::ClearPasscode
            | UserAction::ForgetPasscode
            | UserAction::RemoveWorkProfile
            | UserAction::EnterAtSetupAssistant { .. }
            | UserAction::SignInAsOwner
            | UserAction::EraseAllContent
            | UserAction::ExitLostMode
            | UserAction::TurnLocationOn
            | UserAction::TurnLocationOff
            | UserAction::ConsentToLocation
            | UserAction::EnterPasscode(_) => false,
        }
    }

    /// One of the name management has used is not installed over it.
    fn takes_own_profile(&self, identifier: &str) -> bool {
        let is_new = !self.has_own_profile(identifier)
            && !self.profiles().iter().any(|managed| managed == identifier);
        is_new && !identifier.is_empty() && self.own_profiles.len() < PROFILES_MAX
    }

    fn use_battery(&mut self, left_percent: u8) -> Consequences {
        self.battery = Battery::with(left_percent);
        if self.battery.is_empty() {
            let network = self.switch_off();
            Consequences { network, ..Consequences::note(Note::BatteryEmpty) }
        } else {
            Consequences::default()
        }
    }

    /// Nobody uses the Shared iPad any more.
    pub(super) fn log_out(&mut self) {
        self.users.iter_mut().for_each(SharedUsers::log_out);
        self.screen = Screen::Locked;
    }

    /// Whether a person installed the profile by hand.
    pub(super) fn has_own_profile(&self, identifier: &str) -> bool {
        self.own_profiles.iter().any(|own| own == identifier)
    }

    /// Switched off, the device is on no network, whoever switched it off.
    pub(super) fn switch_off(&mut self) -> Network {
        self.power = Power::Off;
        Network::Gone
    }
}
