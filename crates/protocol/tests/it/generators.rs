//! Every message of the wire, drawn at random.

use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::limits::{CSR_BYTES_MAX, PROFILE_BYTES_MAX, UNLOCK_TOKEN_BYTES_MAX};
use muster_protocol::management::{CommandResult, Hello, ToDevice, ToServer, TokenUpdate, Welcome};
use muster_protocol::secret::{BypassCode, EnrolmentToken, Passcode, ProfilePayload, UnlockToken};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, ResetPasswordToken, Switch};
use muster_protocol::{
    ActivationLockPolicy, AndroidRequest, Answer, AppleRequest, Attempt, ClearedApplication,
    Command, CommandHead, CommandId, DeviceFacts, DeviceId, ErrorItem, InstalledApplication,
    Location, LockMessage, Mode, OperatingSystem, OsVersion, Outcome, PasscodeRule, Policy,
    PushService, PushTarget, PushUpdate, QueryResponse, QueryValue, Request, SerialNumber,
    SettingResult, Timestamp,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// What a device sends on a management connection.
pub(crate) fn to_server() -> impl Strategy<Value = ToServer> {
    prop_oneof![
        hello().prop_map(ToServer::Hello),
        token_update().prop_map(ToServer::TokenUpdate),
        device_status().prop_map(ToServer::StatusReport),
        Just(ToServer::Idle),
        command_result().prop_map(ToServer::CommandResult),
        push_update().prop_map(ToServer::PushUpdate),
    ]
}

/// What a server sends on a management connection.
pub(crate) fn to_device() -> impl Strategy<Value = ToDevice> {
    prop_oneof![
        welcome().prop_map(ToDevice::Welcome),
        any::<u32>().prop_map(|sequence| ToDevice::TokenUpdateAck { sequence }),
        command().prop_map(ToDevice::Command),
        Just(ToDevice::Empty),
        policy().prop_map(ToDevice::PolicyUpdate),
    ]
}

/// The request of an enrolment connection.
pub(crate) fn enrol_request() -> impl Strategy<Value = EnrolRequest> {
    let csr_der = vec(any::<u8>(), 0..=CSR_BYTES_MAX);
    (any::<u16>(), text(), csr_der, device_facts()).prop_map(|(minor, token, csr_der, facts)| {
        EnrolRequest { minor, token: EnrolmentToken::new(token), csr_der, facts }
    })
}

/// The reply of an enrolment connection.
pub(crate) fn enrol_reply() -> impl Strategy<Value = EnrolReply> {
    let chain_der = vec(vec(any::<u8>(), 0..2_000), 0..4);
    (any::<u16>(), device_id(), chain_der).prop_map(|(minor, device, chain_der)| EnrolReply {
        minor,
        device,
        chain_der,
    })
}

/// What stands before a request.
pub(crate) fn command_head() -> impl Strategy<Value = CommandHead> {
    (command_id(), attempt(), timestamp()).prop_map(|(id, attempt, expires_at)| CommandHead {
        id,
        attempt,
        expires_at,
    })
}

/// Any request of either platform.
pub(crate) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        apple_request().prop_map(Request::Apple),
        android_request().prop_map(Request::Android),
    ]
}

/// The state of a device.
pub(crate) fn device_status() -> impl Strategy<Value = DeviceStatus> {
    let platform = prop_oneof![
        (switch(), switch()).prop_map(|(find_my, activation_lock)| PlatformStatus::Apple {
            find_my,
            activation_lock,
        }),
        (presence(), reset_password_token()).prop_map(
            |(work_profile_password, reset_password_token)| PlatformStatus::Android {
                work_profile_password,
                reset_password_token,
            }
        ),
    ];
    (os_version(), presence(), platform).prop_map(|(os_version, passcode, platform)| DeviceStatus {
        os_version,
        passcode,
        platform,
    })
}

fn hello() -> impl Strategy<Value = Hello> {
    (any::<u16>(), device_id(), device_status()).prop_map(|(minor, device, status)| Hello {
        minor,
        device,
        status,
    })
}

fn token_update() -> impl Strategy<Value = TokenUpdate> {
    let (unlock_token, bypass_code) = (option::of(unlock_token()), option::of(bypass_code()));
    (any::<u32>(), unlock_token, bypass_code).prop_map(|(sequence, unlock_token, bypass_code)| {
        TokenUpdate { sequence, unlock_token, bypass_code }
    })
}

fn command_result() -> impl Strategy<Value = CommandResult> {
    (command_id(), attempt(), outcome()).prop_map(|(id, attempt, outcome)| CommandResult {
        id,
        attempt,
        outcome,
    })
}

fn push_update() -> impl Strategy<Value = PushUpdate> {
    let service = select(vec![PushService::Apns, PushService::Fcm]);
    let target = (service, text(), text(), text())
        .prop_map(|(service, topic, token, magic)| PushTarget { service, topic, token, magic });
    option::of(target).prop_map(|target| PushUpdate { target })
}

fn welcome() -> impl Strategy<Value = Welcome> {
    (any::<u16>(), timestamp(), policy()).prop_map(|(minor, now, policy)| Welcome {
        minor,
        now,
        policy,
    })
}

