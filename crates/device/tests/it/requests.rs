//! Requests by the names that tables and histories give them.

use muster_protocol::command::MANAGEMENT_PROFILE;
use muster_protocol::secret::{ProfilePayload, UnlockToken};
use muster_protocol::{AndroidRequest, AppleRequest};

/// What the server asks of either platform. The frequent ones have effects and end no life, so
/// that repeated commands do meet a device which has executed them.
pub(crate) const APPLE: [&str; 45] = [
    "DeviceLock",
    "DeviceLock",
    "DeviceLock",
    "DeviceLock",
    "ClearPasscode own-token",
    "ClearPasscode own-token",
    "ClearPasscode stale-token",
    "DisableActivationLock own-code",
    "DisableActivationLock own-code",
    "DisableActivationLock wrong-code",
    "SecurityInfo",
    "SecurityInfo",
    "EraseDevice",
    "RemoveProfile",
    "LOCK",
    "unreadable",
    "DeviceInformation IsSupervised MDMOptions",
    "RestartDevice",
    "ShutDownDevice",
    "EnableLostMode",
    "EnableLostMode",
    "EnableLostMode speechless",
    "DisableLostMode",
    "DeviceLocation",
    "PlayLostModeSound",
    "ActivationLockBypassCode",
    "ClearActivationLockBypassCode",
    "Settings allow",
    "Settings disallow",
    "InstallProfile",
    "InstallProfile net.example.mail",
    "RemoveProfile net.example.wifi",
    "ProfileList",
    "DeviceConfigured",
    "InstalledApplicationList",
    "RequestUnlockToken",
    "CertificateList",
    "InstallApplication",
    "InstallApplication net.example.other",
    "ClearRestrictionsPassword",
    "DeviceName kiosk",
    "LogOutUser",
    "DeleteUser pupil-1@school.example",
    "ReturnToService",
    "ReturnToService with-profile",
];
pub(crate) const ANDROID: [&str; 24] = [
    "LOCK",
    "LOCK",
    "LOCK",
    "RESET_PASSWORD device",
    "RESET_PASSWORD device",
    "RESET_PASSWORD device",
    "RESET_PASSWORD profile",
    "RESET_PASSWORD profile",
    "RESET_PASSWORD profile",
    "REQUEST_DEVICE_INFO",
    "REQUEST_DEVICE_INFO",
    "REQUEST_DEVICE_INFO",
    "WIPE",
    "RELINQUISH_OWNERSHIP",
    "REBOOT",
    "START_LOST_MODE",
    "START_LOST_MODE blank",
    "STOP_LOST_MODE",
    "CLEAR_APP_DATA net.example.mail",
    "CLEAR_APP_DATA com.muster.agent",
    "LOCATE_DEVICE",
    "PLAY_LOST_MODE_SOUND 5",
    "DeviceLock",
    "unreadable",
];

pub(crate) fn android_request(name: &str) -> Option<AndroidRequest> {
    let (name, with) = name.split_once(' ').unwrap_or((name, ""));
    let text = |of: &str| (with == of || with.is_empty()).then(|| of.to_owned());
    let start_lost_mode = || AndroidRequest::StartLostMode {
        message: if with == "blank" { Some("  ".to_owned()) } else { text("message") },
        phone_number: text("phone"),
        email_address: text("email"),
        street_address: text("street"),
    };
    Some(match name {
        "REBOOT" => AndroidRequest::Reboot,
        "START_LOST_MODE" => start_lost_mode(),
        "STOP_LOST_MODE" => AndroidRequest::StopLostMode,
        "CLEAR_APP_DATA" => AndroidRequest::ClearAppData {
            package_names: with.split_whitespace().map(str::to_owned).collect(),
        },
        "SET_DEVICE_NAME" if with == "too-long" => {
            AndroidRequest::SetDeviceName { name: "x".repeat(1_025) }
        }
        "SET_DEVICE_NAME" => AndroidRequest::SetDeviceName { name: with.to_owned() },
        "LOCATE_DEVICE" => AndroidRequest::LocateDevice,
        "PLAY_LOST_MODE_SOUND" => {
            AndroidRequest::PlayLostModeSound { duration_minutes: with.parse().expect("minutes") }
        }
        "WIPE" => AndroidRequest::Wipe {
            preserve_reset_protection_data: with.contains("preserve"),
            wipe_esims: with.contains("esims"),
        },
        _ => return None,
    })
}

