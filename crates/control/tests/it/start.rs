//! What the tests start from.

use muster_control::{Action, ActionKind, DeviceRecord, EnrolmentProfile, KeyFingerprint, NewLife};
use muster_protocol::management::{Hello, TokenUpdate};
use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{
    CommandId, DeviceFacts, DeviceId, Mode, OperatingSystem, OsVersion, Platform, Policy, Timestamp,
};

const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(crate) fn id(number: usize) -> CommandId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
    CommandId::from_bytes(bytes)
}

pub(crate) fn action(kind: ActionKind) -> Action {
    match kind {
        ActionKind::Wipe => {
            Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false }
        }
        ActionKind::Retire => Action::Retire,
        ActionKind::ResetPasscode => Action::ResetPasscode,
        ActionKind::RemoteLock => Action::RemoteLock,
        ActionKind::SyncDevice => Action::SyncDevice,
        ActionKind::BypassActivationLock => Action::BypassActivationLock,
        ActionKind::RebootNow => Action::RebootNow,
        ActionKind::ShutDown => Action::ShutDown,
        ActionKind::DisableLostMode => Action::DisableLostMode,
        ActionKind::LocateDevice => Action::LocateDevice,
        ActionKind::Delete => Action::Delete,
        ActionKind::DeviceConfigured => Action::DeviceConfigured,
        ActionKind::SetDeviceName => Action::SetDeviceName { device_name: "kiosk 3".into() },
        ActionKind::LogoutSharedAppleDeviceActiveUser => Action::LogoutSharedAppleDeviceActiveUser,
        ActionKind::DeleteUserFromSharedAppleDevice => Action::DeleteUserFromSharedAppleDevice {
            user_principal_name: "pupil@school.example".into(),
        },
        ActionKind::EnableLostMode => Action::EnableLostMode {
            message: Some("please call".into()),
            phone_number: Some("555 0100".into()),
            footer: Some("lost".into()),
        },
        ActionKind::PlayLostModeSound => Action::PlayLostModeSound { duration_minutes: 3 },
    }
}

/// A supervised iPhone, of which everything can be asked, without secrets yet.
pub(crate) fn iphone() -> DeviceRecord {
    enrolled(Mode::AppleAutomatedDevice)
}

/// A device that has enrolled in this mode, with a version that can do everything.
pub(crate) fn enrolled(mode: Mode) -> DeviceRecord {
    let operating_system = match mode.platform() {
        Platform::Apple => OperatingSystem::Ios,
        Platform::Android => OperatingSystem::Android,
    };
    let facts = DeviceFacts {
        serial: "F17".parse().expect("a serial number"),
        model: "iPhone15,2".into(),
        operating_system,
        os_version: OsVersion::major(17),
        mode,
    };
    let profile = EnrolmentProfile { name: "all".into(), policy: Policy::FULL };
    let life = NewLife { id: DEVICE, facts, key: KeyFingerprint([9; 32]), profile };
    DeviceRecord::new(at(0), life)
}

pub(crate) fn secrets() -> TokenUpdate {
    TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(vec![1, 2, 3])),
        bypass_code: Some(BypassCode::new("CODE".into())),
    }
}

pub(crate) fn hello() -> Hello {
    let status = DeviceStatus {
        os_version: OsVersion::major(17),
        passcode: Presence::Set,
        platform: PlatformStatus::Apple { find_my: Switch::Off, activation_lock: Switch::Off },
    };
    Hello { minor: 0, device: DEVICE, status }
}
