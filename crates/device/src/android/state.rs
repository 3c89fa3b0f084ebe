//! The state of an Android device and what changes it.

use muster_protocol::command::PasswordScope;
use muster_protocol::secret::Passcode;
use muster_protocol::status::{
    DeviceStatus, PlatformStatus, Presence, ResetPasswordToken as Token,
};
use muster_protocol::{AndroidRequest, Answer, Mode, OsVersion, Outcome};
use serde::{Deserialize, Serialize};

use super::api_level::ApiLevel;
use super::decide::{Decision, Means, decide, password_right, rule_for};
use super::passcode::{Secret, temporary};
use super::reset_token::{TokenEvent, next};
use crate::note::Note;
use crate::spec::{Persona, PromptHabit, Screen};
use crate::system::{Consequences, Effect, Execution, Situation};
use crate::user::UserAction;

/// An Android device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Android {
    passcode: Option<Secret>,
    screen: Screen,
    work_profile: WorkProfile,
    token: Token,
}

/// The work profile and its lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum WorkProfile {
    /// Not managed, or managed without a profile.
    Absent,
    /// Opens with the device.
    Unified,
    /// Has a lock of its own.
    Separate { secret: Secret, screen: Screen },
}

impl Default for Android {
    fn default() -> Self {
        Self {
            passcode: None,
            screen: Screen::Unlocked,
            work_profile: WorkProfile::Absent,
            token: Token::None,
        }
    }
}

impl Android {
    pub(crate) fn set_up(&mut self, persona: &Persona) {
        self.passcode = match persona.passcode {
            Presence::Set => Some(Secret::Known),
            Presence::NotSet => None,
        };
        self.screen = persona.screen;
    }

    /// Makes the work profile if the enrolment is one with a profile.
    pub(crate) fn on_enrolled(&mut self, situation: &Situation<'_>) {
        self.work_profile = match password_right(situation.facts.mode) {
            Some((PasswordScope::Profile, _)) => match situation.persona.work_profile_password {
                Presence::Set => WorkProfile::Separate {
                    secret: Secret::Known,
                    screen: situation.persona.screen,
                },
                Presence::NotSet => WorkProfile::Unified,
            },
            Some((PasswordScope::Device, _)) | None => WorkProfile::Absent,
        };
    }

    /// Provisions the reset-password token where a passcode is required and none is there yet.
    pub(crate) fn on_policy(&mut self, situation: &Situation<'_>) -> Consequences {
        let Some(scope) = token_scope(situation) else {
            return Consequences::default();
        };
        let credential = self.credential(scope);
        let Some(token) = next(self.token, TokenEvent::Provisioned { credential }) else {
            return Consequences::default();
        };
        self.token = token;
        if token == Token::Pending {
            self.ask_for_confirmation(situation)
        } else {
            Consequences::default()
        }
    }

    /// Source: "Reset or remove a device passcode in Intune", Reset Android work profile and
    /// Device Owner passcodes: personally-owned devices show a notification.
    fn ask_for_confirmation(&mut self, situation: &Situation<'_>) -> Consequences {
        let mut asked = Consequences::note(match situation.facts.mode {
            Mode::AndroidPersonallyOwnedWorkProfile => Note::ActivateResetPasscodeNotification,
            Mode::AndroidDeviceAdministrator
            | Mode::AndroidCorporateOwnedWorkProfile
            | Mode::AndroidFullyManaged
            | Mode::AndroidDedicated
            | Mode::AospUserAssociated
            | Mode::AospUserless
            | Mode::AppleDevice
            | Mode::AppleDeviceSupervised
            | Mode::AppleAutomatedDevice
            | Mode::AppleUser => Note::ConfirmCredentialPrompt,
        });
        match situation.persona.prompt {
            PromptHabit::Accepts => asked.notes.push(self.confirm_credential()),
            PromptHabit::Ignores => {}
        }
        asked
    }

    fn confirm_credential(&mut self) -> Note {
        match next(self.token, TokenEvent::Confirmed) {
            Some(token) => {
                self.token = token;
                Note::PromptDismissed
            }
            None => Note::Ignored { event: UserAction::AcceptPrompt.name() },
        }
    }

    pub(crate) fn on_user(&mut self, action: &UserAction) -> Consequences {
        match action {
            UserAction::Lock => self.lock_everything(),
            UserAction::Unlock => return self.unlock(),
            UserAction::SetPasscode => return self.set_passcode(),
            UserAction::AcceptPrompt => return Consequences::note(self.confirm_credential()),
            UserAction::Reboot => self.reboot(),
            UserAction::EnterPasscode(entry) => {
                return Consequences::note(self.enter_passcode(entry));
            }
            UserAction::StartFindMy
            | UserAction::StopFindMy
            | UserAction::EnterAtSetupAssistant { .. }
            | UserAction::SignInAsOwner
            | UserAction::RestoreFromBackup
            | UserAction::EraseAllContent => {
                return Consequences::note(Note::Ignored { event: action.name() });
            }
        }
        Consequences::default()
    }
}

/// What its user does.
impl Android {
    fn lock_everything(&mut self) {
        self.screen = Screen::Locked;
        self.lock_profile();
    }

    fn lock_profile(&mut self) {
        if let WorkProfile::Separate { screen, .. } = &mut self.work_profile {
            *screen = Screen::Locked;
        }
    }

