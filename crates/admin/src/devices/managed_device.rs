//! A device as Graph shows it: `microsoft.graph.managedDevice`.
//!
//! Only what this server knows is stated. What it cannot know (a telephone number, a user) is
//! left out of a plain answer and null if selected by name.

use muster_control::{BYPASS_CODE_KEPT_FOR, Compliance, DeviceRecord, Lifecycle, LostModeState};
use muster_protocol::status::Switch;
use muster_protocol::{Mode, OperatingSystem, Platform, Supervision, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::backend::Backend;
use crate::devices::action_result::{ActionResult, action_results};
use crate::devices::listed::activation_lock;
use crate::devices::properties::BYPASS_CODE;
use crate::odata::query::Selection;
use crate::operation::path::Version;

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
    /// How the device is managed: `deviceEnrollmentType` does not tell all modes apart.
    #[serde(rename = "x-muster-mode")]
    mode: &'static str,
    /// Graph has no property for it.
    #[serde(rename = "x-muster-activation-lock")]
    activation_lock: Option<&'static str>,
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
    lost_mode_state: &'static str,
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
        management_state: record.management_state().graph_name(),
        device_registration_state: registration_state(record.lifecycle),
        enrollment_profile_name: &record.profile_name,
        enrolled_date_time: date_time(backend.wall(record.enrolled_at)),
        last_sync_date_time: date_time(backend.wall(record.last_seen)),
        compliance_state: compliance_state(record.compliance()),
        jail_broken: "Unknown",
        partner_reported_threat_state: "unknown",
        device_action_results: action_results(backend, record),
        on_request: on_request(backend, record, look),
        beta: beta_only(record, look.version),
        connected: backend.connected(record.id),
        mode: facts.mode.name(),
        activation_lock: activation_lock(record).map(switch_word),
    }
}

fn on_request<'a, B: Backend>(
    backend: &B,
    record: &'a DeviceRecord,
    look: Look<'_>,
) -> OnRequest<'a> {
    let asked = look.shape == Shape::Single && look.select.names(BYPASS_CODE);
    let code = shown_bypass_code(record, backend.now()).filter(|_| asked);
    OnRequest {
        activation_lock_bypass_code: code,
        ethernet_mac_address: None,
        notes: None,
        iccid: "",
        udid: "",
        remote_assistance_session_url: "",
        physical_memory_in_bytes: 0,
    }
}

/// The bypass code while it may be seen. The server purges it now and then; from its end on it is
/// not shown.
#[must_use]
pub fn shown_bypass_code(record: &DeviceRecord, now: Timestamp) -> Option<&str> {
    let issued_at = record.escrow.bypass_issued_at.unwrap_or(record.enrolled_at);
    let code = record.escrow.bypass_code.as_ref()?;
    (now < issued_at.after(BYPASS_CODE_KEPT_FOR)).then(|| code.expose().as_str())
}

fn beta_only(record: &DeviceRecord, version: Version) -> Option<BetaOnly> {
    let facts = &record.facts;
    match version {
        Version::V1 => None,
        Version::Beta => Some(BetaOnly {
            device_type: device_type(facts.mode, facts.operating_system),
            owner_type: owner_type(facts.mode),
            lost_mode_state: lost_mode_word(record.lost_mode_state()),
        }),
    }
}

/// A switch as this server's own properties and options write it.
pub(crate) const fn switch_word(switch: Switch) -> &'static str {
    match switch {
        Switch::On => "on",
        Switch::Off => "off",
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
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => "personal",
        Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleSharedIpad
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => "company",
    }
}

/// `deviceEnrollmentType`. The enumeration of v1.0 ends with Apple's first values.
const fn enrollment_type(mode: Mode, version: Version) -> &'static str {
    let of_beta = match mode {
        Mode::AppleDevice
        | Mode::AppleAccountDrivenDevice
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile => return "userEnrollment",
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => {
            return "appleBulkWithoutUser";
        }
        Mode::AppleUser => return "appleUserEnrollment",
        Mode::AppleAccountDrivenUser => "appleAccountDrivenUserEnrollment",
        Mode::AndroidCorporateOwnedWorkProfile => "androidEnterpriseCorporateWorkProfile",
        Mode::AndroidFullyManaged => "androidEnterpriseFullyManaged",
        Mode::AndroidDedicated => "androidEnterpriseDedicatedDevice",
        Mode::AospUserAssociated => "androidAOSPUserOwnedDeviceEnrollment",
        Mode::AospUserless => "androidAOSPUserlessDeviceEnrollment",
    };
    match version {
        Version::V1 => "unknownFutureValue",
        Version::Beta => of_beta,
    }
}

/// `managementAgent`. The enumeration of v1.0 has no agent for AOSP.
const fn management_agent(mode: Mode, version: Version) -> &'static str {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad
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
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => match system {
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

/// `complianceState`: by the passwords the policy of the device asks for.
const fn compliance_state(compliance: Compliance) -> &'static str {
    match compliance {
        Compliance::Unknown => "unknown",
        Compliance::Compliant => "compliant",
        Compliance::NonCompliant => "noncompliant",
    }
}

/// `lostModeState`, which v1.0 does not have.
const fn lost_mode_word(state: LostModeState) -> &'static str {
    match state {
        LostModeState::Disabled => "disabled",
        LostModeState::Enabled => "enabled",
    }
}