/// Requests that need none of the device's secrets, with what they carry after the name.
pub(crate) fn apple_request(name: &str) -> AppleRequest {
    let (name, with) = name.split_once(' ').unwrap_or((name, ""));
    let lost = |message: Option<String>, phone_number: Option<String>| {
        AppleRequest::EnableLostMode { message, phone_number, footnote: None }
    };
    let install = |identifier: &str, bytes: usize| AppleRequest::InstallProfile {
        identifier: identifier.to_owned(),
        payload: ProfilePayload::new(vec![b'<'; bytes]),
    };
    let settings =
        |allowed| AppleRequest::Settings { activation_lock_allowed_while_supervised: allowed };
    match (name, with) {
        ("ClearPasscode", "no-token") => {
            AppleRequest::ClearPasscode { unlock_token: UnlockToken::new(Vec::new()) }
        }
        ("RemoveProfile", "nameless") => AppleRequest::RemoveProfile { identifier: String::new() },
        ("RemoveProfile", identifier) => {
            AppleRequest::RemoveProfile { identifier: identifier.to_owned() }
        }
        ("DeviceInformation", "too-many") => {
            AppleRequest::DeviceInformation { queries: vec!["IsSupervised".to_owned(); 65] }
        }
        ("DeviceInformation", queries) => AppleRequest::DeviceInformation {
            queries: queries.split_whitespace().map(str::to_owned).collect(),
        },
        ("EnableLostMode", "speechless") => lost(None, Some(String::new())),
        ("EnableLostMode", "too-long") => lost(Some("x".repeat(1_025)), None),
        ("EnableLostMode", _) => lost(Some("Lost".to_owned()), Some("+45 70 10".to_owned())),
        ("InstallProfile", "empty") => install("net.example.wifi", 0),
        ("InstallProfile", "too-large") => install("net.example.wifi", 32_769),
        ("InstallProfile", "nameless") => install("", 9),
        ("InstallProfile", "management") => install(MANAGEMENT_PROFILE, 9),
        ("InstallProfile", "") => install("net.example.wifi", 9),
        ("InstallProfile", identifier) => install(identifier, 9),
        ("Settings", "allow") => settings(Some(true)),
        ("Settings", "disallow") => settings(Some(false)),
        ("Settings", _) => settings(None),
        ("RestartDevice", _) => AppleRequest::RestartDevice,
        ("ShutDownDevice", _) => AppleRequest::ShutDownDevice,
        ("DisableLostMode", _) => AppleRequest::DisableLostMode,
        ("DeviceLocation", _) => AppleRequest::DeviceLocation,
        ("PlayLostModeSound", _) => AppleRequest::PlayLostModeSound,
        ("ActivationLockBypassCode", _) => AppleRequest::ActivationLockBypassCode,
        ("ClearActivationLockBypassCode", _) => AppleRequest::ClearActivationLockBypassCode,
        ("ProfileList", _) => AppleRequest::ProfileList,
        ("DeviceConfigured", _) => AppleRequest::DeviceConfigured,
        ("InstalledApplicationList", _) => AppleRequest::InstalledApplicationList,
        ("RequestUnlockToken", _) => AppleRequest::RequestUnlockToken,
        ("CertificateList", _) => AppleRequest::CertificateList,
        ("InstallApplication", "nameless") => install_application(""),
        ("InstallApplication", "") => install_application("net.example.app"),
        ("InstallApplication", identifier) => install_application(identifier),
        ("DeviceName", "too-long") => AppleRequest::SetDeviceName { name: "x".repeat(1_025) },
        ("DeviceName", name) => AppleRequest::SetDeviceName { name: name.to_owned() },
        ("LogOutUser", _) => AppleRequest::LogOutUser,
        ("DeleteUser", with) => delete_user(with),
        ("ClearRestrictionsPassword", _) => AppleRequest::ClearRestrictionsPassword,
        ("ReturnToService", profile) => AppleRequest::ReturnToService {
            preserve_data_plan: false,
            wifi_profile: None,
            mdm_profile: match profile {
                "with-profile" => Some(ProfilePayload::new(vec![b'<'; 9])),
                "empty-profile" => Some(ProfilePayload::new(Vec::new())),
                _ => None,
            },
        },
        (other, _) => panic!("no request is called {other:?}"),
    }
}

fn install_application(identifier: &str) -> AppleRequest {
    AppleRequest::InstallApplication { identifier: identifier.to_owned() }
}

fn delete_user(with: &str) -> AppleRequest {
    let forced = with.strip_prefix("force ");
    let user_name = forced.unwrap_or(with).to_owned();
    AppleRequest::DeleteUser { user_name, force_deletion: forced.is_some() }
}
