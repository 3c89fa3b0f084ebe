//! What the person who holds an Android device can do to it.

use muster_protocol::Timestamp;
use muster_protocol::command::PasswordScope;
use muster_protocol::secret::Passcode;
use muster_protocol::status::Presence;

use super::decide::password_right;
use super::lost_mode::LostMode;
use super::old_call::FirstUnlock;
use super::passcode::Secret;
use super::reset_token::TokenEvent;
use super::state::{Android, Power, WorkProfile};
use crate::note::Note;
use crate::spec::Screen;
use crate::system::{Consequences, Network, Situation};
use crate::user::UserAction;

impl Android {
    pub(crate) fn on_user(
        &mut self,
        action: &UserAction,
        situation: &Situation<'_>,
    ) -> Consequences {
        if !self.takes(action) {
            return Consequences::note(Note::Ignored { event: action.name() });
        }
        match action {
            UserAction::Lock => self.lock_everything(),
            UserAction::Unlock => return self.unlock(),
            UserAction::SetPasscode => return self.set_passcode(Some(Secret::Known)),
            UserAction::ClearPasscode => {
                let mut consequences = self.set_passcode(None);
                consequences.notes.extend(self.not_sufficient(situation.policy));
                return consequences;
            }
            UserAction::ForgetPasscode => return self.forget_passcode(),
            UserAction::AcceptPrompt => {
                let right = password_right(situation.facts.mode, situation.traits);
                let scope = right.map_or(PasswordScope::Device, |(scope, _)| scope);
                return Consequences::note(self.confirm_credential(scope));
            }
            UserAction::Reboot => return self.reboot(),
            UserAction::PowerOff => return self.switch_off(Power::Off),
            UserAction::UseBattery { left_percent: 0 } => {
                let mut consequences = self.switch_off(Power::Empty);
                consequences.notes.push(Note::BatteryEmpty);
                return consequences;
            }
            // The charge itself is nothing anybody asks an Android device for.
            UserAction::UseBattery { .. } => {}
            UserAction::ChargeBattery if self.power == Power::Empty => self.power = Power::Off,
            UserAction::ChargeBattery => {}
            UserAction::PowerOn => {
                self.power = Power::On;
                return Consequences { network: Network::Back, ..self.reboot() };
            }
            UserAction::EnterPasscode(entry) => {
                return Consequences::note(self.enter_passcode(entry));
            }
            UserAction::ExitLostMode => return self.exit_lost_mode(situation.now),
            UserAction::TurnLocationOn => self.whereabouts.turn_on(situation.now),
            UserAction::TurnLocationOff => self.whereabouts.turn_off(situation.now),
            UserAction::ConsentToLocation => self.whereabouts.consent(),
            UserAction::StartFindMy
            | UserAction::StopFindMy
            | UserAction::EnterAtSetupAssistant { .. }
            | UserAction::SignInAsOwner
            | UserAction::RestoreFromBackup
            | UserAction::RestoreFromAnotherBackup
            | UserAction::SignIn
            | UserAction::InstallProfile { .. }
            | UserAction::HoldManagement
            | UserAction::ReleaseManagement
            | UserAction::RemoveWorkProfile
            | UserAction::LogIn { .. }
            | UserAction::LogOut
            | UserAction::WorkOffline
            | UserAction::EraseAllContent => {
                return Consequences::note(Note::Ignored { event: action.name() });
            }
        }
        Consequences::default()
    }
}

/// The moves those are made of.
impl Android {
    /// Whether an action fits the device as it is.
    fn takes(&self, action: &UserAction) -> bool {
        let fits_power = match self.power {
            Power::On => *action != UserAction::PowerOn,
            Power::Off => matches!(action, UserAction::PowerOn | UserAction::ChargeBattery),
            Power::Empty => *action == UserAction::ChargeBattery,
        };
        fits_power && !(self.lost_mode.is_on() && takes_an_open_device(action))
    }

    /// Switched off, the device is on no network.
    fn switch_off(&mut self, power: Power) -> Consequences {
        self.power = power;
        Consequences::network(Network::Gone)
    }

    pub(super) fn lock_everything(&mut self) {
        self.screen = Screen::Locked;
        self.lock_profile();
    }

    pub(super) fn lock_profile(&mut self) {
        if let WorkProfile::Separate { screen, .. } = &mut self.work_profile {
            *screen = Screen::Locked;
        }
    }

    /// Opens what the user knows the passcode of.
    fn unlock(&mut self) -> Consequences {
        if let Some(obstacle) = self.passcode.as_ref().and_then(Secret::obstacle) {
            return Consequences::note(obstacle);
        }
        self.screen = Screen::Unlocked;
        self.first_unlock = FirstUnlock::Done;
        self.applications.use_all();
        match &mut self.work_profile {
            WorkProfile::Separate { secret, screen } => match secret.obstacle() {
                Some(obstacle) => Consequences::note(obstacle),
                None => {
                    *screen = Screen::Unlocked;
                    Consequences::default()
                }
            },
            WorkProfile::Absent | WorkProfile::Unified => Consequences::default(),
        }
    }

