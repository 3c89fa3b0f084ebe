//! The fixed list of sample messages: every kind of frame, every variant, every integer width.
//!
//! Nothing here is random and nothing here is ever edited to suit a change of the code: samples
//! are appended when variants are.

use muster_protocol::command::PasswordScope;
use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::management::{CommandResult, Hello, ToDevice, ToServer, TokenUpdate, Welcome};
use muster_protocol::secret::{BypassCode, EnrolmentToken, Passcode, ProfilePayload, UnlockToken};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, ResetPasswordToken, Switch};
use muster_protocol::{
    ActivationLockPolicy, AndroidRequest, Answer, AppleRequest, Attempt, ClearedApplication,
    Command, CommandHead, CommandId, DeviceFacts, DeviceId, ErrorItem, InstalledApplication,
    Location, LockMessage, Mode, OperatingSystem, OsVersion, Outcome, PasscodeRule, Platform,
    Policy, PushService, PushTarget, PushUpdate, QueryResponse, QueryValue, Request, SettingResult,
    Timestamp,
};

/// One message under the name of its file.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) message: Sampled,
}

/// A message of any connection and direction.
pub(crate) enum Sampled {
    EnrolRequest(EnrolRequest),
    EnrolReply(EnrolReply),
    ToServer(ToServer),
    ToDevice(ToDevice),
}

/// Every sample, in the order of the index.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    enrolment(&mut samples);
    greetings(&mut samples);
    escrow(&mut samples);
    reports(&mut samples);
    apple_commands(&mut samples);
    android_commands(&mut samples);
    acknowledgements(&mut samples);
    refusals(&mut samples);
    more_apple_commands(&mut samples);
    apple_answers(&mut samples);
    latest_apple(&mut samples);
    latest_android(&mut samples);
    first_minor(&mut samples);
    second_minor(&mut samples);
    samples
}

const DEVICE: DeviceId = DeviceId::from_bytes([
    0x01, 0x8f, 0x3c, 0x2a, 0x10, 0x00, 0x70, 0x01, 0x80, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
]);
const COMMAND: CommandId = CommandId::from_bytes([
    0x01, 0x8f, 0x3c, 0x2a, 0x20, 0x00, 0x70, 0xaa, 0xbb, 0xbb, 0xcc, 0xcc, 0xdd, 0xdd, 0xee, 0xff,
]);

fn enrolment(samples: &mut Vec<Sample>) {
    for mode in Mode::ALL {
        let request = EnrolRequest {
            minor: 0,
            token: EnrolmentToken::new("ENROL-7f3a-token".into()),
            csr_der: csr(mode),
            facts: facts(mode),
        };
        add(samples, &format!("enrol-request-{mode}"), Sampled::EnrolRequest(request));
    }
    let reply = EnrolReply {
        minor: 0,
        device: DEVICE,
        chain_der: vec![vec![0x30, 0x03, 0x02, 0x01, 0x01], vec![0x30, 0x03, 0x02, 0x01, 0x02]],
    };
    add(samples, "enrol-reply", Sampled::EnrolReply(reply));
}

/// Not a real request: opaque bytes, once long enough for a length of three bytes.
fn csr(mode: Mode) -> Vec<u8> {
    let mut der = vec![0x30, 0x82, 0x01, 0x28];
    if mode == Mode::AppleDevice {
        der.extend((0..296_u16).map(|index| u8::try_from(index % 256).expect("below 256")));
    }
    der
}

fn facts(mode: Mode) -> DeviceFacts {
    let (operating_system, model, os_version) = match (mode, mode.platform()) {
        (Mode::AppleUser | Mode::AppleSharedIpad, _) => {
            (OperatingSystem::IpadOs, "iPad13,4", OsVersion::new(17, 4))
        }
        (_, Platform::Apple) => (OperatingSystem::Ios, "iPhone15,2", OsVersion::major(18)),
        (_, Platform::Android) => {
            let version = OsVersion { major: 8, minor: 1, patch: 251 };
            (OperatingSystem::Android, "Pixel 8", version)
        }
    };
    DeviceFacts {
        serial: "F17-MUSTER-0001".parse().expect("a serial number"),
        model: model.into(),
        operating_system,
        os_version,
        mode,
    }
}