fn command() -> impl Strategy<Value = Command> {
    (command_head(), option::of(request())).prop_map(|(head, request)| Command { head, request })
}

fn apple_request() -> impl Strategy<Value = AppleRequest> {
    prop_oneof![
        any::<bool>()
            .prop_map(|preserve_data_plan| AppleRequest::EraseDevice { preserve_data_plan }),
        unlock_token().prop_map(|unlock_token| AppleRequest::ClearPasscode { unlock_token }),
        option::of(text()).prop_map(|message| AppleRequest::DeviceLock { message }),
        bypass_code().prop_map(|bypass_code| AppleRequest::DisableActivationLock { bypass_code }),
        Just(AppleRequest::SecurityInfo),
        text().prop_map(|identifier| AppleRequest::RemoveProfile { identifier }),
        vec(text(), 0..8).prop_map(|queries| AppleRequest::DeviceInformation { queries }),
        option::of(any::<bool>()).prop_map(|allowed| AppleRequest::Settings {
            activation_lock_allowed_while_supervised: allowed,
        }),
        install_profile(),
        lost_mode(),
        text().prop_map(|identifier| AppleRequest::InstallApplication { identifier }),
        return_to_service(),
        text().prop_map(|name| AppleRequest::SetDeviceName { name }),
        (text(), any::<bool>()).prop_map(|(user_name, force_deletion)| AppleRequest::DeleteUser {
            user_name,
            force_deletion,
        }),
        select(&FIELDLESS[..]),
    ]
}

/// Requests that are their number alone.
const FIELDLESS: [AppleRequest; 14] = [
    AppleRequest::RestartDevice,
    AppleRequest::ShutDownDevice,
    AppleRequest::DisableLostMode,
    AppleRequest::DeviceLocation,
    AppleRequest::PlayLostModeSound,
    AppleRequest::ActivationLockBypassCode,
    AppleRequest::ClearActivationLockBypassCode,
    AppleRequest::ProfileList,
    AppleRequest::DeviceConfigured,
    AppleRequest::InstalledApplicationList,
    AppleRequest::RequestUnlockToken,
    AppleRequest::CertificateList,
    AppleRequest::ClearRestrictionsPassword,
    AppleRequest::LogOutUser,
];

fn install_profile() -> impl Strategy<Value = AppleRequest> {
    (text(), vec(any::<u8>(), 0..=PROFILE_BYTES_MAX)).prop_map(|(identifier, payload)| {
        AppleRequest::InstallProfile { identifier, payload: ProfilePayload::new(payload) }
    })
}

fn return_to_service() -> impl Strategy<Value = AppleRequest> {
    let profile = || option::of(vec(any::<u8>(), 0..2_000).prop_map(ProfilePayload::new));
    (any::<bool>(), profile(), profile()).prop_map(
        |(preserve_data_plan, wifi_profile, mdm_profile)| AppleRequest::ReturnToService {
            preserve_data_plan,
            wifi_profile,
            mdm_profile,
        },
    )
}

fn lost_mode() -> impl Strategy<Value = AppleRequest> {
    let texts = (option::of(text()), option::of(text()), option::of(text()));
    texts.prop_map(|(message, phone_number, footnote)| AppleRequest::EnableLostMode {
        message,
        phone_number,
        footnote,
    })
}

fn android_request() -> impl Strategy<Value = AndroidRequest> {
    use muster_protocol::command::PasswordScope;
    let scope = select(&[PasswordScope::Device, PasswordScope::Profile][..]);
    prop_oneof![
        (any::<bool>(), any::<bool>()).prop_map(|(preserve_reset_protection_data, wipe_esims)| {
            AndroidRequest::Wipe { preserve_reset_protection_data, wipe_esims }
        }),
        scope.prop_map(|scope| AndroidRequest::ResetPassword { scope }),
        Just(AndroidRequest::Lock),
        Just(AndroidRequest::RequestDeviceInfo),
        Just(AndroidRequest::RelinquishOwnership),
        Just(AndroidRequest::Reboot),
        android_lost_mode(),
        Just(AndroidRequest::StopLostMode),
        vec(text(), 0..8).prop_map(|package_names| AndroidRequest::ClearAppData { package_names }),
        Just(AndroidRequest::LocateDevice),
        any::<u8>()
            .prop_map(|duration_minutes| AndroidRequest::PlayLostModeSound { duration_minutes }),
        text().prop_map(|name| AndroidRequest::SetDeviceName { name }),
    ]
}

