//! The state of an Android device and what changes it.

use alloc::vec::Vec;

use muster_protocol::command::PasswordScope;
use muster_protocol::secret::Passcode;
use muster_protocol::status::{
    DeviceStatus, PlatformStatus, Presence, ResetPasswordToken as Token,
};
use muster_protocol::{AndroidRequest, Answer, Mode, OsVersion, Outcome, Policy};
use serde::{Deserialize, Serialize};

use super::api_level::ApiLevel;
use super::decide::{Decision, Means, decide, password_right, rule_for};
use super::old_call::FirstUnlock;
use super::passcode::{Secret, temporary};
use super::reset_token::{ResetToken, TOKEN_BYTES_MIN, TokenEvent};
use crate::note::Note;
use crate::spec::{Persona, PromptHabit, Quirk, Screen};
use crate::system::{Consequences, Effect, Execution, Situation};
use crate::user::UserAction;

/// An Android device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Android {
    passcode: Option<Secret>,
    screen: Screen,
    work_profile: WorkProfile,
    token: ResetToken,
    first_unlock: FirstUnlock,
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
            token: ResetToken::None,
            first_unlock: FirstUnlock::Done,
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
        let has_own_lock = situation.persona.work_profile_password == Presence::Set
            && ApiLevel::of(situation.facts.os_version) >= ApiLevel::NOUGAT;
        let right = password_right(situation.facts.mode, situation.traits);
        self.work_profile = match right {
            Some((PasswordScope::Profile, _)) if has_own_lock => {
                WorkProfile::Separate { secret: Secret::Known, screen: situation.persona.screen }
            }
            Some((PasswordScope::Profile, _)) => WorkProfile::Unified,
            Some((PasswordScope::Device, _)) | None => WorkProfile::Absent,
        };
    }

    /// Sees to the reset-password token and says what does not comply.
    pub(crate) fn on_policy(&mut self, situation: &mut Situation<'_>) -> Consequences {
        let mut consequences = self.see_to_token(situation);
        consequences.notes.extend(self.not_sufficient(situation.policy));
        consequences
    }

    /// Sets a token where a passcode is required and none is there yet, or the one there waits
    /// for a credential that is gone; clears one without a use.
    fn see_to_token(&mut self, situation: &mut Situation<'_>) -> Consequences {
        let Some(scope) = token_scope(situation) else {
            self.token.on(TokenEvent::Cleared);
            return Consequences::default();
        };
        let credential = self.credential(scope);
        match (self.token.status(), credential) {
            (Token::None, _) | (Token::Pending, Presence::NotSet) => {}
            (Token::Pending, Presence::Set) | (Token::Active, _) => return Consequences::default(),
        }
        let bytes = situation.chance.bytes::<TOKEN_BYTES_MIN>();
        let length = token_bytes(situation.traits.quirk);
        if self.token.set(&bytes[..length], credential).is_err() {
            return Consequences::note(Note::ResetTokenRefused);
        }
        if self.token.status() == Token::Pending {
            self.ask_for_confirmation(scope, situation)
        } else {
            Consequences::default()
        }
    }

    /// One note for each password policy asks for and nobody has set.
    fn not_sufficient(&self, policy: Policy) -> Vec<Note> {
        let is_missing = |scope: &PasswordScope| {
            rule_for(*scope, policy).is_some()
                && self.credential(*scope) == Presence::NotSet
                && (*scope == PasswordScope::Device || self.work_profile != WorkProfile::Absent)
        };
        let scopes = [PasswordScope::Device, PasswordScope::Profile].into_iter();
        let missing = scopes.filter(is_missing);
        missing.map(|scope| Note::PasswordNotSufficient { scope }).collect()
    }

    /// Source: "Reset or remove a device passcode in Intune", Reset Android work profile and
    /// Device Owner passcodes: personally-owned devices show a notification.
    fn ask_for_confirmation(
        &mut self,
        scope: PasswordScope,
        situation: &Situation<'_>,
    ) -> Consequences {
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
            PromptHabit::Accepts => asked.notes.push(self.confirm_credential(scope)),
            PromptHabit::Ignores => {}
        }
        asked
    }

    /// Confirming takes the credential, which the user may not have any more.
    fn confirm_credential(&mut self, scope: PasswordScope) -> Note {
        let ignored = Note::Ignored { event: UserAction::AcceptPrompt.name() };
        let Some(secret) = self.secret(scope) else {
            return ignored;
        };
        match secret.obstacle() {
            Some(obstacle) => obstacle,
            None => self.token.on(TokenEvent::Confirmed).map_or(ignored, |_| Note::PromptDismissed),
        }
    }

    pub(crate) fn on_user(
        &mut self,
        action: &UserAction,
        situation: &Situation<'_>,
    ) -> Consequences {
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
            UserAction::Reboot => self.reboot(),
            UserAction::EnterPasscode(entry) => {
                return Consequences::note(self.enter_passcode(entry));
            }
            UserAction::StartFindMy
            | UserAction::StopFindMy
            | UserAction::EnterAtSetupAssistant { .. }
            | UserAction::SignInAsOwner
            | UserAction::RestoreFromBackup
            | UserAction::PowerOn
            | UserAction::RemoveWorkProfile
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
        if let Some(obstacle) = self.passcode.as_ref().and_then(Secret::obstacle) {
            return Consequences::note(obstacle);
        }
        self.screen = Screen::Unlocked;
        self.first_unlock = FirstUnlock::Done;
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

    /// A pending token was in memory only.
    fn reboot(&mut self) {
        self.lock_everything();
        if self.device_passcode() == Presence::Set {
            self.first_unlock = FirstUnlock::Awaited;
        }
        self.token.on(TokenEvent::Rebooted);
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

/// What its management does.
impl Android {
    pub(crate) fn execute(
        &mut self,
        request: &AndroidRequest,
        situation: &mut Situation<'_>,
    ) -> Execution {
        match decide(self, situation, request) {
            Decision::Refuse(refusal) => Execution::answer(refusal.outcome()),
            Decision::Report => {
                let status = self.status(situation.facts.os_version);
                Execution::answer(Outcome::Acknowledged(Answer::Status(status)))
            }
            Decision::Lock(scope) => {
                self.lock(scope);
                Execution::changed(Outcome::Acknowledged(Answer::Done))
            }
            Decision::Sleep(refusal) => {
                self.screen = Screen::Locked;
                Execution {
                    consequences: Consequences::note(Note::AsleepNotLocked),
                    ..Execution::answer(refusal.outcome())
                }
            }
            Decision::Reset { scope, digits } => {
                let passcode = temporary(digits, situation.chance);
                self.reset(scope, passcode.clone());
                Execution::changed(Outcome::Acknowledged(Answer::TemporaryPasscode(passcode)))
            }
            Decision::Erase => Execution::ending(Effect::Erase),
            Decision::Leave => Execution::ending(Effect::Leave),
            Decision::DropOff => Execution::ending(Effect::DropOff),
        }
    }

    fn lock(&mut self, scope: PasswordScope) {
        match scope {
            PasswordScope::Device => self.lock_everything(),
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
        self.token.on(TokenEvent::Unmanaged);
    }
}

/// What others see of it.
impl Android {
    pub(super) const fn token(&self) -> Token {
        self.token.status()
    }

    pub(super) const fn first_unlock(&self) -> FirstUnlock {
        self.first_unlock
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

    /// What opens the lock of `scope`, if it has one.
    const fn secret(&self, scope: PasswordScope) -> Option<&Secret> {
        match (scope, &self.work_profile) {
            (PasswordScope::Profile, WorkProfile::Absent) => None,
            (PasswordScope::Profile, WorkProfile::Separate { secret, .. }) => Some(secret),
            (PasswordScope::Device, _) | (PasswordScope::Profile, WorkProfile::Unified) => {
                self.passcode.as_ref()
            }
        }
    }

    pub(super) const fn credential(&self, scope: PasswordScope) -> Presence {
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
                reset_password_token: self.token.status(),
            },
        }
    }
}

/// Whose passcode the agent wants a token for; `None` if it wants none.
fn token_scope(situation: &Situation<'_>) -> Option<PasswordScope> {
    let (scope, means) = password_right(situation.facts.mode, situation.traits)?;
    let wanted = means == Means::Token
        && ApiLevel::of(situation.facts.os_version) >= ApiLevel::OREO
        && rule_for(scope, situation.policy).is_some();
    wanted.then_some(scope)
}

/// How many bytes the agent gives its token.
fn token_bytes(quirk: Option<Quirk>) -> usize {
    if quirk == Some(Quirk::ShortResetToken) { TOKEN_BYTES_MIN / 2 } else { TOKEN_BYTES_MIN }
}