const IOS: OsVersion = OsVersion::new(17, 4);
const ANDROID: OsVersion = OsVersion { major: 8, minor: 1, patch: 0 };

const fn apple(passcode: Presence, find_my: Switch, activation_lock: Switch) -> DeviceStatus {
    let platform = PlatformStatus::Apple { find_my, activation_lock };
    DeviceStatus { os_version: IOS, passcode, platform }
}

const fn android(
    passcode: Presence,
    work_profile_password: Presence,
    reset_password_token: ResetPasswordToken,
) -> DeviceStatus {
    let platform = PlatformStatus::Android { work_profile_password, reset_password_token };
    DeviceStatus { os_version: ANDROID, passcode, platform }
}

fn greetings(samples: &mut Vec<Sample>) {
    let states = [
        ("apple-locked", apple(Presence::Set, Switch::On, Switch::On)),
        ("apple-plain", apple(Presence::NotSet, Switch::Off, Switch::Off)),
        ("android-none", android(Presence::NotSet, Presence::NotSet, ResetPasswordToken::None)),
        ("android-pending", android(Presence::Set, Presence::NotSet, ResetPasswordToken::Pending)),
        ("android-active", android(Presence::Set, Presence::Set, ResetPasswordToken::Active)),
    ];
    for (name, status) in states {
        let hello = Hello { minor: 0, device: DEVICE, status };
        add(samples, &format!("hello-{name}"), Sampled::ToServer(ToServer::Hello(hello)));
    }
    let mixed = Policy {
        device_passcode: None,
        work_profile_password: Some(PasscodeRule { length_min: 255 }),
        activation_lock: ActivationLockPolicy::Disallowed,
    };
    let policies = [("none", Policy::NONE), ("full", Policy::FULL), ("mixed", mixed)];
    for (name, policy) in policies {
        welcome(samples, &format!("policy-{name}"), 3_723_000_004, policy);
    }
    let (word, long) = (u64::from(u16::MAX), u64::from(u32::MAX));
    for now in [0, 250, 251, word, word + 1, long, long + 1, u64::MAX] {
        welcome(samples, &format!("now-{now}"), now, Policy::NONE);
    }
}

fn welcome(samples: &mut Vec<Sample>, name: &str, now: u64, policy: Policy) {
    let welcome = Welcome { minor: 0, now: Timestamp::from_micros(now), policy };
    add(samples, &format!("welcome-{name}"), Sampled::ToDevice(ToDevice::Welcome(welcome)));
}

fn escrow(samples: &mut Vec<Sample>) {
    let unlock_token = || Some(UnlockToken::new(vec![0xfe, 0xed, 0x00, 0xfb, 0xff]));
    let bypass_code = || Some(BypassCode::new("0YTK3-8XTGC-4TK7-P9EA-H0ZC-M5QK".into()));
    let updates = [
        ("both", 1, unlock_token(), bypass_code()),
        ("unlock-token", 2, unlock_token(), None),
        ("bypass-code", 3, None, bypass_code()),
        ("neither", 70_000, None, None),
    ];
    for (name, sequence, unlock_token, bypass_code) in updates {
        let update = TokenUpdate { sequence, unlock_token, bypass_code };
        let message = Sampled::ToServer(ToServer::TokenUpdate(update));
        add(samples, &format!("token-update-{name}"), message);
    }
    for sequence in [1, 250, 251, 65_535, 65_536, u32::MAX] {
        let message = Sampled::ToDevice(ToDevice::TokenUpdateAck { sequence });
        add(samples, &format!("token-update-ack-{sequence}"), message);
    }
}

fn reports(samples: &mut Vec<Sample>) {
    let states = [
        ("apple", apple(Presence::Set, Switch::On, Switch::Off)),
        ("android", android(Presence::NotSet, Presence::Set, ResetPasswordToken::Active)),
    ];
    for (name, status) in states {
        let message = Sampled::ToServer(ToServer::StatusReport(status));
        add(samples, &format!("status-report-{name}"), message);
    }
    add(samples, "idle", Sampled::ToServer(ToServer::Idle));
    add(samples, "empty", Sampled::ToDevice(ToDevice::Empty));
}

