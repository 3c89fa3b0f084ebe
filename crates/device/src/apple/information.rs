//! What a device tells of itself when asked key by key.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::status::Switch;
use muster_protocol::{
    ActivationLockPolicy, DeviceFacts, Mode, OsVersion, Policy, QueryResponse, QueryValue,
    Supervision,
};

use super::holds::Hold;
use super::state::Apple;
use crate::spec::AccessRights;

/// A device and what it is asked under.
pub(super) struct Asked<'a> {
    pub(super) apple: &'a Apple,
    pub(super) facts: &'a DeviceFacts,
    pub(super) policy: Policy,
    /// What the server may ask.
    pub(super) rights: AccessRights,
}

/// One key of DeviceInformation.
struct Key {
    name: &'static str,
    since: OsVersion,
    in_user_enrollment: InUserEnrollment,
    right: AccessRights,
    value: fn(&Asked<'_>) -> QueryValue,
}

/// Whether a person's own device tells it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InUserEnrollment {
    Told,
    Withheld,
}

/// The keys, in the order they are answered.
///
/// Source: github.com/apple/device-management, `mdm/commands/information.device.yaml`.
const KEYS: [Key; 12] = [
    told("OSVersion", OsVersion::major(4), |asked| {
        QueryValue::Text(asked.facts.os_version.to_string())
    }),
    told("ProductName", OsVersion::major(4), |asked| QueryValue::Text(asked.facts.model.clone())),
    withheld("SerialNumber", OsVersion::major(4), |asked| {
        QueryValue::Text(asked.facts.serial.to_string())
    }),
    told("DeviceName", OsVersion::major(4), |asked| {
        let serial = asked.facts.serial.as_str();
        QueryValue::Text(asked.apple.name().unwrap_or(serial).to_string())
    }),
    told("BatteryLevel", OsVersion::major(5), |asked| {
        QueryValue::Percent(asked.apple.battery().percent())
    }),
    told("IsSupervised", OsVersion::major(6), |asked| {
        QueryValue::Flag(asked.facts.mode.supervision() == Supervision::Supervised)
    }),
    told("IsDeviceLocatorServiceEnabled", OsVersion::major(7), |asked| {
        QueryValue::Flag(asked.apple.find_my() == Switch::On)
    }),
    withheld("IsActivationLockEnabled", OsVersion::major(7), |asked| {
        QueryValue::Flag(asked.apple.activation_lock().is_on())
    }),
    withheld("MDMOptions", OsVersion::major(7), mdm_options).for_everybody(),
    withheld("AwaitingConfiguration", OsVersion::major(9), |asked| {
        QueryValue::Flag(asked.apple.is_held(Hold::SetupAssistant))
    })
    .for_everybody(),
    told("IsMultiUser", OsVersion::new(9, 3), |asked| {
        QueryValue::Flag(asked.facts.mode == Mode::AppleSharedIpad)
    }),
    withheld("IsMDMLostModeEnabled", OsVersion::new(9, 3), |asked| {
        QueryValue::Flag(asked.apple.lost_mode().is_on())
    }),
];

/// The answers to `queries`, each key once; what is unknown or withheld is left out in silence.
///
/// Source: DeviceInformation, Apple MDM protocol reference.
pub(super) fn responses(asked: &Asked<'_>, queries: &[String]) -> Vec<QueryResponse> {
    let wanted = KEYS.iter().filter(|key| queries.iter().any(|query| query == key.name));
    let told = wanted.filter(|key| is_told(key, asked));
    told.map(|key| QueryResponse { key: key.name.to_string(), value: (key.value)(asked) }).collect()
}

fn is_told(key: &Key, asked: &Asked<'_>) -> bool {
    let facts = asked.facts;
    let withheld =
        facts.mode.is_user_enrollment() && key.in_user_enrollment == InUserEnrollment::Withheld;
    key.since <= facts.os_version && !withheld && asked.rights.grant(key.right)
}

fn mdm_options(asked: &Asked<'_>) -> QueryValue {
    let allowed = asked.apple.policy_in_force(asked.policy).activation_lock;
    QueryValue::MdmOptions {
        activation_lock_allowed_while_supervised: allowed == ActivationLockPolicy::Allowed,
    }
}

const fn told(name: &'static str, since: OsVersion, value: fn(&Asked<'_>) -> QueryValue) -> Key {
    let right = AccessRights::DEVICE_INFORMATION;
    Key { name, since, in_user_enrollment: InUserEnrollment::Told, right, value }
}

const fn withheld(
    name: &'static str,
    since: OsVersion,
    value: fn(&Asked<'_>) -> QueryValue,
) -> Key {
    Key { in_user_enrollment: InUserEnrollment::Withheld, ..told(name, since, value) }
}

impl Key {
    /// Whatever the server may ask otherwise.
    const fn for_everybody(self) -> Self {
        Self { right: AccessRights::NONE, ..self }
    }
}
