//! What an iPhone or iPad makes of a request, in the order the system itself checks.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::limits::{
    LIST_ITEMS_MAX, PROFILE_BYTES_MAX, PROFILE_IDENTIFIER_BYTES_MAX, TEXT_BYTES_MAX,
};
use muster_protocol::secret::{BypassCode, ProfilePayload, UnlockToken};
use muster_protocol::{
    ActivationLockPolicy, Answer, AppleRequest, DeviceFacts, DeviceId, ErrorItem, Mode, OsVersion,
    Outcome, Policy, SettingResult, Supervision, command::MANAGEMENT_PROFILE,
};

use super::catalogue::terms;
use super::holds::{Hold, Obstacle, is_enrolled_automatically};
use super::information::{Asked, responses};
use super::lost_mode::Notice;
use super::refusal;
use super::shared::Standing;
use super::state::Apple;
use crate::secrecy::same;
use crate::spec::{AccessRights, Quirk, Traits};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Answer so and change nothing.
    Refuse(Outcome),
    /// Say `NotNow`, until this is out of the way.
    Wait(Obstacle),
    /// Acknowledge so and change nothing.
    Tell(Answer),
    /// Lock the screen and show the text, if there is one.
    Lock(Option<String>),
    /// Remove the passcode.
    RemovePasscode,
    /// Remove the Activation Lock, which this code opens.
    LiftActivationLock(BypassCode),
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
    /// Go by this name.
    Rename(String),
    /// Log the user of a Shared iPad out.
    LogOut,
    /// Delete the account of this name.
    DeleteUser(String),
    /// Install the profile of this name.
    Install(String),
    /// Remove the profile of this name.
    Uninstall(String),
    /// Install the application of this name.
    InstallApplication(String),
    /// Let the user go on with Setup Assistant.
    GoOnWithSetUp,
    /// Start again.
    Restart,
    /// Switch off.
    ShutDown,
    /// Erase the device.
    Erase(Afterwards),
    /// Remove the management profile.
    Leave,
}

/// Who sets an erased device up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// Its user.
    ItsUser,
    /// Nobody: it does so itself.
    Itself,
}

/// A request before a device that is to judge it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) apple: &'a Apple,
    pub(super) facts: &'a DeviceFacts,
    pub(super) policy: Policy,
    pub(super) traits: Traits,
    /// Who the device is to its server.
    pub(super) device: Option<DeviceId>,
    pub(super) request: &'a AppleRequest,
}

impl Subject<'_> {
    /// What the server may do. Only unsupervised devices heed what their profile says.
    ///
    /// Source: `AccessRights`, github.com/apple/device-management,
    /// `mdm/profiles/com.apple.mdm.yaml`; supervised devices as they answer.
    fn rights(&self) -> AccessRights {
        let mode = self.facts.mode;
        match mode.supervision() {
            Supervision::Unsupervised if !mode.is_user_enrollment() => self.traits.access_rights,
            Supervision::Unsupervised | Supervision::Supervised => AccessRights::ALL,
        }
    }

    /// Whether `obstacle` stops this request on this device.
    fn is_stopped_by(&self, obstacle: Obstacle) -> bool {
        let stops = terms(self.request).is_stopped_by(obstacle, self.facts.os_version);
        stops && self.apple.meets(obstacle)
    }
}

