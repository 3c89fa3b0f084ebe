//! What an Android device makes of a request.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::command::PasswordScope;
use muster_protocol::limits::TEXT_BYTES_MAX;
use muster_protocol::status::{Presence, ResetPasswordToken as Token};
use muster_protocol::{AndroidRequest, DeviceFacts, Mode, PasscodeRule, Policy};

use super::api_level::ApiLevel;
use super::applications::may_clear;
use super::command_error::{CommandErrorCode, Refusal};
use super::lost_mode::{knows_lost_mode, notice};
use super::old_call::{Caller, judge};
use super::passcode::{check, digits_under};
use super::state::Android;
use super::whereabouts::is_company_owned;
use super::wipe::wipe;
use crate::spec::{AgentTarget, Quirk, Traits};
use crate::system::Situation;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Refuse and change nothing.
    Refuse(Refusal),
    /// Report the state.
    Report,
    /// Lock the device or its work profile.
    Lock(PasswordScope),
    /// Turn the screen off, which locks nothing, and say so.
    Sleep(Refusal),
    /// Set a temporary passcode.
    Reset {
        /// Whose.
        scope: PasswordScope,
        /// How long.
        digits: u8,
    },
    /// Restart.
    Restart,
    /// Lock for a finder, who reads this.
    EnterLostMode(String),
    /// Be lost no more.
    LeaveLostMode,
    /// Clear the data of these applications, each as far as it may.
    ClearData(Vec<String>),
    /// Tell where the device is.
    Locate,
    /// Play a sound.
    PlaySound {
        /// For how long.
        minutes: u8,
    },
    /// Go by this name.
    Rename(String),
    /// Factory reset.
    Erase,
    /// Remove the work profile or the administrator.
    Leave,
    /// Never be heard of again.
    DropOff,
}

/// By what right the agent sets a passcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// `resetPassword`, which Android has taken away bit by bit.
    OldCall(Caller),
    /// A system application, which needs no token.
    SystemAgent,
    /// A token the user has to activate, from Android 8 on.
    Token,
}

/// Agents from this target on need a token where there are tokens.
const TARGET_OF_TOKENS: AgentTarget = AgentTarget::new(26);

/// Whose passcode the agent of `mode` may set, and by what right. No Apple mode has an agent.
pub(super) fn password_right(mode: Mode, traits: Traits) -> Option<(PasswordScope, Means)> {
    let (scope, caller) = match mode {
        Mode::AndroidDeviceAdministrator => (PasswordScope::Device, Caller::Administrator),
        Mode::AospUserAssociated | Mode::AospUserless => {
            return Some((PasswordScope::Device, Means::SystemAgent));
        }
        Mode::AndroidFullyManaged | Mode::AndroidDedicated => {
            (PasswordScope::Device, Caller::DeviceOwner)
        }
        Mode::AndroidPersonallyOwnedWorkProfile | Mode::AndroidCorporateOwnedWorkProfile => {
            (PasswordScope::Profile, Caller::ProfileOwner)
        }
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => return None,
    };
    let knows_tokens = traits.agent_target >= TARGET_OF_TOKENS
        && traits.quirk != Some(Quirk::AgentWithoutTokens)
        && caller != Caller::Administrator;
    Some((scope, if knows_tokens { Means::Token } else { Means::OldCall(caller) }))
}

/// What policy asks of the passcode in `scope`.
pub(super) const fn rule_for(scope: PasswordScope, policy: Policy) -> Option<PasscodeRule> {
    match scope {
        PasswordScope::Device => policy.device_passcode,
        PasswordScope::Profile => policy.work_profile_password,
    }
}

/// Decides without changing anything.
pub(super) fn decide(
    android: &Android,
    situation: &Situation<'_>,
    request: &AndroidRequest,
) -> Decision {
    let (facts, policy) = (situation.facts, situation.policy);
    let decided = match request {
        AndroidRequest::RequestDeviceInfo => Ok(Decision::Report),
        AndroidRequest::Lock => lock(android, facts, policy),
        AndroidRequest::ResetPassword { scope } => reset(android, situation, *scope),
        AndroidRequest::Wipe { .. } => wipe(facts, situation.traits),
        AndroidRequest::RelinquishOwnership => relinquish(facts),
        AndroidRequest::Reboot => restart(facts),
        AndroidRequest::StartLostMode { .. } => start_lost_mode(android, situation, request),
        AndroidRequest::StopLostMode => knows_lost_mode(facts)
            .and_then(|()| android.lost_mode().may_stop())
            .map(|()| Decision::LeaveLostMode),
        AndroidRequest::ClearAppData { package_names } => {
            may_clear(facts, package_names).map(|()| Decision::ClearData(package_names.clone()))
        }
        AndroidRequest::LocateDevice => android
            .whereabouts()
            .may_tell(facts.mode, situation.traits.location, situation.now)
            .map(|()| Decision::Locate),
        AndroidRequest::PlayLostModeSound { duration_minutes } => {
            play_sound(facts.mode, *duration_minutes)
        }
        AndroidRequest::SetDeviceName { name } => rename(facts.mode, name),
    };
    decided.unwrap_or_else(Decision::Refuse)
}

