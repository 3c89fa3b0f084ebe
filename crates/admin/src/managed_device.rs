//! A device as Graph shows it: `microsoft.graph.managedDevice`.
//!
//! Only what this server knows is stated. What it cannot know (a telephone number, a user) is
//! left out of a plain answer and null if selected by name.

use muster_control::{ActionKind, CommandState, DeviceRecord, Lifecycle, UnenrolReason};
use muster_protocol::{Mode, OperatingSystem, Platform, Supervision};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::action_result::{ActionResult, action_results};
use crate::backend::Backend;
use crate::path::Version;
use crate::properties::BYPASS_CODE;
use crate::query::Selection;

/// Whether an answer may carry what is told only on request by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One of many: the default values stand there, selected or not.
    Listed,
    /// Read by its id.
    Single,
}

/// How a device is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    pub(crate) version: Version,
    pub(crate) shape: Shape,
    pub(crate) select: &'a Selection,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagedDevice<'a> {
    id: String,
    device_name: &'a str,
    managed_device_name: &'a str,
    serial_number: &'a str,
    model: &'a str,
    manufacturer: Option<&'static str>,
    operating_system: &'static str,
    os_version: String,
    is_supervised: bool,
    managed_device_owner_type: &'static str,
    device_enrollment_type: &'static str,
    management_agent: &'static str,
    management_state: &'static str,
    device_registration_state: &'static str,
    enrollment_profile_name: &'a str,
    enrolled_date_time: String,
    last_sync_date_time: String,
    compliance_state: &'static str,
    jail_broken: &'static str,
    partner_reported_threat_state: &'static str,
    device_action_results: Vec<ActionResult<'a>>,
    #[serde(flatten)]
    on_request: OnRequest<'a>,
    #[serde(flatten)]
    beta: Option<BetaOnly>,
    #[serde(rename = "x-muster-connected")]
    connected: bool,
}

/// Properties that carry a default unless a device is read by id with `$select`.
///
/// Of these the server knows the bypass code alone.
///
/// Source: Microsoft Graph, resource type `managedDevice`;
/// sources/disable-activation-lock.md, the second note.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OnRequest<'a> {
    activation_lock_bypass_code: Option<&'a str>,
    ethernet_mac_address: Option<&'a str>,
    notes: Option<&'a str>,
    iccid: &'static str,
    udid: &'static str,
    remote_assistance_session_url: &'static str,
    physical_memory_in_bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BetaOnly {
    device_type: &'static str,
    owner_type: &'static str,
}

/// A device as JSON, with what was selected.
pub(crate) fn managed_device<B: Backend>(
    backend: &B,
    record: &DeviceRecord,
    look: Look<'_>,
) -> Map<String, Value> {
    let described = describe(backend, record, look);
    let Ok(Value::Object(all)) = serde_json::to_value(described) else {
        unreachable!("a struct of texts and numbers becomes an object");
    };
    look.select.apply(all)
}

/// A point in time as Graph writes it.
pub(crate) fn date_time(at: jiff::Timestamp) -> String {
    format!("{at:.6}")
}

fn describe<'a, B: Backend>(
    backend: &B,
    record: &'a DeviceRecord,
    look: Look<'_>,
) -> ManagedDevice<'a> {
    let facts = &record.facts;
    let os_version = record.status.map_or(facts.os_version, |status| status.os_version);
    ManagedDevice {
        id: record.id.to_string(),
        // The simulated devices have no names of their own; the serial number tells them apart.
        device_name: facts.serial.as_str(),
        managed_device_name: facts.serial.as_str(),
        serial_number: facts.serial.as_str(),
        model: &facts.model,
        manufacturer: manufacturer(facts.mode.platform()),
        operating_system: operating_system(facts.operating_system),
        os_version: os_version.to_string(),
        is_supervised: facts.mode.supervision() == Supervision::Supervised,
        managed_device_owner_type: owner_type(facts.mode),
        device_enrollment_type: enrollment_type(facts.mode, look.version),
        management_agent: management_agent(facts.mode, look.version),
        management_state: management_state(record),
        device_registration_state: registration_state(record.lifecycle),
        enrollment_profile_name: &record.profile_name,
        enrolled_date_time: date_time(backend.wall(record.enrolled_at)),
        last_sync_date_time: date_time(backend.wall(record.last_seen)),
        compliance_state: "unknown",
        jail_broken: "Unknown",
        partner_reported_threat_state: "unknown",
        device_action_results: action_results(backend, record),
        on_request: on_request(record, look),
        beta: beta_only(facts.mode, facts.operating_system, look.version),
        connected: backend.connected(record.id),
    }
}

fn on_request<'a>(record: &'a DeviceRecord, look: Look<'_>) -> OnRequest<'a> {
    let asked = look.shape == Shape::Single && look.select.names(BYPASS_CODE);
    let code = record.escrow.bypass_code.as_ref().filter(|_| asked);
    OnRequest {
        activation_lock_bypass_code: code.map(|code| code.expose().as_str()),
        ethernet_mac_address: None,
        notes: None,
        iccid: "",
        udid: "",
        remote_assistance_session_url: "",
        physical_memory_in_bytes: 0,
    }
}

