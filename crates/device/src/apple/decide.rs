//! What an iPhone or iPad makes of a request, in the order the system itself checks.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::limits::{
    LIST_ITEMS_MAX, PROFILE_BYTES_MAX, PROFILE_IDENTIFIER_BYTES_MAX, TEXT_BYTES_MAX,
};
use muster_protocol::secret::{BypassCode, ProfilePayload, UnlockToken};
use muster_protocol::{
    ActivationLockPolicy, Answer, AppleRequest, DeviceFacts, Mode, Outcome, Policy, SettingResult,
    Supervision, command::MANAGEMENT_PROFILE,
};

use super::catalogue::{InLostMode, Needs, terms};
use super::information::{Asked, responses};
use super::lost_mode::Notice;
use super::refusal;
use super::state::Apple;
use crate::secrecy::same;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Answer so and change nothing.
    Refuse(Outcome),
    /// Acknowledge so and change nothing.
    Tell(Answer),
    /// Lock the screen and show the text, if there is one.
    Lock(Option<String>),
    /// Remove the passcode.
    RemovePasscode,
    /// Remove the Activation Lock.
    LiftActivationLock,
    /// Tell the bypass code to nobody any more.
    ClearBypassCode,
    /// Let Find My lock the device, or not.
    Allow(ActivationLockPolicy),
    /// Declare the device lost.
    EnterLostMode(Notice),
    /// Take it back.
    LeaveLostMode,
    /// Let the finder hear it.
    PlaySound,
    /// Install the profile of this name.
    Install(String),
    /// Remove the profile of this name.
    Uninstall(String),
    /// Start again.
    Restart,
    /// Switch off.
    ShutDown,
    /// Erase the device.
    Erase,
    /// Remove the management profile.
    Leave,
}

/// A request before a device that is to judge it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) apple: &'a Apple,
    pub(super) facts: &'a DeviceFacts,
    pub(super) policy: Policy,
    pub(super) request: &'a AppleRequest,
}

