//! The state of an Android device and what its management makes of it.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::command::PasswordScope;
use muster_protocol::status::{
    DeviceStatus, PlatformStatus, Presence, ResetPasswordToken as Token,
};
use muster_protocol::{Mode, OsVersion, Policy, Timestamp};
use serde::{Deserialize, Serialize};

use super::api_level::ApiLevel;
use super::applications::Applications;
use super::decide::{Means, password_right, rule_for};
use super::lost_mode::LostMode;
use super::old_call::FirstUnlock;
use super::passcode::Secret;
use super::reset_token::{ResetToken, TOKEN_BYTES_MIN, TokenEvent};
use super::whereabouts::Whereabouts;
use crate::note::Note;
use crate::recording::SecretMut;
use crate::spec::{Persona, PromptHabit, Quirk, Screen};
use crate::system::{Consequences, Situation};
use crate::user::UserAction;

/// An Android device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Android {
    pub(super) passcode: Option<Secret>,
    pub(super) screen: Screen,
    pub(super) work_profile: WorkProfile,
    pub(super) token: ResetToken,
    pub(super) first_unlock: FirstUnlock,
    pub(super) power: Power,
    /// When management reset a passcode last.
    pub(super) reset_at: Option<Timestamp>,
    pub(super) lost_mode: LostMode,
    pub(super) applications: Applications,
    pub(super) whereabouts: Whereabouts,
    /// What management called it.
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// Whether the device runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Power {
    On,
    /// Switched off, with something left in the battery.
    Off,
    /// Out of battery: it has to be charged before it can be switched on.
    Empty,
}

/// The work profile and its lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WorkProfile {
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
            power: Power::On,
            reset_at: None,
            lost_mode: LostMode::default(),
            applications: Applications::default(),
            whereabouts: Whereabouts::default(),
            name: None,
        }
    }
}

impl Android {
    /// Shows every secret in a fixed order.
    pub(crate) fn visit_secrets(&mut self, see: &mut dyn FnMut(SecretMut<'_>)) {
        let profile = match &mut self.work_profile {
            WorkProfile::Separate { secret, .. } => Some(secret),
            WorkProfile::Absent | WorkProfile::Unified => None,
        };
        for secret in self.passcode.iter_mut().chain(profile) {
            if let Secret::Temporary(passcode) = secret {
                see(SecretMut::Passcode(passcode));
            }
        }
        if let Some(bytes) = self.token.bytes_mut() {
            see(SecretMut::ResetToken(bytes));
        }
    }

    pub(crate) fn set_up(&mut self, persona: &Persona) {
        self.passcode = match persona.passcode {
            Presence::Set => Some(Secret::Known),
            Presence::NotSet => None,
        };
        self.screen = persona.screen;
    }

    /// Makes the work profile if the enrolment is one with a profile, and asks where the device is.
    pub(crate) fn on_enrolled(&mut self, situation: &Situation<'_>) {
        self.whereabouts = Whereabouts::new(situation.traits.location, situation.now);
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
        consequences.notes.extend(self.non_compliance(situation.policy));
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

    /// Before the first unlock the system cannot tell what a passcode is worth.
    fn non_compliance(&self, policy: Policy) -> Vec<Note> {
        let is_sealed = self.first_unlock == FirstUnlock::Awaited;
        if is_sealed && policy.device_passcode.is_some() {
            return Vec::from([Note::PasswordConfirmationRequired]);
        }
        self.not_sufficient(policy)
    }

    /// One note for each password policy asks for and nobody has set.
    pub(super) fn not_sufficient(&self, policy: Policy) -> Vec<Note> {
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
            | Mode::AppleUser
            | Mode::AppleAccountDrivenDevice
            | Mode::AppleAccountDrivenUser
            | Mode::AppleSharedIpad => Note::ConfirmCredentialPrompt,
        });
        match situation.persona.prompt {
            PromptHabit::Accepts => asked.notes.push(self.confirm_credential(scope)),
            PromptHabit::Ignores => {}
        }
        asked
    }

    /// Confirming takes the credential, which the user may not have any more.
    pub(super) fn confirm_credential(&mut self, scope: PasswordScope) -> Note {
        let ignored = Note::Ignored { event: UserAction::AcceptPrompt.name() };
        let Some(secret) = self.secret(scope) else {
            return ignored;
        };
        match secret.obstacle() {
            Some(obstacle) => obstacle,
            None => self.token.on(TokenEvent::Confirmed).map_or(ignored, |_| Note::PromptDismissed),
        }
    }
}

/// What others see of it.
impl Android {
    /// Whether anything of the device answers.
    pub(crate) const fn is_switched_on(&self) -> bool {
        match self.power {
            Power::On => true,
            Power::Off | Power::Empty => false,
        }
    }

    pub(super) const fn token(&self) -> Token {
        self.token.status()
    }

    pub(crate) const fn is_lost(&self) -> bool {
        self.lost_mode.is_on()
    }

    pub(super) const fn lost_mode(&self) -> &LostMode {
        &self.lost_mode
    }

    pub(super) const fn whereabouts(&self) -> &Whereabouts {
        &self.whereabouts
    }

    pub(super) const fn reset_at(&self) -> Option<Timestamp> {
        self.reset_at
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
    pub(super) const fn secret(&self, scope: PasswordScope) -> Option<&Secret> {
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