    /// Opens what the user knows the passcode of.
    fn unlock(&mut self) -> Consequences {
        if self.passcode.as_ref().is_some_and(Secret::is_due) {
            return Consequences::note(Note::TemporaryPasscodeNeeded);
        }
        self.screen = Screen::Unlocked;
        match &mut self.work_profile {
            WorkProfile::Separate { secret, .. } if secret.is_due() => {
                Consequences::note(Note::TemporaryPasscodeNeeded)
            }
            WorkProfile::Separate { screen, .. } => {
                *screen = Screen::Unlocked;
                Consequences::default()
            }
            WorkProfile::Absent | WorkProfile::Unified => Consequences::default(),
        }
    }

    /// Changing a passcode takes the present one, which is the temporary one if that is due.
    fn set_passcode(&mut self) -> Consequences {
        if self.passcode.as_ref().is_some_and(Secret::is_due) {
            return Consequences::note(Note::TemporaryPasscodeNeeded);
        }
        self.passcode = Some(Secret::Known);
        Consequences::default()
    }

    /// A pending token was in memory only.
    fn reboot(&mut self) {
        self.lock_everything();
        self.token = next(self.token, TokenEvent::Rebooted).unwrap_or(self.token);
    }

    /// Enters the temporary passcode that is due, of the device first.
    fn enter_passcode(&mut self, entry: &Passcode) -> Note {
        let profile = match &mut self.work_profile {
            WorkProfile::Separate { secret, screen } => Some((secret, screen)),
            WorkProfile::Absent | WorkProfile::Unified => None,
        };
        let device = self.passcode.as_mut().map(|secret| (secret, &mut self.screen));
        let due = [device, profile].into_iter().flatten().find(|(secret, _)| secret.is_due());
        match due {
            Some((secret, screen)) if secret.is_met_by(entry) => {
                *secret = Secret::Known;
                *screen = Screen::Unlocked;
                Note::TemporaryPasscodeAccepted
            }
            Some(_) => Note::WrongPasscode,
            None => Note::Ignored { event: "EnterPasscode" },
        }
    }
}

/// What its management does.
impl Android {
    pub(crate) fn execute(
        &mut self,
        request: &AndroidRequest,
        situation: &mut Situation<'_>,
    ) -> Execution {
        match decide(self, situation.facts, situation.policy, request) {
            Decision::Refuse(refusal) => Execution::answer(refusal.outcome()),
            Decision::Report => {
                let status = self.status(situation.facts.os_version);
                Execution::answer(Outcome::Acknowledged(Answer::Status(status)))
            }
            Decision::Lock(scope) => {
                self.lock(scope);
                Execution::changed(Outcome::Acknowledged(Answer::Done))
            }
            Decision::Reset { scope, digits } => {
                let passcode = temporary(digits, situation.chance);
                self.reset(scope, passcode.clone());
                Execution::changed(Outcome::Acknowledged(Answer::TemporaryPasscode(passcode)))
            }
            Decision::Erase => Execution::ending(Effect::Erase),
            Decision::Leave => Execution::ending(Effect::Leave),
        }
    }

    fn lock(&mut self, scope: PasswordScope) {
        match scope {
            PasswordScope::Device => self.screen = Screen::Locked,
            PasswordScope::Profile => self.lock_profile(),
        }
    }

    /// A reset with a token gives a profile on the device's lock a lock of its own.
    ///
    /// Source: `LockSettingsService.setLockCredentialWithToken`, Android 8.
    fn reset(&mut self, scope: PasswordScope, passcode: Passcode) {
        let secret = Secret::Temporary(passcode);
        let screen = Screen::Locked;
        match scope {
            PasswordScope::Device => {
                self.passcode = Some(secret);
                self.screen = screen;
            }
            PasswordScope::Profile => self.work_profile = WorkProfile::Separate { secret, screen },
        }
    }

    /// Removes profile and token; the device's own lock stays.
    pub(crate) fn on_left(&mut self) {
        self.work_profile = WorkProfile::Absent;
        self.token = Token::None;
    }
}

/// What others see of it.
impl Android {
    pub(super) const fn token(&self) -> Token {
        self.token
    }

    pub(super) const fn has_separate_profile_lock(&self) -> bool {
        match self.work_profile {
            WorkProfile::Separate { .. } => true,
            WorkProfile::Absent | WorkProfile::Unified => false,
        }
    }

    pub(super) const fn device_passcode(&self) -> Presence {
        match self.passcode {
            Some(_) => Presence::Set,
            None => Presence::NotSet,
        }
    }

    /// A profile on the device's lock has a password if the device has one.
    const fn profile_password(&self) -> Presence {
        match self.work_profile {
            WorkProfile::Absent => Presence::NotSet,
            WorkProfile::Unified => self.device_passcode(),
            WorkProfile::Separate { .. } => Presence::Set,
        }
    }

    const fn credential(&self, scope: PasswordScope) -> Presence {
        match scope {
            PasswordScope::Device => self.device_passcode(),
            PasswordScope::Profile => self.profile_password(),
        }
    }

    pub(crate) const fn status(&self, os_version: OsVersion) -> DeviceStatus {
        DeviceStatus {
            os_version,
            passcode: self.device_passcode(),
            platform: PlatformStatus::Android {
                work_profile_password: self.profile_password(),
                reset_password_token: self.token,
            },
        }
    }
}

/// Whose passcode the agent wants a token for; `None` if it wants none.
fn token_scope(situation: &Situation<'_>) -> Option<PasswordScope> {
    let (scope, means) = password_right(situation.facts.mode)?;
    let wanted = means == Means::Token
        && ApiLevel::of(situation.facts.os_version) >= ApiLevel::OREO
        && rule_for(scope, situation.policy).is_some();
    wanted.then_some(scope)
}