fn apple_commands(samples: &mut Vec<Sample>) {
    let requests = [
        ("erase-device", AppleRequest::EraseDevice { preserve_data_plan: false }),
        ("erase-device-keep-plan", AppleRequest::EraseDevice { preserve_data_plan: true }),
        (
            "clear-passcode",
            AppleRequest::ClearPasscode { unlock_token: UnlockToken::new(vec![0xfe, 0xed, 0x00]) },
        ),
        ("device-lock", AppleRequest::DeviceLock { message: None }),
        (
            "device-lock-message",
            AppleRequest::DeviceLock { message: Some("Lost – call +45 70 10".into()) },
        ),
        (
            "disable-activation-lock",
            AppleRequest::DisableActivationLock {
                bypass_code: BypassCode::new("0YTK3-8XTGC-4TK7-P9EA-H0ZC-M5QK".into()),
            },
        ),
        ("security-info", AppleRequest::SecurityInfo),
        (
            "remove-profile",
            AppleRequest::RemoveProfile { identifier: "net.example.muster.mdm".into() },
        ),
    ];
    for (name, request) in requests {
        command(samples, name, Some(Request::Apple(request)));
    }
    command(samples, "without-request", None);
}

fn android_commands(samples: &mut Vec<Sample>) {
    let wipe = |preserve_reset_protection_data, wipe_esims| AndroidRequest::Wipe {
        preserve_reset_protection_data,
        wipe_esims,
    };
    let requests = [
        ("wipe", wipe(false, false)),
        ("wipe-keep-protection", wipe(true, false)),
        ("wipe-esims", wipe(false, true)),
        ("reset-password-device", AndroidRequest::ResetPassword { scope: PasswordScope::Device }),
        ("reset-password-profile", AndroidRequest::ResetPassword { scope: PasswordScope::Profile }),
        ("lock", AndroidRequest::Lock),
        ("request-device-info", AndroidRequest::RequestDeviceInfo),
        ("relinquish-ownership", AndroidRequest::RelinquishOwnership),
    ];
    for (name, request) in requests {
        command(samples, name, Some(Request::Android(request)));
    }
}

fn command(samples: &mut Vec<Sample>, name: &str, request: Option<Request>) {
    let head = CommandHead {
        id: COMMAND,
        attempt: Attempt::new(1),
        expires_at: Timestamp::from_micros(86_400_000_000),
    };
    let message = Sampled::ToDevice(ToDevice::Command(Command { head, request }));
    add(samples, &format!("command-{name}"), message);
}

fn acknowledgements(samples: &mut Vec<Sample>) {
    let answers = [
        ("done", Answer::Done),
        ("temporary-passcode", Answer::TemporaryPasscode(Passcode::new("48151623".into()))),
        ("locked", Answer::Locked(LockMessage::Success)),
        ("locked-no-passcode", Answer::Locked(LockMessage::NoPasscodeSet)),
        ("status-apple", Answer::Status(apple(Presence::Set, Switch::Off, Switch::On))),
        (
            "status-android",
            Answer::Status(android(Presence::Set, Presence::Set, ResetPasswordToken::Pending)),
        ),
    ];
    for (name, answer) in answers {
        result(samples, name, 1, Outcome::Acknowledged(answer));
    }
}

fn refusals(samples: &mut Vec<Sample>) {
    let item = |domain: &str, code, description: &str| ErrorItem {
        domain: domain.into(),
        code,
        description: description.into(),
    };
    let chain = vec![
        item("MCPasscodeErrorDomain", 5_013, "Cannot clear passcode"),
        item("MCKeybagErrorDomain", -3, "The token opens another keybag"),
    ];
    let codes = [0, -1, 1, 125, -126, 32_767, -32_769, i32::MAX, i32::MIN];
    let widths = codes.into_iter().map(|code| item("", code, "")).collect();
    let unsupported = item("MCMDMErrorDomain", 12_021, "Not a valid request type");
    result(samples, "error-chain", 2, Outcome::Error(chain));
    result(samples, "error-code-widths", 250, Outcome::Error(widths));
    result(samples, "error-without-items", 251, Outcome::Error(Vec::new()));
    result(samples, "not-supported", 65_536, Outcome::NotSupported(vec![unsupported]));
    result(samples, "command-format-error", 1, Outcome::CommandFormatError);
    result(samples, "not-now", 1, Outcome::NotNow);
}

