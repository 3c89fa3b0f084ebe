//! What the audit log says of an action: written with its command, in one transaction.
//!
//! An entry means that the action was taken, not that a device has carried it out.
//!
//! Source: Microsoft Graph, resource types `auditEvent` and `remoteActionAudit`.

use muster_control::{ActionKind, DeviceRecord};
use muster_protocol::CommandId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::backend::{Backend, BackendError, Document, DocumentKind};
use crate::devices::action_result::action_name;
use crate::devices::managed_device::date_time;
use crate::http::context::Context;
use crate::identity::principal::Principal;

/// The member of an entry that tells of a remote action; not shown to those who read the log.
pub(crate) const REMOTE_ACTION: &str = "x-muster-remote-action";

/// What the page of device actions says of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemoteAction {
    /// The command whose state is the state of the action.
    pub(crate) command: String,
    pub(crate) action: String,
    pub(crate) managed_device_id: String,
    pub(crate) device_display_name: String,
    /// The request that asked the same of several devices.
    pub(crate) bulk_device_action_id: Option<Uuid>,
}

/// The entry for an action on one device.
pub(crate) fn of_action<B: Backend>(
    context: &Context<'_, B>,
    record: &DeviceRecord,
    command: CommandId,
    kind: ActionKind,
) -> Document {
    let remote = RemoteAction {
        command: command.to_string(),
        action: action_name(kind).to_owned(),
        managed_device_id: record.id.to_string(),
        device_display_name: record.facts.serial.as_str().to_owned(),
        bulk_device_action_id: context.bulk(),
    };
    let activity = format!("{} ManagedDevice", kind.graph_name());
    let id = command.to_string();
    let (operation, modified) = ("Action", Vec::new());
    let entry = Entry { id: &id, activity: &activity, operation, record, modified };
    let mut entry = self::entry(context, entry);
    entry.insert(REMOTE_ACTION.to_owned(), json!(remote));
    document(id, &entry.into())
}

/// What differs from entry to entry.
struct Entry<'a> {
    id: &'a str,
    activity: &'a str,
    operation: &'a str,
    record: &'a DeviceRecord,
    modified: Vec<Value>,
}

fn entry<B: Backend>(context: &Context<'_, B>, entry: Entry<'_>) -> Map<String, Value> {
    let Entry { id, activity, operation, record, modified } = entry;
    let members = [
        ("id", id.into()),
        ("displayName", activity.into()),
        ("componentName", "ManagedDevices".into()),
        ("activity", activity.into()),
        ("activityDateTime", date_time(context.backend.wall(context.backend.now())).into()),
        ("activityType", activity.into()),
        ("activityOperationType", operation.into()),
        ("activityResult", "Success".into()),
        ("correlationId", context.call.request_id.to_string().into()),
        ("category", "Device".into()),
        ("actor", actor(context.principal)),
        ("resources", json!([resource(record, modified)])),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn resource(record: &DeviceRecord, modified: Vec<Value>) -> Value {
    json!({
        "displayName": record.facts.serial.as_str(),
        "auditResourceType": "ManagedDevice",
        "resourceId": record.id.to_string(),
        "modifiedProperties": modified,
    })
}

fn document(id: String, entry: &Value) -> Document {
    Document { kind: DocumentKind::AuditEvent, id, body: Some(entry.to_string()) }
}

/// A property that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) property: &'static str,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

impl Change {
    pub(crate) const fn new(
        property: &'static str,
        old: Option<String>,
        new: Option<String>,
    ) -> Self {
        Self { property, old, new }
    }
}

/// The entry for what was written on a device.
///
/// # Errors
/// [`BackendError`] if there is no id for it.
pub(crate) fn of_change<B: Backend>(
    context: &Context<'_, B>,
    record: &DeviceRecord,
    changes: &[Change],
) -> Result<Document, BackendError> {
    let id = context.backend.new_command_id()?.to_string();
    let modified = changes.iter().map(|change| {
        json!({ "displayName": change.property, "oldValue": change.old, "newValue": change.new })
    });
    let modified = modified.collect();
    let activity = "Patch ManagedDevice";
    let entry = entry(context, Entry { id: &id, activity, operation: "Patch", record, modified });
    Ok(document(id, &entry.into()))
}

/// Who did it.
///
/// Source: Microsoft Graph, resource type `auditActor`.
pub(crate) fn actor(principal: &Principal) -> Value {
    let application = &principal.application;
    let user = principal.user.as_ref();
    json!({
        "auditActorType": if user.is_some() { "ItPro" } else { "Application" },
        "type": if user.is_some() { "ItPro" } else { "Application" },
        "userPermissions": principal.scopes.names().collect::<Vec<_>>(),
        "applicationId": application.id.to_string(),
        "applicationDisplayName": application.name,
        "userPrincipalName": user.map(|user| &user.upn),
        "servicePrincipalName": user.is_none().then_some(&application.name),
        "ipAddress": null,
        "userId": user.map(|user| user.id.to_string()),
    })
}