const fn beta_only(mode: Mode, system: OperatingSystem, version: Version) -> Option<BetaOnly> {
    match version {
        Version::V1 => None,
        Version::Beta => {
            Some(BetaOnly { device_type: device_type(mode, system), owner_type: owner_type(mode) })
        }
    }
}

/// Android phones have many makers, and the devices do not say which.
const fn manufacturer(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Apple => Some("Apple"),
        Platform::Android => None,
    }
}

const fn operating_system(system: OperatingSystem) -> &'static str {
    match system {
        OperatingSystem::Ios => "iOS",
        OperatingSystem::IpadOs => "iPadOS",
        OperatingSystem::Android => "Android",
    }
}

const fn owner_type(mode: Mode) -> &'static str {
    match mode {
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => "personal",
        Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => "company",
    }
}

/// `deviceEnrollmentType`. The enumeration of v1.0 ends with the values for Apple.
const fn enrollment_type(mode: Mode, version: Version) -> &'static str {
    let of_android = match mode {
        Mode::AppleDevice
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => return "userEnrollment",
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice => return "appleBulkWithoutUser",
        Mode::AppleUser => return "appleUserEnrollment",
        Mode::AndroidCorporateOwnedWorkProfile => "androidEnterpriseCorporateWorkProfile",
        Mode::AndroidFullyManaged => "androidEnterpriseFullyManaged",
        Mode::AndroidDedicated => "androidEnterpriseDedicatedDevice",
        Mode::AospUserAssociated => "androidAOSPUserOwnedDeviceEnrollment",
        Mode::AospUserless => "androidAOSPUserlessDeviceEnrollment",
    };
    match version {
        Version::V1 => "unknownFutureValue",
        Version::Beta => of_android,
    }
}

/// `managementAgent`. The enumeration of v1.0 has no agent for AOSP.
const fn management_agent(mode: Mode, version: Version) -> &'static str {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AndroidDeviceAdministrator => "mdm",
        Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => "googleCloudDevicePolicyController",
        Mode::AospUserAssociated | Mode::AospUserless => match version {
            Version::V1 => "unknown",
            Version::Beta => "intuneAosp",
        },
    }
}

const fn device_type(mode: Mode, system: OperatingSystem) -> &'static str {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser => match system {
            OperatingSystem::IpadOs => "iPad",
            OperatingSystem::Ios | OperatingSystem::Android => "iPhone",
        },
        Mode::AndroidDeviceAdministrator => "android",
        Mode::AndroidPersonallyOwnedWorkProfile => "androidForWork",
        Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => "androidEnterprise",
        Mode::AospUserAssociated | Mode::AospUserless => "androidnGMS",
    }
}

const fn registration_state(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Enrolled => "registered",
        Lifecycle::Unenrolled { .. } => "notRegistered",
    }
}

/// `managementState`: how far the latest wipe or retire has come.
///
/// A record that is over keeps the word for how it ended; for one that a new enrolment has
/// replaced the enumeration has none.
fn management_state(record: &DeviceRecord) -> &'static str {
    match record.lifecycle {
        Lifecycle::Enrolled => leaving(record).unwrap_or("managed"),
        Lifecycle::Unenrolled { reason, .. } => match reason {
            UnenrolReason::Wiped => "wipeIssued",
            UnenrolReason::Retired => "retireIssued",
            UnenrolReason::EnrolledAgain => "unknownFutureValue",
        },
    }
}

fn leaving(record: &DeviceRecord) -> Option<&'static str> {
    let words = record.commands().filter_map(|command| match command.action.kind() {
        ActionKind::Wipe => leaving_word(&command.state, &WIPE_WORDS),
        ActionKind::Retire => leaving_word(&command.state, &RETIRE_WORDS),
        ActionKind::ResetPasscode
        | ActionKind::RemoteLock
        | ActionKind::SyncDevice
        | ActionKind::BypassActivationLock => None,
    });
    words.last()
}

struct LeavingWords {
    pending: &'static str,
    issued: &'static str,
    failed: &'static str,
    canceled: &'static str,
}

const WIPE_WORDS: LeavingWords = LeavingWords {
    pending: "wipePending",
    issued: "wipeIssued",
    failed: "wipeFailed",
    canceled: "wipeCanceled",
};

const RETIRE_WORDS: LeavingWords = LeavingWords {
    pending: "retirePending",
    issued: "retireIssued",
    failed: "retireFailed",
    canceled: "retireCanceled",
};

const fn leaving_word(state: &CommandState, words: &LeavingWords) -> Option<&'static str> {
    match state {
        CommandState::Queued | CommandState::NotNow => Some(words.pending),
        CommandState::InFlight | CommandState::Done { .. } => Some(words.issued),
        CommandState::Failed { .. } => Some(words.failed),
        CommandState::Canceled { .. } => Some(words.canceled),
        CommandState::NotSupported { .. } => None,
    }
}