/// Rows R1 to R9 and W1 to W6 of `fixtures/behaviour/device.toml`, O1 to O17 of `android.toml`.
///
/// The policy is looked at before the token, because without a policy the agent never asks for a
/// token and the missing policy is the reason a person can act on.
fn reset(
    android: &Android,
    situation: &Situation<'_>,
    asked: PasswordScope,
) -> Result<Decision, Refusal> {
    let Situation { facts, traits, policy, .. } = *situation;
    let right = password_right(facts.mode, traits).filter(|(scope, _)| *scope == asked);
    let (scope, means) = right.ok_or(WRONG_SCOPE)?;
    let api = ApiLevel::of(facts.os_version);
    let rule = rule_for(scope, policy);
    match means {
        Means::Token if api < ApiLevel::OREO => return Err(NO_TOKENS_YET),
        Means::OldCall(Caller::ProfileOwner | Caller::DeviceOwner)
        | Means::SystemAgent
        | Means::Token
            if rule.is_none() =>
        {
            return Err(NO_POLICY);
        }
        Means::Token if android.token() != Token::Active => return Err(TOKEN_NOT_ACTIVE),
        Means::OldCall(_) | Means::SystemAgent | Means::Token => {}
    }
    if let Means::OldCall(caller) = means {
        let credential = android.credential(scope);
        judge(caller, api, traits.agent_target, credential, android.first_unlock())?;
    }
    let digits = digits_under(rule, traits.quirk);
    check(digits, rule, api)?;
    let has_own_lock = scope == PasswordScope::Device || api >= ApiLevel::NOUGAT;
    let scope = if has_own_lock { scope } else { PasswordScope::Device };
    Ok(Decision::Reset { scope, digits })
}

/// Source: "Reset or remove a device passcode in Intune", Troubleshooting remote lock failures;
/// `DevicePolicyManager.lockNow`: without a lock the device only goes to sleep.
fn lock(android: &Android, facts: &DeviceFacts, policy: Policy) -> Result<Decision, Refusal> {
    if is_aosp(facts.mode) && policy.device_passcode.is_none() {
        return Err(NO_POLICY);
    }
    let scope = lock_scope(android, facts);
    match scope {
        PasswordScope::Device if android.device_passcode() == Presence::NotSet => {
            Ok(Decision::Sleep(NO_PASSCODE))
        }
        PasswordScope::Device | PasswordScope::Profile => Ok(Decision::Lock(scope)),
    }
}

/// A profile with a lock of its own is locked alone, but for corporate ones before Android 11.
///
/// Source: LOCK, Android Management API.
fn lock_scope(android: &Android, facts: &DeviceFacts) -> PasswordScope {
    let alone = match facts.mode {
        Mode::AndroidPersonallyOwnedWorkProfile => true,
        Mode::AndroidCorporateOwnedWorkProfile => ApiLevel::of(facts.os_version) >= ApiLevel::R,
        Mode::AndroidDeviceAdministrator
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
        | Mode::AppleSharedIpad => false,
    };
    if alone && android.has_separate_profile_lock() {
        PasswordScope::Profile
    } else {
        PasswordScope::Device
    }
}

/// A device owner cannot be given up, only wiped; a corporate work profile from Android 8 on.
///
/// Source: RELINQUISH_OWNERSHIP, Android Management API.
fn relinquish(facts: &DeviceFacts) -> Result<Decision, Refusal> {
    match facts.mode {
        Mode::AndroidCorporateOwnedWorkProfile
            if ApiLevel::of(facts.os_version) < ApiLevel::OREO =>
        {
            Err(NOT_RELINQUISHED_YET)
        }
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile => Ok(Decision::Leave),
        Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless
        | Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => Err(DEVICE_OWNER_STAYS),
    }
}

/// Only the owner of the whole device may restart it.
///
/// Source: REBOOT, Android Management API; `DevicePolicyManager.reboot`.
fn restart(facts: &DeviceFacts) -> Result<Decision, Refusal> {
    match facts.mode {
        Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => {}
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => return Err(NOT_A_DEVICE_OWNER),
    }
    if ApiLevel::of(facts.os_version) < ApiLevel::NOUGAT {
        Err(NO_RESTART_YET)
    } else {
        Ok(Decision::Restart)
    }
}

/// What can never be comes first, then what was asked, then the state of the device.
fn start_lost_mode(
    android: &Android,
    situation: &Situation<'_>,
    request: &AndroidRequest,
) -> Result<Decision, Refusal> {
    knows_lost_mode(situation.facts)?;
    let notice = notice(request)?;
    android.lost_mode().may_start(android.reset_at(), situation.now)?;
    Ok(Decision::EnterLostMode(notice))
}

/// Longest sound, in minutes.
///
/// Source: Intune, remote actions, play lost device sound.
const SOUND_MINUTES_MAX: u8 = 5;

