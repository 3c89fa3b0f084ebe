//! Where the values of properties come from.

use std::borrow::Cow;

use muster_control::{CERTIFICATE_LIFETIME, Compliance};
use muster_protocol::status::Presence;
use muster_protocol::{Mode, OperatingSystem, Platform, Supervision};
use serde_json::{Map, Value, json};

use crate::devices::action_result::action_results as results;
use crate::devices::labels::{ComplianceSource, OwnerType};
use crate::devices::listed::activation_lock as lock;
use crate::devices::managed_device::{Device, shown_bypass_code};
use crate::devices::words;
use crate::odata::datum::Datum;

/// The first version of Android that every device has to encrypt its storage with.
///
/// Source: Android 10 Compatibility Definition, section 9.9.
const ANDROID_ENCRYPTED_FROM: u16 = 10;

pub(super) fn bypass_code<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text_or_null(shown_bypass_code(device.record, device.around.now()))
}

/// The id of a device the directory does not know.
pub(super) const fn no_id<'a>(_device: &'a Device<'a>) -> Datum<'a> {
    Datum::text("00000000-0000-0000-0000-000000000000")
}

pub(super) fn compliance_state<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let source = device.labels().map_or(ComplianceSource::Device, |labels| labels.compliance);
    Datum::text(words::compliance_state(match source {
        ComplianceSource::Device => device.record.compliance(),
        ComplianceSource::DeclaredNoncompliant => Compliance::NonCompliant,
    }))
}

pub(super) fn action_results<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let results = serde_json::to_value(results(device.around, device.record));
    Datum::Structure(results.unwrap_or_default())
}

pub(super) fn category<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(device.around.category(device.record.id).unwrap_or_default())
}

pub(super) fn enrollment_type<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(words::enrollment_type(mode(device), device.around.version()))
}

/// A device goes by its serial number until it is given a name.
pub(super) fn name<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let record = device.record;
    Datum::text(record.name.as_deref().unwrap_or_else(|| record.facts.serial.as_str()))
}

pub(super) fn serial<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(device.record.facts.serial.as_str())
}

pub(super) fn registration_state<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(words::registration_state(device.record.lifecycle))
}

/// Apple: while a passcode is set, for that is what turns data protection on. Android: by its
/// version.
///
/// Source: Apple Platform Security, "Passcodes and passwords"; [`ANDROID_ENCRYPTED_FROM`].
pub(super) fn is_encrypted<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let status = device.record.status;
    Datum::Flag(match mode(device).platform() {
        Platform::Apple => status.is_some_and(|status| status.passcode == Presence::Set),
        Platform::Android => {
            let facts = device.record.facts.os_version;
            status.map_or(facts, |status| status.os_version).major >= ANDROID_ENCRYPTED_FROM
        }
    })
}

pub(super) fn is_supervised<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::Flag(mode(device).supervision() == Supervision::Supervised)
}

pub(super) fn managed_name<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let written = device.labels().and_then(|labels| labels.managed_device_name.as_deref());
    Datum::text(written.unwrap_or_else(|| device.record.facts.serial.as_str()))
}

pub(super) fn owner_type<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let written = device.labels().and_then(|labels| labels.owner_type);
    Datum::text(written.map_or_else(|| words::owner_type(mode(device)), OwnerType::name))
}

pub(super) fn management_agent<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(words::management_agent(mode(device), device.around.version()))
}

pub(super) fn certificate_end<'a>(device: &'a Device<'a>) -> Datum<'a> {
    device.moment(device.record.enrolled_at.after(CERTIFICATE_LIFETIME))
}

pub(super) fn management_state<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(device.record.management_state().graph_name())
}

pub(super) fn manufacturer<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let facts = &device.record.facts;
    Datum::text(words::manufacturer(facts.mode.platform(), &facts.model))
}

pub(super) fn notes<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text_or_null(device.labels().and_then(|labels| labels.notes.as_deref()))
}

pub(super) const fn operating_system<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(words::operating_system(device.record.facts.operating_system))
}

pub(super) fn os_version<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let reported = device.record.status.map(|status| status.os_version);
    Datum::Text(Cow::Owned(reported.unwrap_or(device.record.facts.os_version).to_string()))
}

pub(super) fn upn<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(device.owner().map_or("", |user| &user.upn))
}

pub(super) fn user_name<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(device.owner().map_or("", |user| user.name))
}

pub(super) fn user_id<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let id = device.owner().map(|user| user.id.to_string());
    Datum::Text(id.map_or(Cow::Borrowed(""), Cow::Owned))
}

pub(super) fn activation_lock<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text_or_null(lock(device.record).map(words::switch_word))
}

pub(super) const fn chassis_type<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(match device.record.facts.operating_system {
        OperatingSystem::Ios => "phone",
        OperatingSystem::IpadOs => "tablet",
        // Phones, tablets and headsets alike.
        OperatingSystem::Android => "mobileUnknown",
    })
}

pub(super) const fn device_type<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let facts = &device.record.facts;
    Datum::text(words::device_type(facts.mode, facts.operating_system))
}

pub(super) const fn lost_mode_state<'a>(device: &'a Device<'a>) -> Datum<'a> {
    Datum::text(words::lost_mode_word(device.record.lost_mode_state()))
}

pub(super) fn nothing_listed<'a>(_device: &'a Device<'a>) -> Datum<'a> {
    Datum::Structure(json!([]))
}

pub(super) fn hardware_information<'a>(device: &'a Device<'a>) -> Datum<'a> {
    let facts = &device.record.facts;
    let known = [
        ("serialNumber", serial(device)),
        ("manufacturer", manufacturer(device)),
        ("model", Datum::text(&facts.model)),
        ("isEncrypted", is_encrypted(device)),
        ("isSupervised", is_supervised(device)),
        ("isSharedDevice", Datum::Flag(facts.mode == Mode::AppleSharedIpad)),
    ];
    let mut all = hardware_defaults();
    all.extend(known.map(|(name, value)| (name.to_owned(), value.into_json())));
    Datum::Structure(all.into())
}

pub(super) fn no_hardware_information<'a>(_device: &'a Device<'a>) -> Datum<'a> {
    Datum::Structure(hardware_defaults().into())
}

/// `hardwareInformation` with the default of every member.
///
/// Source: Microsoft Graph beta, resource type `hardwareInformation`.
fn hardware_defaults() -> Map<String, Value> {
    let texts = [
        "cellularTechnology",
        "esimIdentifier",
        "imei",
        "ipAddressV4",
        "manufacturer",
        "meid",
        "model",
        "operatingSystemEdition",
        "operatingSystemLanguage",
        "osBuildNumber",
        "phoneNumber",
        "serialNumber",
        "subnetAddress",
        "subscriberCarrier",
        "wifiMac",
    ];
    let numbers = ["freeStorageSpace", "totalStorageSpace"];
    let flags = ["isEncrypted", "isSharedDevice", "isSupervised"];
    let texts = texts.map(|name| (name, Value::Null)).into_iter();
    let numbers = numbers.map(|name| (name, json!(0))).into_iter();
    let flags = flags.map(|name| (name, json!(false))).into_iter();
    let all = texts.chain(numbers).chain(flags);
    let lists = [("sharedDeviceCachedUsers", json!([])), ("wiredIPv4Addresses", json!([]))];
    all.chain(lists).map(|(name, value)| (name.to_owned(), value)).collect()
}

const fn mode(device: &Device<'_>) -> Mode {
    device.record.facts.mode
}
