//! What requests on devices say.

use serde_json::{Value, json};

use crate::devices::bulk::DEVICES_MAX;
use crate::operation::openapi::schemas::{flag, members};

/// What may be written on a device. An annotation may stand beside it, another member may not.
pub(super) fn update() -> Value {
    json!({
        "type": "object",
        "properties": {
            "managedDeviceName": { "type": ["string", "null"], "maxLength": 256 },
            "notes": { "type": ["string", "null"], "maxLength": 8192 },
            "managedDeviceOwnerType": { "enum": ["company", "personal", "unknown"] },
        },
        "patternProperties": { "^@": {} },
        "additionalProperties": false,
    })
}

/// Something has to be shown: a message or a number.
pub(super) fn lost_mode() -> Value {
    let shown = || json!({ "type": "string", "minLength": 1, "maxLength": 1024 });
    let least = || json!({ "type": ["string", "null"], "maxLength": 1024 });
    json!({
        "type": "object",
        "properties": { "message": least(), "phoneNumber": least(), "footer": least() },
        "anyOf": [
            { "required": ["message"], "properties": { "message": shown() } },
            { "required": ["phoneNumber"], "properties": { "phoneNumber": shown() } },
        ],
    })
}

/// Minutes as text, as Graph has them, or as a number.
pub(super) fn sound() -> Value {
    members(json!({
        "durationInMinutes": {
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": 5 },
                { "enum": ["1", "2", "3", "4", "5", null] },
            ],
        },
    }))
}

/// The bodies that name something.
pub(super) fn naming() -> Value {
    json!({
        "setDeviceName": said("deviceName", 255),
        "deleteUserFromSharedAppleDevice": said("userPrincipalName", 1024),
        "overrideComplianceState": override_compliance(),
        "sendCustomNotificationToCompanyPortal": notification(),
    })
}

fn override_compliance() -> Value {
    let state = json!({ "enum": ["basedOnDeviceComplianceStatus", "nonCompliant"] });
    json!({
        "type": "object",
        "required": ["administratorConfiguredDeviceComplianceState"],
        "properties": {
            "administratorConfiguredDeviceComplianceState": state,
            "remediationUrl": { "type": ["string", "null"], "maxLength": 2048 },
        },
    })
}

fn notification() -> Value {
    let text = |chars_max: u32| json!({ "type": "string", "minLength": 1, "maxLength": chars_max });
    json!({
        "type": "object",
        "required": ["notificationTitle", "notificationBody"],
        "properties": { "notificationTitle": text(50), "notificationBody": text(500) },
    })
}

/// One text that has to be there. The server counts bytes, of which a character has four at most.
fn said(member: &str, bytes_max: u32) -> Value {
    let text = json!({ "type": "string", "minLength": 1, "maxLength": bytes_max / 4 });
    json!({ "type": "object", "required": [member], "properties": { member: text } })
}

/// A new name is needed by who asks for one.
pub(super) fn execute_action() -> Value {
    let plain = ["wipe", "retire", "delete", "rebootNow", "syncDevice"];
    let mut named = said("deviceName", 255);
    named["properties"]["actionName"] = json!({ "const": "setDeviceName" });
    let mut notified = notification();
    notified["properties"]["actionName"] = json!({ "const": "customTextNotification" });
    json!({
        "type": "object",
        "required": ["actionName", "deviceIds"],
        "anyOf": [{ "properties": { "actionName": { "enum": plain } } }, named, notified],
        "properties": {
            "deviceIds": {
                "type": "array",
                "minItems": 1,
                "maxItems": DEVICES_MAX,
                "items": { "type": "string" },
            },
            "keepEnrollmentData": flag(),
            "keepUserData": flag(),
            "persistEsimDataPlan": flag(),
        },
    })
}
