//! What an Android device makes of a request.

use muster_protocol::command::PasswordScope;
use muster_protocol::status::{Presence, ResetPasswordToken as Token};
use muster_protocol::{AndroidRequest, DeviceFacts, Mode, PasscodeRule, Policy};

use super::api_level::ApiLevel;
use super::command_error::{CommandErrorCode, Refusal};
use super::passcode::digits_under;
use super::state::Android;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Refuse and change nothing.
    Refuse(Refusal),
    /// Report the state.
    Report,
    /// Lock the device or its work profile.
    Lock(PasswordScope),
    /// Set a temporary passcode.
    Reset {
        /// Whose.
        scope: PasswordScope,
        /// How long.
        digits: u8,
    },
    /// Factory reset.
    Erase,
    /// Remove the work profile or the administrator.
    Leave,
}

/// By what right the agent sets a passcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// `resetPassword`, the call of device administrators up to Android 6.
    OldCall,
    /// A system application, which needs no token.
    SystemAgent,
    /// A token the user has to activate, from Android 8 on.
    Token,
}

/// Whose passcode the agent of `mode` may set, and by what right. No Apple mode has an agent.
pub(super) const fn password_right(mode: Mode) -> Option<(PasswordScope, Means)> {
    match mode {
        Mode::AndroidDeviceAdministrator => Some((PasswordScope::Device, Means::OldCall)),
        Mode::AospUserAssociated | Mode::AospUserless => {
            Some((PasswordScope::Device, Means::SystemAgent))
        }
        Mode::AndroidFullyManaged | Mode::AndroidDedicated => {
            Some((PasswordScope::Device, Means::Token))
        }
        Mode::AndroidPersonallyOwnedWorkProfile | Mode::AndroidCorporateOwnedWorkProfile => {
            Some((PasswordScope::Profile, Means::Token))
        }
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser => None,
    }
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
    facts: &DeviceFacts,
    policy: Policy,
    request: &AndroidRequest,
) -> Decision {
    let decided = match request {
        AndroidRequest::RequestDeviceInfo => Ok(Decision::Report),
        AndroidRequest::Lock => lock(android, facts, policy),
        AndroidRequest::ResetPassword { scope } => reset(android, facts, policy, *scope),
        AndroidRequest::Wipe { .. } => Ok(wipe(facts.mode)),
        AndroidRequest::RelinquishOwnership => relinquish(facts.mode),
    };
    decided.unwrap_or_else(Decision::Refuse)
}

/// Rows R1 to R9 and W1 to W6 of `fixtures/behaviour/device.toml`.
///
/// The policy is looked at before the token, because without a policy the agent never asks for a
/// token and the missing policy is the reason a person can act on.
fn reset(
    android: &Android,
    facts: &DeviceFacts,
    policy: Policy,
    asked: PasswordScope,
) -> Result<Decision, Refusal> {
    let right = password_right(facts.mode).filter(|(scope, _)| *scope == asked);
    let (scope, means) = right.ok_or(WRONG_SCOPE)?;
    let api = ApiLevel::of(facts.os_version);
    let rule = rule_for(scope, policy);
    match means {
        Means::OldCall if api > ApiLevel::MARSHMALLOW => return Err(ADMINISTRATOR_TOO_NEW),
        Means::Token if api < ApiLevel::OREO => return Err(NO_TOKENS_YET),
        Means::SystemAgent | Means::Token if rule.is_none() => return Err(NO_POLICY),
        Means::Token if android.token() != Token::Active => return Err(TOKEN_NOT_ACTIVE),
        Means::OldCall | Means::SystemAgent | Means::Token => {}
    }
    let digits = digits_under(rule)?;
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
        PasswordScope::Device if android.device_passcode() == Presence::NotSet => Err(NO_PASSCODE),
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
        | Mode::AppleUser => false,
    };
    if alone && android.has_separate_profile_lock() {
        PasswordScope::Profile
    } else {
        PasswordScope::Device
    }
}

/// On a personally-owned device only the work profile goes, and the management with it.
///
/// Source: `DevicePolicyManager.wipeData` called by a profile owner.
fn wipe(mode: Mode) -> Decision {
    if mode == Mode::AndroidPersonallyOwnedWorkProfile { Decision::Leave } else { Decision::Erase }
}

/// A device owner cannot be given up, only wiped.
///
/// Source: RELINQUISH_OWNERSHIP, Android Management API.
fn relinquish(mode: Mode) -> Result<Decision, Refusal> {
    match mode {
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
        | Mode::AppleUser => Err(DEVICE_OWNER_STAYS),
    }
}

fn is_aosp(mode: Mode) -> bool {
    matches!(mode, Mode::AospUserAssociated | Mode::AospUserless)
}

const WRONG_SCOPE: Refusal = Refusal::new(
    CommandErrorCode::ManagementMode,
    "this enrolment has no passcode of that scope to reset",
);
const ADMINISTRATOR_TOO_NEW: Refusal = Refusal::new(
    CommandErrorCode::ApiLevel,
    "a device administrator may reset the passcode up to Android 6 only",
);
const NO_TOKENS_YET: Refusal =
    Refusal::new(CommandErrorCode::ApiLevel, "reset-password tokens exist from Android 8 on");
const NO_POLICY: Refusal =
    Refusal::new(CommandErrorCode::Unknown, "no passcode policy is configured for this device");
const TOKEN_NOT_ACTIVE: Refusal =
    Refusal::new(CommandErrorCode::Unsupported, "the reset-password token is not active");
const NO_PASSCODE: Refusal =
    Refusal::new(CommandErrorCode::Unknown, "no passcode is set, so the device cannot be locked");
const DEVICE_OWNER_STAYS: Refusal = Refusal::new(
    CommandErrorCode::ManagementMode,
    "a fully managed device cannot be relinquished, only wiped",
);