/// One check: what to do instead, if it applies.
type Check = fn(Subject<'_>) -> Option<Decision>;

/// The checks before execution, in the system's order; the first that applies answers.
///
/// Source: the order in which devices are seen to answer; `fixtures/behaviour/apple.toml` has a
/// row for each.
const CHECKS: [Check; 9] = [
    is_no_request_type,
    |subject| waits_for(subject, Obstacle::Held(Hold::Management)),
    |subject| waits_for(subject, Obstacle::LockedScreen),
    |subject| waits_for(subject, Obstacle::Held(Hold::Account)),
    |subject| waits_for(subject, Obstacle::BeforeFirstUnlock),
    |subject| waits_for(subject, Obstacle::Held(Hold::SetupAssistant)),
    is_blocked_by_lost_mode,
    is_not_authorised,
    |subject| is_malformed(subject).map(Decision::Refuse),
];

/// Decides: the checks first, and only then what the request itself says.
pub(super) fn decide(subject: Subject<'_>) -> Decision {
    CHECKS.iter().find_map(|check| check(subject)).unwrap_or_else(|| judge(subject))
}

fn is_no_request_type(subject: Subject<'_>) -> Option<Decision> {
    let included = terms(subject.request).include(subject.facts);
    (!included).then(|| Decision::Refuse(refusal::not_a_request_type(subject.request)))
}

fn waits_for(subject: Subject<'_>, obstacle: Obstacle) -> Option<Decision> {
    subject.is_stopped_by(obstacle).then_some(Decision::Wait(obstacle))
}

fn is_blocked_by_lost_mode(subject: Subject<'_>) -> Option<Decision> {
    let blocked = subject.is_stopped_by(Obstacle::LostMode);
    blocked.then(|| Decision::Refuse(refusal::blocked_by_lost_mode()))
}

fn is_not_authorised(subject: Subject<'_>) -> Option<Decision> {
    let granted = subject.rights().grant(terms(subject.request).right());
    (!granted).then(|| Decision::Refuse(refusal::not_authorised()))
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
        AppleRequest::InstallApplication { identifier } => {
            let named = (1..=PROFILE_IDENTIFIER_BYTES_MAX).contains(&identifier.len());
            (!named).then(refusal::malformed_request)
        }
        AppleRequest::SetDeviceName { name } => {
            let named = (1..=TEXT_BYTES_MAX).contains(&name.len());
            (!named).then(refusal::malformed_request)
        }
        AppleRequest::DeleteUser { user_name, .. } => {
            user_name.is_empty().then_some(Outcome::CommandFormatError)
        }
        AppleRequest::ReturnToService { wifi_profile, mdm_profile, .. } => {
            let readable = |profile: &ProfilePayload| {
                (1..=PROFILE_BYTES_MAX).contains(&profile.expose().len())
            };
            let read = knows_return_to_service(subject.facts.os_version);
            let fits = wifi_profile.iter().chain(mdm_profile).all(readable);
            (read && !fits).then(refusal::malformed_request)
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
        | AppleRequest::RequestUnlockToken
        | AppleRequest::CertificateList
        | AppleRequest::ClearRestrictionsPassword
        | AppleRequest::LogOutUser => None,
    }
}

/// What a request comes to once nothing stands in its way.
fn judge(subject: Subject<'_>) -> Decision {
    let Subject { apple, facts, policy, device, request, traits } = subject;
    match request {
        AppleRequest::SecurityInfo => {
            Decision::Tell(Answer::Status(apple.status(facts.os_version)))
        }
        AppleRequest::EraseDevice { .. } => Decision::Erase(Afterwards::ItsUser),
        AppleRequest::ReturnToService { mdm_profile, .. } => {
            Decision::Erase(afterwards(facts, mdm_profile.as_ref()))
        }
        AppleRequest::ClearPasscode { unlock_token } => clear_passcode(apple, unlock_token),
        AppleRequest::DeviceLock { message } => Decision::Lock(message.clone()),
        AppleRequest::DisableActivationLock { bypass_code } => {
            disable_activation_lock(apple, bypass_code)
        }
        AppleRequest::RemoveProfile { identifier } => remove_profile(apple, identifier),
        AppleRequest::DeviceInformation { queries } => {
            let asked = Asked { apple, facts, policy, rights: subject.rights() };
            Decision::Tell(Answer::DeviceInformation(responses(&asked, queries)))
        }
        AppleRequest::RestartDevice => Decision::Restart,
        AppleRequest::ShutDownDevice => Decision::ShutDown,
        AppleRequest::EnableLostMode { .. } => enable_lost_mode(apple, request),
        AppleRequest::DisableLostMode if apple.lost_mode().is_on() => Decision::LeaveLostMode,
        AppleRequest::DisableLostMode => Decision::Refuse(refusal::cannot_disable_lost_mode()),
        AppleRequest::DeviceLocation => locate(apple, traits.quirk),
        AppleRequest::PlayLostModeSound => play_sound(apple, traits.quirk),
        AppleRequest::ActivationLockBypassCode => {
            let code = apple.activation_lock().readable_code();
            Decision::Tell(Answer::ActivationLockBypassCode(code))
        }
        AppleRequest::ClearActivationLockBypassCode => clear_bypass_code(apple),
        AppleRequest::Settings { activation_lock_allowed_while_supervised: allowed } => {
            change_settings(facts.mode, *allowed)
        }
        AppleRequest::SetDeviceName { name } => rename(facts, name),
        AppleRequest::LogOutUser => log_out_user(apple),
        AppleRequest::DeleteUser { user_name, force_deletion: true } => {
            delete_user(apple.standing_of(user_name).map(Standing::forced), user_name)
        }
        AppleRequest::DeleteUser { user_name, force_deletion: false } => {
            delete_user(apple.standing_of(user_name), user_name)
        }
        AppleRequest::InstallProfile { identifier, payload } => {
            install_profile(apple, identifier, payload)
        }
        AppleRequest::ProfileList => Decision::Tell(Answer::Profiles(apple.profiles().to_vec())),
        AppleRequest::DeviceConfigured if apple.is_held(Hold::SetupAssistant) => {
            Decision::GoOnWithSetUp
        }
        // No simulated device has a passcode for Screen Time.
        AppleRequest::DeviceConfigured | AppleRequest::ClearRestrictionsPassword => {
            Decision::Tell(Answer::Done)
        }
        AppleRequest::InstalledApplicationList => {
            Decision::Tell(Answer::Applications(apple.applications().list()))
        }
        AppleRequest::InstallApplication { identifier } => {
            Decision::InstallApplication(identifier.clone())
        }
        // The identity of the enrolment is the one certificate there is.
        AppleRequest::CertificateList => {
            let names = device.iter().map(DeviceId::to_string).collect();
            Decision::Tell(Answer::Certificates(names))
        }
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
        Decision::LiftActivationLock(code.clone())
    } else {
        Decision::Refuse(refusal::escrow_key_mismatch())
    }
}

/// What is told to nobody already need not be cleared.
fn clear_bypass_code(apple: &Apple) -> Decision {
    match apple.activation_lock().readable_code() {
        Some(_code) => Decision::ClearBypassCode,
        None => Decision::Tell(Answer::Done),
    }
}

/// Whether a version knows the key `ReturnToService`; older ones do not look at it and just erase.
fn knows_return_to_service(version: OsVersion) -> bool {
    version >= OsVersion::major(17)
}

/// Without a profile that says how to enrol, the record of the device with its vendor must.
///
/// Source: `ReturnToService`, github.com/apple/device-management, `mdm/commands/device.erase.yaml`.
fn afterwards(facts: &DeviceFacts, mdm_profile: Option<&ProfilePayload>) -> Afterwards {
    let enrols = mdm_profile.is_some() || is_enrolled_automatically(facts.mode);
    if enrols && knows_return_to_service(facts.os_version) {
        Afterwards::Itself
    } else {
        Afterwards::ItsUser
    }
}

fn remove_profile(apple: &Apple, identifier: &str) -> Decision {
    if identifier == MANAGEMENT_PROFILE {
        Decision::Leave
    } else if apple.profiles().iter().any(|installed| installed == identifier) {
        Decision::Uninstall(identifier.to_string())
    } else if apple.has_own_profile(identifier) {
        Decision::Refuse(refusal::profile_not_managed())
    } else {
        Decision::Refuse(refusal::profile_not_installed())
    }
}

fn locate(apple: &Apple, quirk: Option<Quirk>) -> Decision {
    match apple.lost_mode().place() {
        Some(_) if quirk == Some(Quirk::NoPositionFix) => {
            Decision::Refuse(refusal::location_unknown())
        }
        Some(place) => Decision::Tell(Answer::Location(place)),
        None => Decision::Refuse(refusal::not_in_lost_mode()),
    }
}

fn play_sound(apple: &Apple, quirk: Option<Quirk>) -> Decision {
    if !apple.lost_mode().is_on() {
        Decision::Refuse(refusal::not_in_lost_mode())
    } else if quirk == Some(Quirk::BrokenSpeaker) {
        Decision::Refuse(refusal::cannot_play_sound())
    } else {
        Decision::PlaySound
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
        (Some(_), mode, _) if mode.is_user_enrollment() => {
            Decision::Tell(mdm_options_result(refusal::unknown_setting()))
        }
        (Some(_), _, Supervision::Unsupervised) => Decision::Tell(mdm_options_result(Vec::new())),
        (Some(true), _, Supervision::Supervised) => Decision::Allow(ActivationLockPolicy::Allowed),
        (Some(false), _, Supervision::Supervised) => {
            Decision::Allow(ActivationLockPolicy::Disallowed)
        }
    }
}

/// The answer about the item `MDMOptions`.
pub(super) fn mdm_options_result(errors: Vec<ErrorItem>) -> Answer {
    setting_result("MDMOptions", errors)
}

fn setting_result(item: &str, errors: Vec<ErrorItem>) -> Answer {
    Answer::Settings(Vec::from([SettingResult { item: item.to_string(), errors }]))
}

/// The answer about the item `DeviceName`, if it was applied.
pub(super) fn device_name_result() -> Answer {
    setting_result("DeviceName", Vec::new())
}

/// The item is for supervised devices from iOS 8 on; to others it is unknown.
///
/// Source: DeviceName, github.com/apple/device-management, `mdm/commands/settings.yaml`; the error
/// is a decision.
fn rename(facts: &DeviceFacts, name: &str) -> Decision {
    let supervised = facts.mode.supervision() == Supervision::Supervised;
    if supervised && facts.os_version >= OsVersion::major(8) {
        Decision::Rename(name.to_string())
    } else {
        Decision::Tell(setting_result("DeviceName", refusal::unknown_setting()))
    }
}

/// With nobody logged in there is nothing to do.
///
/// Source: LogOutUser, github.com/apple/device-management, `mdm/commands/user.logout.yaml`.
fn log_out_user(apple: &Apple) -> Decision {
    if apple.is_in_use() { Decision::LogOut } else { Decision::Tell(Answer::Done) }
}

/// Source: DeleteUser, github.com/apple/device-management, `mdm/commands/user.delete.yaml`; error
/// codes 12071 to 12073, Apple MDM protocol reference.
fn delete_user(standing: Option<Standing>, name: &str) -> Decision {
    match standing {
        None => Decision::Refuse(refusal::no_such_user()),
        Some(Standing::LoggedIn) => Decision::Refuse(refusal::user_is_logged_in()),
        Some(Standing::Unsynced) => Decision::Refuse(refusal::user_has_unsynced_data()),
        Some(Standing::Idle) => Decision::DeleteUser(name.to_string()),
    }
}

fn install_profile(apple: &Apple, identifier: &str, payload: &ProfilePayload) -> Decision {
    if identifier == MANAGEMENT_PROFILE {
        Decision::Refuse(refusal::management_profile_differs())
    } else if payload.expose().is_empty() {
        Decision::Refuse(refusal::profile_unreadable())
    } else if apple.has_own_profile(identifier) {
        Decision::Refuse(refusal::profile_not_updatable())
    } else if apple.has_room_for_profile(identifier) {
        Decision::Install(identifier.to_string())
    } else {
        Decision::Refuse(refusal::profile_not_installable())
    }
}
