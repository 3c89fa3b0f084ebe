//! What is told of many devices at once, and of their people.

use serde_json::{Map, Value, json};

use crate::operation::openapi::schemas::{members, text};

const SYSTEMS: [&str; 12] = [
    "androidCount",
    "iosCount",
    "macOSCount",
    "windowsMobileCount",
    "windowsCount",
    "unknownCount",
    "androidDedicatedCount",
    "androidDeviceAdminCount",
    "androidFullyManagedCount",
    "androidWorkProfileCount",
    "androidCorporateWorkProfileCount",
    "configMgrDeviceCount",
];

const ACCESS: [&str; 5] = [
    "allowedDeviceCount",
    "blockedDeviceCount",
    "quarantinedDeviceCount",
    "unknownDeviceCount",
    "unavailableDeviceCount",
];

/// `managedDeviceOverview`
pub(super) fn overview() -> Value {
    members(json!({
        "@odata.context": { "type": "string" },
        "id": { "type": "string", "format": "uuid" },
        "enrolledDeviceCount": count(),
        "mdmEnrolledCount": count(),
        "dualEnrolledDeviceCount": count(),
        "deviceOperatingSystemSummary": counts(&SYSTEMS),
        "deviceExchangeAccessStateSummary": counts(&ACCESS),
    }))
}

/// `user`
pub(super) fn user() -> Value {
    members(json!({
        "id": { "type": "string", "format": "uuid" },
        "displayName": text(),
        "givenName": text(),
        "mail": text(),
        "surname": text(),
        "userPrincipalName": text(),
    }))
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn counts(names: &[&str]) -> Value {
    let properties: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), count())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}