/// Needs no Lost Mode.
///
/// Source: Intune, remote actions, play lost device sound.
fn play_sound(mode: Mode, minutes: u8) -> Result<Decision, Refusal> {
    if !is_company_owned(mode) {
        Err(NO_SOUND)
    } else if (1..=SOUND_MINUTES_MAX).contains(&minutes) {
        Ok(Decision::PlaySound { minutes })
    } else {
        Err(NO_SUCH_DURATION)
    }
}

/// The product's own application does it.
///
/// Source: Intune, bulk device actions: Android devices can be renamed; which ones is a decision.
fn rename(mode: Mode, name: &str) -> Result<Decision, Refusal> {
    if !is_company_owned(mode) {
        Err(NOT_TO_BE_NAMED)
    } else if (1..=TEXT_BYTES_MAX).contains(&name.len()) {
        Ok(Decision::Rename(name.into()))
    } else {
        Err(NO_SUCH_NAME)
    }
}

fn is_aosp(mode: Mode) -> bool {
    matches!(mode, Mode::AospUserAssociated | Mode::AospUserless)
}

const NOT_A_DEVICE_OWNER: Refusal =
    Refusal::new(CommandErrorCode::ManagementMode, "only a fully managed device is restarted");
const NO_RESTART_YET: Refusal =
    Refusal::new(CommandErrorCode::ApiLevel, "a device is restarted from Android 7 on");
const NO_SOUND: Refusal =
    Refusal::new(CommandErrorCode::ManagementMode, "only company-owned devices play a sound");
const NO_SUCH_DURATION: Refusal =
    Refusal::new(CommandErrorCode::InvalidValue, "a sound lasts one to five minutes");
const NOT_TO_BE_NAMED: Refusal =
    Refusal::new(CommandErrorCode::ManagementMode, "only company-owned devices are renamed");
const NO_SUCH_NAME: Refusal =
    Refusal::new(CommandErrorCode::InvalidValue, "a name has 1 to 1024 bytes");
const WRONG_SCOPE: Refusal = Refusal::new(
    CommandErrorCode::ManagementMode,
    "this enrolment has no passcode of that scope to reset",
);
const NO_TOKENS_YET: Refusal =
    Refusal::new(CommandErrorCode::ApiLevel, "reset-password tokens exist from Android 8 on");
const NO_POLICY: Refusal =
    Refusal::new(CommandErrorCode::Unknown, "no passcode policy is configured for this device");
const TOKEN_NOT_ACTIVE: Refusal =
    Refusal::new(CommandErrorCode::Unsupported, "the reset-password token is not active");
const NO_PASSCODE: Refusal =
    Refusal::new(CommandErrorCode::Unknown, "no passcode is set, so the device cannot be locked");
const NOT_RELINQUISHED_YET: Refusal = Refusal::new(
    CommandErrorCode::ApiLevel,
    "a corporate work profile is relinquished from Android 8 on",
);
const DEVICE_OWNER_STAYS: Refusal = Refusal::new(
    CommandErrorCode::ManagementMode,
    "a fully managed device cannot be relinquished, only wiped",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Persona, PromptHabit, Screen};
    use alloc::string::ToString as _;
    use muster_protocol::status::Switch;
    use muster_protocol::{OperatingSystem, OsVersion, Seed, Timestamp};

    /// Whom a lock concerns if the user has a password for work, where that can be.
    fn locked(mode: Mode, version: u16, work_profile_password: Presence) -> PasswordScope {
        let facts = DeviceFacts {
            serial: "SIM-1".parse().expect("a serial"),
            model: "Pixel 8".to_string(),
            operating_system: OperatingSystem::Android,
            os_version: OsVersion::major(version),
            mode,
        };
        let persona = Persona {
            passcode: Presence::Set,
            work_profile_password,
            prompt: PromptHabit::Accepts,
            find_my: Switch::Off,
            screen: Screen::Unlocked,
        };
        let mut android = Android::default();
        android.set_up(&persona);
        android.on_enrolled(&Situation {
            facts: &facts,
            persona: &persona,
            traits: Traits::default(),
            policy: Policy::FULL,
            device: None,
            chance: &mut Seed::root(1).stream(),
            now: Timestamp::ZERO,
        });
        lock_scope(&android, &facts)
    }

    #[test]
    fn a_lock_concerns_the_profile_only_where_it_has_a_lock_of_its_own_and_may_be_locked_alone() {
        use PasswordScope::{Device, Profile};
        let [personal, corporate] =
            [Mode::AndroidPersonallyOwnedWorkProfile, Mode::AndroidCorporateOwnedWorkProfile];
        let wanted = [
            (personal, 6, Device),
            (personal, 7, Profile),
            (personal, 13, Profile),
            (corporate, 8, Device),
            (corporate, 10, Device),
            (corporate, 11, Profile),
            (Mode::AndroidFullyManaged, 13, Device),
            (Mode::AndroidDedicated, 13, Device),
            (Mode::AospUserless, 13, Device),
            (Mode::AndroidDeviceAdministrator, 6, Device),
        ];
        for (mode, version, scope) in wanted {
            assert_eq!(locked(mode, version, Presence::Set), scope, "{mode} {version}");
            assert_eq!(locked(mode, version, Presence::NotSet), Device, "{mode} {version}");
        }
    }
}
