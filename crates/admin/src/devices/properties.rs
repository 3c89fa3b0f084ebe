//! The properties of `microsoft.graph.managedDevice`: one row each, with where its value comes
//! from.
//!
//! Navigation properties are not among them.

mod read;

use crate::devices::managed_device::Device;
use crate::devices::page::PAGE_DEVICES_MAX;
use crate::devices::words;
use crate::odata::datum::Datum;
use crate::odata::moment::Moment;
use crate::odata::property::{Documented, Kind, Property, Schema};
use crate::odata::query::Count;
use crate::operation::path::Version;

/// Whether the device is locked to an account; this server's own, and an option of lists.
const ACTIVATION_LOCK: &str = "x-muster-activation-lock";

/// Where a value comes from.
type Read = for<'a> fn(&'a Device<'a>) -> Datum<'a>;

/// A property of a device.
#[derive(Clone, Copy)]
pub(crate) struct DeviceProperty {
    pub(crate) property: Property,
    pub(crate) read: Read,
    pub(crate) shown: Shown,
}

/// When the value is told.
#[derive(Clone, Copy)]
pub(crate) enum Shown {
    Always,
    /// Only to who reads one device by its id and names the property in `$select`; to everybody
    /// else the default.
    ///
    /// Source: Microsoft Graph, resource type `managedDevice`;
    /// sources/disable-activation-lock.md, the second note.
    OnRequest(Read),
}

impl DeviceProperty {
    const fn new(name: &'static str, kind: Kind, read: Read) -> Self {
        Self { property: Property::new(name, kind), read, shown: Shown::Always }
    }

    /// What lists do not tell, filters must not tell either.
    const fn on_request(name: &'static str, kind: Kind, read: Read, fallback: Read) -> Self {
        let property = Property::new(name, kind).unfiltered();
        Self { property, read, shown: Shown::OnRequest(fallback) }
    }

    const fn documented(self, documented: Documented) -> Self {
        Self { property: self.property.documented(documented), ..self }
    }
}

const fn text(name: &'static str, read: Read) -> DeviceProperty {
    DeviceProperty::new(name, Kind::Text, read)
}

const fn word(name: &'static str, words: &'static [&'static str], read: Read) -> DeviceProperty {
    DeviceProperty::new(name, Kind::Words(words), read)
}

const fn flag(name: &'static str, read: Read) -> DeviceProperty {
    DeviceProperty::new(name, Kind::Flag, read)
}

const fn whole(name: &'static str, read: Read) -> DeviceProperty {
    DeviceProperty::new(name, Kind::Whole, read)
}

const fn moment(name: &'static str, read: Read) -> DeviceProperty {
    DeviceProperty::new(name, Kind::Moment, read)
}

const fn structure(name: &'static str, read: Read) -> DeviceProperty {
    DeviceProperty::new(name, Kind::Structure, read)
}

const NULL: Read = |_| Datum::Null;
const EMPTY: Read = |_| Datum::text("");
const ZERO: Read = |_| Datum::Whole(0);
const NO: Read = |_| Datum::Flag(false);
const NEVER: Read = |_| Datum::Moment(Moment::NEVER);
const NONE: Read = |_| Datum::text("none");
const UNKNOWN: Read = |_| Datum::text("unknown");

/// Every property: those of v1.0, those of this server, then those only beta has.
///
/// Source: Microsoft Graph v1.0 and beta metadata, `managedDevice`.
pub(crate) const DEVICES: [DeviceProperty; V1_COUNT + BETA.len()] = {
    let mut all = [V1[0]; V1_COUNT + BETA.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = if index < V1.len() {
            V1[index]
        } else if index < V1_COUNT {
            OWN[index - V1.len()]
        } else {
            BETA[index - V1_COUNT]
        };
        index += 1;
    }
    all
};

const V1_COUNT: usize = V1.len() + OWN.len();

const NAMES: [Property; DEVICES.len()] = {
    let mut names = [DEVICES[0].property; DEVICES.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = DEVICES[index].property;
        index += 1;
    }
    names
};

static IN_V1: Schema = Schema {
    entity: "microsoft.graph.managedDevice",
    properties: NAMES.split_at(V1_COUNT).0,
    options: &[ACTIVATION_LOCK],
    expands: &[],
    page_max: PAGE_DEVICES_MAX,
    count: Count::Told,
};

static IN_BETA: Schema = Schema { properties: &NAMES, ..IN_V1 };

/// What queries may name.
pub(crate) const fn schema(version: Version) -> &'static Schema {
    match version {
        Version::V1 => &IN_V1,
        Version::Beta => &IN_BETA,
    }
}

