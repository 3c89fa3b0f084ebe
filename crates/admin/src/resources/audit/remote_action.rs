//! Remote actions as the page of device actions lists them.
//!
//! Source: Microsoft Graph beta, resource type `remoteActionAudit`.

use muster_control::DeviceRecord;
use muster_protocol::DeviceId;
use serde_json::{Value, json};

use crate::backend::{Backend, BackendError};
use crate::devices::action_result::action_state;
use crate::http::context::Context;
use crate::resources::audit_entry::{REMOTE_ACTION, RemoteAction};

/// The row of an entry; `None` if it is of nothing that devices do.
///
/// # Errors
/// [`BackendError`] if its device cannot be read.
pub(super) async fn row<B: Backend>(
    context: &Context<'_, B>,
    entry: &Value,
) -> Result<Option<Value>, BackendError> {
    let Some(kept) = entry.get(REMOTE_ACTION) else { return Ok(None) };
    let read: Result<RemoteAction, _> = serde_json::from_value(kept.clone());
    let remote = read.map_err(|cause| BackendError(Box::new(cause)))?;
    let record = match remote.managed_device_id.parse::<DeviceId>() {
        Ok(device) => context.backend.device(device).await?,
        Err(_) => None,
    };
    let owner = record.as_ref().and_then(|record| context.tenant.owner_of(record));
    let actor = &entry["actor"];
    Ok(Some(json!({
        "id": entry["id"],
        "deviceDisplayName": remote.device_display_name,
        "userName": owner.map_or("", |owner| owner.name),
        "initiatedByUserPrincipalName":
            actor["userPrincipalName"].as_str().or_else(|| actor["servicePrincipalName"].as_str()),
        "action": remote.action,
        "requestDateTime": entry["activityDateTime"],
        "deviceOwnerUserPrincipalName": owner.map_or("", |owner| owner.upn.as_str()),
        "deviceIMEI": "",
        "actionState": record.map_or("none", |record| state(&record, &remote.command)),
        "managedDeviceId": remote.managed_device_id,
        "deviceActionCategory":
            if remote.bulk_device_action_id.is_some() { "bulk" } else { "single" },
        "bulkDeviceActionId": remote.bulk_device_action_id,
    })))
}

/// The state of a command now; one the record no longer knows has none.
fn state(record: &DeviceRecord, command: &str) -> &'static str {
    let found = record.commands().find(|known| known.id.to_string() == command);
    found.map_or("none", |found| action_state(&found.state))
}