fn android_lost_mode() -> impl Strategy<Value = AndroidRequest> {
    let line = || option::of(text());
    (line(), line(), line(), line()).prop_map(
        |(message, phone_number, email_address, street_address)| AndroidRequest::StartLostMode {
            message,
            phone_number,
            email_address,
            street_address,
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        answer().prop_map(Outcome::Acknowledged),
        vec(error_item(), 0..5).prop_map(Outcome::Error),
        vec(error_item(), 0..5).prop_map(Outcome::NotSupported),
        Just(Outcome::CommandFormatError),
        Just(Outcome::NotNow),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Done),
        text().prop_map(|passcode| Answer::TemporaryPasscode(Passcode::new(passcode))),
        select(&[LockMessage::Success, LockMessage::NoPasscodeSet][..]).prop_map(Answer::Locked),
        device_status().prop_map(Answer::Status),
        vec(query_response(), 0..8).prop_map(Answer::DeviceInformation),
        option::of(bypass_code()).prop_map(Answer::ActivationLockBypassCode),
        location().prop_map(Answer::Location),
        vec(text(), 0..8).prop_map(Answer::Profiles),
        vec(application(), 0..8).prop_map(Answer::Applications),
        vec(setting_result(), 0..4).prop_map(Answer::Settings),
        unlock_token().prop_map(Answer::UnlockToken),
        vec(text(), 0..8).prop_map(Answer::Certificates),
        vec(cleared_application(), 0..8).prop_map(Answer::ClearedApplications),
    ]
}

fn query_response() -> impl Strategy<Value = QueryResponse> {
    let value = prop_oneof![
        any::<bool>().prop_map(QueryValue::Flag),
        text().prop_map(QueryValue::Text),
        any::<bool>().prop_map(|allowed| QueryValue::MdmOptions {
            activation_lock_allowed_while_supervised: allowed,
        }),
        any::<u8>().prop_map(QueryValue::Percent),
    ];
    (text(), value).prop_map(|(key, value)| QueryResponse { key, value })
}

fn location() -> impl Strategy<Value = Location> {
    any::<(i32, i32, u32)>().prop_map(|(latitude, longitude, accuracy)| Location {
        latitude_microdegrees: latitude,
        longitude_microdegrees: longitude,
        horizontal_accuracy_metres: accuracy,
    })
}

fn application() -> impl Strategy<Value = InstalledApplication> {
    (text(), text())
        .prop_map(|(identifier, short_version)| InstalledApplication { identifier, short_version })
}

fn cleared_application() -> impl Strategy<Value = ClearedApplication> {
    (text(), text()).prop_map(|(package_name, status)| ClearedApplication { package_name, status })
}

fn setting_result() -> impl Strategy<Value = SettingResult> {
    (text(), vec(error_item(), 0..3)).prop_map(|(item, errors)| SettingResult { item, errors })
}

fn error_item() -> impl Strategy<Value = ErrorItem> {
    (text(), any::<i32>(), text()).prop_map(|(domain, code, description)| ErrorItem {
        domain,
        code,
        description,
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let activation_lock =
        select(&[ActivationLockPolicy::Allowed, ActivationLockPolicy::Disallowed][..]);
    let rule = || option::of(any::<u8>().prop_map(|length_min| PasscodeRule { length_min }));
    (rule(), rule(), activation_lock).prop_map(
        |(device_passcode, work_profile_password, activation_lock)| Policy {
            device_passcode,
            work_profile_password,
            activation_lock,
        },
    )
}

fn device_facts() -> impl Strategy<Value = DeviceFacts> {
    let system =
        select(&[OperatingSystem::Ios, OperatingSystem::IpadOs, OperatingSystem::Android][..]);
    let mode = select(&Mode::ALL[..]);
    (serial(), text(), system, os_version(), mode).prop_map(
        |(serial, model, operating_system, os_version, mode)| DeviceFacts {
            serial,
            model,
            operating_system,
            os_version,
            mode,
        },
    )
}

fn serial() -> impl Strategy<Value = SerialNumber> {
    "[A-Z0-9-]{1,32}".prop_map(|text| text.parse().expect("drawn from the alphabet"))
}

fn os_version() -> impl Strategy<Value = OsVersion> {
    any::<(u16, u16, u16)>().prop_map(|(major, minor, patch)| OsVersion { major, minor, patch })
}

fn unlock_token() -> impl Strategy<Value = UnlockToken> {
    vec(any::<u8>(), 0..=UNLOCK_TOKEN_BYTES_MAX).prop_map(UnlockToken::new)
}

fn bypass_code() -> impl Strategy<Value = BypassCode> {
    text().prop_map(BypassCode::new)
}

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..60).prop_map(String::from_iter)
}

fn device_id() -> impl Strategy<Value = DeviceId> {
    any::<[u8; 16]>().prop_map(DeviceId::from_bytes)
}

fn command_id() -> impl Strategy<Value = CommandId> {
    any::<[u8; 16]>().prop_map(CommandId::from_bytes)
}

fn attempt() -> impl Strategy<Value = Attempt> {
    any::<u32>().prop_map(Attempt::new)
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_micros)
}

fn presence() -> impl Strategy<Value = Presence> {
    select(&[Presence::Set, Presence::NotSet][..])
}

fn switch() -> impl Strategy<Value = Switch> {
    select(&[Switch::On, Switch::Off][..])
}

fn reset_password_token() -> impl Strategy<Value = ResetPasswordToken> {
    select(&[ResetPasswordToken::None, ResetPasswordToken::Pending, ResetPasswordToken::Active][..])
}