    /// Changing a passcode takes the present one, which is the temporary one if that is due.
    fn set_passcode(&mut self, to: Option<Secret>) -> Consequences {
        if let Some(obstacle) = self.passcode.as_ref().and_then(Secret::obstacle) {
            return Consequences::note(obstacle);
        }
        self.passcode = to;
        Consequences::default()
    }

    /// A temporary passcode stands on the administrator's screen and cannot be forgotten.
    fn forget_passcode(&mut self) -> Consequences {
        let own = match &mut self.work_profile {
            WorkProfile::Separate { secret, .. } => Some(secret),
            WorkProfile::Absent | WorkProfile::Unified => self.passcode.as_mut(),
        };
        match own {
            Some(secret) if !secret.is_due() => {
                *secret = Secret::Forgotten;
                Consequences::default()
            }
            Some(_) | None => {
                Consequences::note(Note::Ignored { event: UserAction::ForgetPasscode.name() })
            }
        }
    }

    /// A pending token was in memory only; Lost Mode is not.
    pub(super) fn reboot(&mut self) -> Consequences {
        self.lock_everything();
        if self.device_passcode() == Presence::Set {
            self.first_unlock = FirstUnlock::Awaited;
        }
        self.token.on(TokenEvent::Rebooted);
        let notice = self.lost_mode.notice().cloned().map(Note::LostModeNotice);
        Consequences {
            notes: notice.into_iter().collect(),
            ..Consequences::network(Network::BackAtOnce)
        }
    }

    /// Whoever takes the device out of Lost Mode opens it with its passcode, if it has one.
    ///
    /// Source: Android Management API, Lost mode: its user enters the passcode.
    fn exit_lost_mode(&mut self, now: Timestamp) -> Consequences {
        if !self.lost_mode.is_on() {
            return Consequences::note(Note::Ignored { event: UserAction::ExitLostMode.name() });
        }
        if let Some(obstacle) = self.passcode.as_ref().and_then(Secret::obstacle) {
            return Consequences::note(obstacle);
        }
        self.lost_mode = LostMode::Off { left_at: Some(now) };
        self.unlock()
    }

    /// Enters the temporary passcode that is due, of the device first.
    fn enter_passcode(&mut self, entry: &Passcode) -> Note {
        let profile = match &mut self.work_profile {
            WorkProfile::Separate { secret, screen } => Some((secret, screen)),
            WorkProfile::Absent | WorkProfile::Unified => None,
        };
        let device = self.passcode.as_mut().map(|secret| (secret, &mut self.screen));
        let is_lost = self.lost_mode.is_on();
        let due = [device, profile].into_iter().flatten().find(|(secret, _)| secret.is_due());
        match due {
            Some((secret, screen)) if secret.is_met_by(entry) => {
                *secret = Secret::Known;
                *screen = if is_lost { Screen::Locked } else { Screen::Unlocked };
            }
            Some(_) => return Note::WrongPasscode,
            None => return Note::Ignored { event: "EnterPasscode" },
        }
        if self.screen == Screen::Unlocked {
            self.first_unlock = FirstUnlock::Done;
        }
        Note::TemporaryPasscodeAccepted
    }
}

/// Whether an action needs more than the lock screen.
const fn takes_an_open_device(action: &UserAction) -> bool {
    match action {
        UserAction::Unlock
        | UserAction::SetPasscode
        | UserAction::ClearPasscode
        | UserAction::AcceptPrompt
        | UserAction::TurnLocationOn
        | UserAction::TurnLocationOff
        | UserAction::ConsentToLocation => true,
        UserAction::Lock
        | UserAction::ForgetPasscode
        | UserAction::Reboot
        | UserAction::EnterPasscode(_)
        | UserAction::ExitLostMode
        | UserAction::StartFindMy
        | UserAction::StopFindMy
        | UserAction::EnterAtSetupAssistant { .. }
        | UserAction::SignInAsOwner
        | UserAction::RestoreFromBackup
        | UserAction::RestoreFromAnotherBackup
        | UserAction::PowerOn
        | UserAction::PowerOff
        | UserAction::UseBattery { .. }
        | UserAction::ChargeBattery
        | UserAction::SignIn
        | UserAction::InstallProfile { .. }
        | UserAction::HoldManagement
        | UserAction::ReleaseManagement
        | UserAction::RemoveWorkProfile
        | UserAction::LogIn { .. }
        | UserAction::LogOut
        | UserAction::WorkOffline
        | UserAction::EraseAllContent => false,
    }
}