/// One check: the refusal, if it applies.
type Check = fn(Subject<'_>) -> Option<Outcome>;

/// The checks before execution, in the system's order; the first that applies answers.
///
/// Source: the order in which devices are seen to answer; `fixtures/behaviour/apple.toml` has a
/// row for each.
const CHECKS: [Check; 5] = [
    is_no_request_type,
    waits_for_an_open_screen,
    waits_for_the_first_unlock,
    is_blocked_by_lost_mode,
    is_malformed,
];

/// Decides: the checks first, and only then what the request itself says.
pub(super) fn decide(subject: Subject<'_>) -> Decision {
    let refused = CHECKS.iter().find_map(|check| check(subject));
    refused.map_or_else(|| judge(subject), Decision::Refuse)
}

fn is_no_request_type(subject: Subject<'_>) -> Option<Outcome> {
    let included = terms(subject.request).include(subject.facts);
    (!included).then(|| refusal::not_a_request_type(subject.request))
}

fn waits_for_an_open_screen(subject: Subject<'_>) -> Option<Outcome> {
    let waits = terms(subject.request).needs == Needs::OpenScreen;
    (waits && subject.apple.is_locked_with_passcode()).then_some(Outcome::NotNow)
}

fn waits_for_the_first_unlock(subject: Subject<'_>) -> Option<Outcome> {
    let waits = terms(subject.request).needs == Needs::FirstUnlock;
    (waits && subject.apple.is_before_first_unlock()).then_some(Outcome::NotNow)
}

fn is_blocked_by_lost_mode(subject: Subject<'_>) -> Option<Outcome> {
    let blocked = terms(subject.request).in_lost_mode == InLostMode::Refused;
    (blocked && subject.apple.lost_mode().is_on()).then(refusal::blocked_by_lost_mode)
}

/// Old requests are unreadable without a key they need, newer ones malformed.
fn is_malformed(subject: Subject<'_>) -> Option<Outcome> {
    let fits = |text: &String| text.len() <= TEXT_BYTES_MAX;
    match subject.request {
        AppleRequest::ClearPasscode { unlock_token } => {
            unlock_token.expose().is_empty().then_some(Outcome::CommandFormatError)
        }
        AppleRequest::RemoveProfile { identifier } => {
            identifier.is_empty().then_some(Outcome::CommandFormatError)
        }
        AppleRequest::DeviceInformation { queries } => {
            let fits = queries.len() <= LIST_ITEMS_MAX && queries.iter().all(fits);
            (!fits).then(refusal::malformed_request)
        }
        AppleRequest::EnableLostMode { .. } => {
            let fits = notice(subject.request)
                .is_some_and(|notice| notice.helps_a_finder() && notice.lines().all(fits));
            (!fits).then(refusal::malformed_request)
        }
        AppleRequest::InstallProfile { identifier, payload } => {
            let named = (1..=PROFILE_IDENTIFIER_BYTES_MAX).contains(&identifier.len());
            let fits = named && payload.expose().len() <= PROFILE_BYTES_MAX;
            (!fits).then(refusal::malformed_request)
        }
        AppleRequest::EraseDevice { .. }
        | AppleRequest::DeviceLock { .. }
        | AppleRequest::DisableActivationLock { .. }
        | AppleRequest::SecurityInfo
        | AppleRequest::RestartDevice
        | AppleRequest::ShutDownDevice
        | AppleRequest::DisableLostMode
        | AppleRequest::DeviceLocation
        | AppleRequest::PlayLostModeSound
        | AppleRequest::ActivationLockBypassCode
        | AppleRequest::ClearActivationLockBypassCode
        | AppleRequest::Settings { .. }
        | AppleRequest::ProfileList
        | AppleRequest::DeviceConfigured
        | AppleRequest::InstalledApplicationList
        | AppleRequest::RequestUnlockToken => None,
    }
}

/// What a request comes to once nothing stands in its way.
fn judge(subject: Subject<'_>) -> Decision {
    let Subject { apple, facts, policy, request } = subject;
    match request {
        AppleRequest::SecurityInfo => {
            Decision::Tell(Answer::Status(apple.status(facts.os_version)))
        }
        AppleRequest::EraseDevice { .. } => Decision::Erase,
        AppleRequest::ClearPasscode { unlock_token } => clear_passcode(apple, unlock_token),
        AppleRequest::DeviceLock { message } => Decision::Lock(message.clone()),
        AppleRequest::DisableActivationLock { bypass_code } => {
            disable_activation_lock(apple, bypass_code)
        }
        AppleRequest::RemoveProfile { identifier } => remove_profile(apple, identifier),
        AppleRequest::DeviceInformation { queries } => {
            let asked = Asked { apple, facts, policy };
            Decision::Tell(Answer::DeviceInformation(responses(&asked, queries)))
        }
        AppleRequest::RestartDevice => Decision::Restart,
        AppleRequest::ShutDownDevice => Decision::ShutDown,
        AppleRequest::EnableLostMode { .. } => enable_lost_mode(apple, request),
        AppleRequest::DisableLostMode if apple.lost_mode().is_on() => Decision::LeaveLostMode,
        AppleRequest::DisableLostMode => Decision::Refuse(refusal::cannot_disable_lost_mode()),
        AppleRequest::DeviceLocation => match apple.lost_mode().place() {
            Some(place) => Decision::Tell(Answer::Location(place)),
            None => Decision::Refuse(refusal::not_in_lost_mode()),
        },
        AppleRequest::PlayLostModeSound if apple.lost_mode().is_on() => Decision::PlaySound,
        AppleRequest::PlayLostModeSound => Decision::Refuse(refusal::not_in_lost_mode()),
        AppleRequest::ActivationLockBypassCode => {
            let code = apple.activation_lock().readable_code();
            Decision::Tell(Answer::ActivationLockBypassCode(code))
        }
        AppleRequest::ClearActivationLockBypassCode => {
            match apple.activation_lock().readable_code() {
                Some(_code) => Decision::ClearBypassCode,
                None => Decision::Tell(Answer::Done),
            }
        }
        AppleRequest::Settings { activation_lock_allowed_while_supervised: allowed } => {
            change_settings(facts.mode, *allowed)
        }
        AppleRequest::InstallProfile { identifier, payload } => {
            install_profile(apple, identifier, payload)
        }
        AppleRequest::ProfileList => Decision::Tell(Answer::Profiles(apple.profiles().to_vec())),
        // No simulated device waits in Setup Assistant once it is enrolled.
        AppleRequest::DeviceConfigured => Decision::Tell(Answer::Done),
        // No request installs one, and the set-up brings none.
        AppleRequest::InstalledApplicationList => Decision::Tell(Answer::Applications(Vec::new())),
        AppleRequest::RequestUnlockToken => match apple.unlock_token() {
            Some(token) => Decision::Tell(Answer::UnlockToken(token.clone())),
            None => Decision::Refuse(refusal::no_escrow_secret()),
        },
    }
}

fn clear_passcode(apple: &Apple, presented: &UnlockToken) -> Decision {
    match apple.unlock_token() {
        Some(own) if same(own.expose(), presented.expose()) => Decision::RemovePasscode,
        Some(_) => Decision::Refuse(refusal::cannot_clear_passcode()),
        None => Decision::Refuse(refusal::no_escrow_secret()),
    }
}

/// A lock that is not there is no fault: there is nothing to remove.
fn disable_activation_lock(apple: &Apple, code: &BypassCode) -> Decision {
    let lock = apple.activation_lock();
    if !lock.is_on() {
        Decision::Tell(Answer::Done)
    } else if lock.opens_with(code.expose()) {
        Decision::LiftActivationLock
    } else {
        Decision::Refuse(refusal::escrow_key_mismatch())
    }
}

fn remove_profile(apple: &Apple, identifier: &str) -> Decision {
    if identifier == MANAGEMENT_PROFILE {
        Decision::Leave
    } else if apple.profiles().iter().any(|installed| installed == identifier) {
        Decision::Uninstall(identifier.to_string())
    } else {
        Decision::Refuse(refusal::profile_not_installed())
    }
}

/// A device that is lost already cannot be lost again.
fn enable_lost_mode(apple: &Apple, request: &AppleRequest) -> Decision {
    match notice(request) {
        Some(notice) if !apple.lost_mode().is_on() => Decision::EnterLostMode(notice),
        Some(_) | None => Decision::Refuse(refusal::cannot_enable_lost_mode()),
    }
}

/// The notice of an EnableLostMode.
fn notice(request: &AppleRequest) -> Option<Notice> {
    if let AppleRequest::EnableLostMode { message, phone_number, footnote } = request {
        let (message, phone_number) = (message.clone(), phone_number.clone());
        Some(Notice { message, phone_number, footnote: footnote.clone() })
    } else {
        None
    }
}

/// Supervised devices obey, unsupervised ones ignore it, User Enrollment does not know it.
///
/// Source: MDMOptions, github.com/apple/device-management, `mdm/commands/settings.yaml`.
fn change_settings(mode: Mode, allowed: Option<bool>) -> Decision {
    match (allowed, mode, mode.supervision()) {
        (None, _, _) => Decision::Tell(Answer::Settings(Vec::new())),
        (Some(_), Mode::AppleUser, _) => {
            Decision::Tell(mdm_options_result(refusal::unknown_setting()))
        }
        (Some(_), _, Supervision::Unsupervised) => Decision::Tell(mdm_options_result(Vec::new())),
        (Some(true), _, Supervision::Supervised) => Decision::Allow(ActivationLockPolicy::Allowed),
        (Some(false), _, Supervision::Supervised) => {
            Decision::Allow(ActivationLockPolicy::Disallowed)
        }
    }
}

/// The answer about the one settings item there is.
pub(super) fn mdm_options_result(errors: Vec<muster_protocol::ErrorItem>) -> Answer {
    Answer::Settings(Vec::from([SettingResult { item: "MDMOptions".to_string(), errors }]))
}

fn install_profile(apple: &Apple, identifier: &str, payload: &ProfilePayload) -> Decision {
    if identifier == MANAGEMENT_PROFILE {
        Decision::Refuse(refusal::management_profile_differs())
    } else if payload.expose().is_empty() {
        Decision::Refuse(refusal::profile_unreadable())
    } else if apple.has_room_for_profile(identifier) {
        Decision::Install(identifier.to_string())
    } else {
        Decision::Refuse(refusal::profile_not_installable())
    }
}