fn more_apple_commands(samples: &mut Vec<Sample>) {
    let settings =
        |allowed| AppleRequest::Settings { activation_lock_allowed_while_supervised: allowed };
    let requests = [
        (
            "device-information",
            AppleRequest::DeviceInformation {
                queries: vec!["IsSupervised".into(), "MDMOptions".into()],
            },
        ),
        ("restart-device", AppleRequest::RestartDevice),
        ("shut-down-device", AppleRequest::ShutDownDevice),
        (
            "enable-lost-mode",
            AppleRequest::EnableLostMode {
                message: Some("Lost – please call".into()),
                phone_number: Some("+45 70 10".into()),
                footnote: None,
            },
        ),
        ("disable-lost-mode", AppleRequest::DisableLostMode),
        ("device-location", AppleRequest::DeviceLocation),
        ("play-lost-mode-sound", AppleRequest::PlayLostModeSound),
        ("activation-lock-bypass-code", AppleRequest::ActivationLockBypassCode),
        ("clear-activation-lock-bypass-code", AppleRequest::ClearActivationLockBypassCode),
        ("settings-allow", settings(Some(true))),
        ("settings-nothing", settings(None)),
        (
            "install-profile",
            AppleRequest::InstallProfile {
                identifier: "net.example.wifi".into(),
                payload: ProfilePayload::new(vec![0x3c, 0x00, 0xff]),
            },
        ),
        ("profile-list", AppleRequest::ProfileList),
        ("device-configured", AppleRequest::DeviceConfigured),
        ("installed-application-list", AppleRequest::InstalledApplicationList),
        ("request-unlock-token", AppleRequest::RequestUnlockToken),
    ];
    for (name, request) in requests {
        command(samples, name, Some(Request::Apple(request)));
    }
}

fn apple_answers(samples: &mut Vec<Sample>) {
    let response = |key: &str, value| QueryResponse { key: key.into(), value };
    let information = vec![
        response("IsSupervised", QueryValue::Flag(true)),
        response("OSVersion", QueryValue::Text("17.4".into())),
        response(
            "MDMOptions",
            QueryValue::MdmOptions { activation_lock_allowed_while_supervised: false },
        ),
    ];
    let code = BypassCode::new("0YTK3-8XTGC-4TK7-P9EA-H0ZC-M5QK".into());
    let refused = ErrorItem {
        domain: "MCSettingsErrorDomain".into(),
        code: 28_000,
        description: "Unknown item.".into(),
    };
    let application =
        InstalledApplication { identifier: "net.example.mail".into(), short_version: "2.1".into() };
    let location = Location {
        latitude_microdegrees: 55_676_098,
        longitude_microdegrees: -12_568_337,
        horizontal_accuracy_metres: 65,
    };
    let setting = |errors| SettingResult { item: "MDMOptions".into(), errors };
    let answers = [
        ("device-information", Answer::DeviceInformation(information)),
        ("bypass-code", Answer::ActivationLockBypassCode(Some(code))),
        ("bypass-code-none", Answer::ActivationLockBypassCode(None)),
        ("location", Answer::Location(location)),
        ("profiles", Answer::Profiles(vec!["net.example.wifi".into()])),
        ("applications", Answer::Applications(vec![application])),
        ("settings", Answer::Settings(vec![setting(Vec::new()), setting(vec![refused])])),
        ("unlock-token", Answer::UnlockToken(UnlockToken::new(vec![0xfe, 0xed, 0x00]))),
    ];
    for (name, answer) in answers {
        result(samples, name, 1, Outcome::Acknowledged(answer));
    }
}

fn latest_apple(samples: &mut Vec<Sample>) {
    let profile = |byte| Some(ProfilePayload::new(vec![byte, 0x00, 0xff]));
    let return_to_service = |preserve_data_plan, wifi_profile, mdm_profile| {
        AppleRequest::ReturnToService { preserve_data_plan, wifi_profile, mdm_profile }
    };
    let requests = [
        ("certificate-list", AppleRequest::CertificateList),
        (
            "install-application",
            AppleRequest::InstallApplication { identifier: "net.example.mail".into() },
        ),
        ("clear-restrictions-password", AppleRequest::ClearRestrictionsPassword),
        ("return-to-service", return_to_service(false, None, None)),
        ("return-to-service-profiles", return_to_service(true, profile(0x3c), profile(0x3d))),
    ];
    for (name, request) in requests {
        command(samples, name, Some(Request::Apple(request)));
    }
    let battery = QueryResponse { key: "BatteryLevel".into(), value: QueryValue::Percent(87) };
    let names = vec!["muster device 018f3c2a".into()];
    result(samples, "battery", 1, Outcome::Acknowledged(Answer::DeviceInformation(vec![battery])));
    result(samples, "certificates", 1, Outcome::Acknowledged(Answer::Certificates(names)));
}