const V1: &[DeviceProperty] = &[
    DeviceProperty::new("id", Kind::Id, |device| Datum::Id(device.id())),
    DeviceProperty::on_request("activationLockBypassCode", Kind::Text, read::bypass_code, NULL),
    text("androidSecurityPatchLevel", EMPTY),
    text("azureADDeviceId", read::no_id),
    flag("azureADRegistered", NO),
    moment("complianceGracePeriodExpirationDateTime", |_| Datum::Moment(Moment::FOR_EVER)),
    word("complianceState", words::COMPLIANCE_STATES, read::compliance_state),
    structure("configurationManagerClientEnabledFeatures", NULL),
    structure("deviceActionResults", read::action_results),
    text("deviceCategoryDisplayName", read::category).documented(Documented::Equality),
    word("deviceEnrollmentType", words::ENROLLMENT_TYPES, read::enrollment_type),
    structure("deviceHealthAttestationState", NULL),
    text("deviceName", read::name),
    word("deviceRegistrationState", words::REGISTRATION_STATES, read::registration_state),
    flag("easActivated", NO),
    moment("easActivationDateTime", NEVER),
    text("easDeviceId", EMPTY),
    text("emailAddress", read::upn),
    moment("enrolledDateTime", |device| device.moment(device.record.enrolled_at))
        .documented(Documented::Range),
    text("enrollmentProfileName", |device| Datum::text(&device.record.profile_name)),
    DeviceProperty::on_request("ethernetMacAddress", Kind::Text, NULL, NULL),
    word("exchangeAccessState", words::EXCHANGE_STATES, NONE),
    text("exchangeAccessStateReason", NONE),
    moment("exchangeLastSuccessfulSyncDateTime", NEVER),
    whole("freeStorageSpaceInBytes", ZERO),
    DeviceProperty::on_request("iccid", Kind::Text, EMPTY, EMPTY),
    text("imei", EMPTY),
    flag("isEncrypted", read::is_encrypted),
    flag("isSupervised", read::is_supervised),
    text("jailBroken", |_| Datum::text("Unknown")).documented(Documented::Equality),
    moment("lastSyncDateTime", |device| device.moment(device.record.last_seen))
        .documented(Documented::Range),
    text("managedDeviceName", read::managed_name),
    word("managedDeviceOwnerType", words::OWNER_TYPES, read::owner_type),
    word("managementAgent", words::MANAGEMENT_AGENTS, read::management_agent),
    moment("managementCertificateExpirationDate", read::certificate_end),
    word("managementState", words::MANAGEMENT_STATES, read::management_state),
    text("manufacturer", read::manufacturer),
    text("meid", EMPTY),
    text("model", |device| Datum::text(&device.record.facts.model)),
    DeviceProperty::on_request("notes", Kind::Text, read::notes, NULL),
    text("operatingSystem", read::operating_system),
    text("osVersion", read::os_version),
    word("partnerReportedThreatState", words::THREAT_STATES, UNKNOWN),
    text("phoneNumber", EMPTY),
    DeviceProperty::on_request("physicalMemoryInBytes", Kind::Whole, ZERO, ZERO),
    text("remoteAssistanceSessionErrorDetails", NULL),
    DeviceProperty::on_request("remoteAssistanceSessionUrl", Kind::Text, EMPTY, EMPTY),
    flag("requireUserEnrollmentApproval", NULL),
    text("serialNumber", read::serial),
    text("subscriberCarrier", EMPTY),
    whole("totalStorageSpaceInBytes", ZERO),
    DeviceProperty::on_request("udid", Kind::Text, EMPTY, EMPTY),
    text("userDisplayName", read::user_name),
    text("userId", read::user_id),
    text("userPrincipalName", read::upn),
    text("wiFiMacAddress", EMPTY),
];

/// This server's own, in both versions.
const OWN: &[DeviceProperty] = &[
    flag("x-muster-connected", |device| Datum::Flag(device.around.connected(device.record.id))),
    // How the device is managed: `deviceEnrollmentType` does not tell all modes apart.
    text("x-muster-mode", |device| Datum::text(device.record.facts.mode.name())),
    // Graph has no property for it.
    word(ACTIVATION_LOCK, words::SWITCHES, read::activation_lock),
];

const BETA: &[DeviceProperty] = &[
    flag("aadRegistered", NO),
    text("azureActiveDirectoryDeviceId", read::no_id),
    flag("autopilotEnrolled", NO),
    DeviceProperty::on_request("bootstrapTokenEscrowed", Kind::Flag, NO, NO),
    word("chassisType", words::CHASSIS_TYPES, read::chassis_type),
    structure("chromeOSDeviceInfo", read::nothing_listed),
    structure("cloudPcRemoteActionResults", read::nothing_listed),
    structure("configurationManagerClientHealthState", NULL),
    structure("configurationManagerClientInformation", NULL),
    flag("deviceFirmwareConfigurationInterfaceManaged", NO),
    structure("deviceHealthScriptStates", read::nothing_listed),
    word("deviceType", words::DEVICE_TYPES, read::device_type),
    text("enrolledByUserPrincipalName", read::upn),
    DeviceProperty::on_request(
        "hardwareInformation",
        Kind::Structure,
        read::hardware_information,
        read::no_hardware_information,
    ),
    text("joinType", UNKNOWN),
    word("lostModeState", words::LOST_MODE_STATES, read::lost_mode_state),
    text("managementFeatures", NONE),
    word("ownerType", words::OWNER_TYPES, read::owner_type),
    moment("preferMdmOverGroupPolicyAppliedDateTime", NEVER),
    text("processorArchitecture", UNKNOWN),
    moment("retireAfterDateTime", NEVER),
    structure("roleScopeTagIds", read::nothing_listed),
    text("securityPatchLevel", NULL),
    text("skuFamily", EMPTY),
    whole("skuNumber", ZERO),
    text("specificationVersion", EMPTY),
    structure("usersLoggedOn", read::nothing_listed),
    whole("windowsActiveMalwareCount", ZERO),
    whole("windowsRemediatedMalwareCount", ZERO),
];
