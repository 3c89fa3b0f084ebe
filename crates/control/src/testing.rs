//! What the unit tests of this crate start from.

use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::management::{CommandResult, Hello, TokenUpdate};
use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};
use muster_protocol::status::{DeviceStatus, PlatformStatus, Presence, Switch};
use muster_protocol::{
    Answer, Command, CommandId, DeviceFacts, DeviceId, ErrorItem, Mode, OperatingSystem, OsVersion,
    Outcome, Platform, Policy, Timestamp,
};

use crate::{
    Action, ActivationLockRoute, DeviceRecord, EnrolmentProfile, KeyFingerprint, NewCommand,
    NewLife, Readings,
};

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const WIPE: Action =
    Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };
pub(crate) const DONE: Outcome = Outcome::Acknowledged(Answer::Done);

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(crate) fn id(number: u8) -> CommandId {
    CommandId::from_bytes([number; 16])
}

pub(crate) fn record(mode: Mode, os_version: OsVersion) -> DeviceRecord {
    let operating_system = match mode.platform() {
        Platform::Apple => OperatingSystem::Ios,
        Platform::Android => OperatingSystem::Android,
    };
    let facts = DeviceFacts {
        serial: "F17".parse().unwrap(),
        model: "iPhone15,2".to_string(),
        operating_system,
        os_version,
        mode,
    };
    let profile = EnrolmentProfile { name: "all".to_string(), policy: Policy::FULL };
    let key = KeyFingerprint([9; 32]);
    DeviceRecord::new(at(0), NewLife { id: DeviceId::from_bytes([1; 16]), facts, key, profile })
}

/// A supervised iPhone that has handed over its secrets; nothing left to write.
pub(crate) fn iphone() -> DeviceRecord {
    let mut device = record(Mode::AppleAutomatedDevice, OsVersion::major(17));
    device.token_update(at(0), secrets());
    device.hello(at(0), &hello());
    let _ = device.take_writes();
    device
}

/// A fully managed Android device; nothing left to write.
pub(crate) fn android() -> DeviceRecord {
    let mut device = record(Mode::AndroidFullyManaged, OsVersion::major(14));
    let _ = device.take_writes();
    device
}

pub(crate) fn secrets() -> TokenUpdate {
    TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(vec![1, 2, 3])),
        bypass_code: Some(BypassCode::new("CODE".to_string())),
    }
}

pub(crate) fn status() -> DeviceStatus {
    DeviceStatus {
        os_version: OsVersion::major(17),
        passcode: Presence::Set,
        platform: PlatformStatus::Apple { find_my: Switch::Off, activation_lock: Switch::Off },
    }
}

pub(crate) fn hello() -> Hello {
    Hello { minor: 0, device: DeviceId::from_bytes([1; 16]), status: status() }
}

pub(crate) fn passcode(text: &str) -> Outcome {
    Outcome::Acknowledged(Answer::TemporaryPasscode(Passcode::new(text.to_string())))
}

pub(crate) fn error_items() -> Vec<ErrorItem> {
    let (domain, description) = ("MCMDMErrorDomain".to_string(), "no".to_string());
    vec![ErrorItem { domain, code: 12_001, description }]
}

/// The answer to the attempt `command` is.
pub(crate) fn reply(command: &Command, outcome: Outcome) -> CommandResult {
    CommandResult { id: command.head.id, attempt: command.head.attempt, outcome }
}

/// The default reading of every contradiction.
pub(crate) fn plain() -> Readings {
    Readings::default()
}

/// Activation Locks are removed by the activation service.
pub(crate) fn by_service() -> Readings {
    Readings { activation_lock_route: ActivationLockRoute::ActivationService, ..plain() }
}

/// With an hour to live.
pub(crate) fn command(id: CommandId, action: Action) -> NewCommand {
    NewCommand { id, action, lifetime: HOUR }
}

/// Submits with an hour to live.
pub(crate) fn submit(device: &mut DeviceRecord, now: Timestamp, number: u8, action: Action) {
    device.submit(now, command(id(number), action), &plain()).unwrap();
}

/// Hands out the next command and checks which one it is.
pub(crate) fn lease(device: &mut DeviceRecord, now: Timestamp, number: u8) -> Command {
    let command = device.next(now, &plain()).expect("something waits");
    assert_eq!(command.head.id, id(number));
    command
}