fn latest_android(samples: &mut Vec<Sample>) {
    let text = |text: &str| Some(text.into());
    let requests = [
        ("reboot", AndroidRequest::Reboot),
        (
            "start-lost-mode",
            AndroidRequest::StartLostMode {
                message: text("Lost – please call"),
                phone_number: text("+45 70 10"),
                email_address: None,
                street_address: text("Vester Voldgade 2"),
            },
        ),
        ("stop-lost-mode", AndroidRequest::StopLostMode),
        (
            "clear-app-data",
            AndroidRequest::ClearAppData { package_names: vec!["net.example.mail".into()] },
        ),
        ("locate-device", AndroidRequest::LocateDevice),
        ("play-lost-mode-sound-minutes", AndroidRequest::PlayLostModeSound { duration_minutes: 5 }),
    ];
    for (name, request) in requests {
        command(samples, name, Some(Request::Android(request)));
    }
    let cleared = ClearedApplication {
        package_name: "net.example.mail".into(),
        status: "APP_NOT_FOUND".into(),
    };
    let answer = Answer::ClearedApplications(vec![cleared]);
    result(samples, "cleared-applications", 1, Outcome::Acknowledged(answer));
}

/// What came with minor 1.
fn first_minor(samples: &mut Vec<Sample>) {
    let apns = PushTarget {
        service: PushService::Apns,
        topic: "com.example.mgmt.muster".to_owned(),
        token: "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0".to_owned(),
        magic: "9A4B2C1D-0E3F-4A5B-8C6D-7E8F90A1B2C3".to_owned(),
    };
    let fcm = PushTarget {
        service: PushService::Fcm,
        topic: "muster".to_owned(),
        token: "fGx1_ry:APA91b-muster".to_owned(),
        magic: String::new(),
    };
    for (name, target) in [("apns", Some(apns)), ("fcm", Some(fcm)), ("none", None)] {
        let message = Sampled::ToServer(ToServer::PushUpdate(PushUpdate { target }));
        add(samples, &format!("push-update-{name}"), message);
    }
    for (name, policy) in [("none", Policy::NONE), ("full", Policy::FULL)] {
        let message = Sampled::ToDevice(ToDevice::PolicyUpdate(policy));
        add(samples, &format!("policy-update-{name}"), message);
    }
}

/// What came with minor 2.
fn second_minor(samples: &mut Vec<Sample>) {
    let delete_user = |force_deletion| AppleRequest::DeleteUser {
        user_name: "pupil@school.example".into(),
        force_deletion,
    };
    let apple = [
        ("set-device-name", AppleRequest::SetDeviceName { name: "Kiosk – north 3".into() }),
        ("log-out-user", AppleRequest::LogOutUser),
        ("delete-user", delete_user(false)),
        ("delete-user-force", delete_user(true)),
    ];
    for (name, request) in apple {
        command(samples, name, Some(Request::Apple(request)));
    }
    let name = AndroidRequest::SetDeviceName { name: "Kiosk – north 3".into() };
    command(samples, "set-device-name-android", Some(Request::Android(name)));
    let named = SettingResult { item: "DeviceName".into(), errors: Vec::new() };
    result(samples, "device-name", 1, Outcome::Acknowledged(Answer::Settings(vec![named])));
}

fn result(samples: &mut Vec<Sample>, name: &str, attempt: u32, outcome: Outcome) {
    let result = CommandResult { id: COMMAND, attempt: Attempt::new(attempt), outcome };
    let message = Sampled::ToServer(ToServer::CommandResult(result));
    add(samples, &format!("command-result-{name}"), message);
}

fn add(samples: &mut Vec<Sample>, name: &str, message: Sampled) {
    samples.push(Sample { name: name.into(), message });
}
