//! Which entries are there for somebody whose roles do not reach every device.

use muster_protocol::DeviceId;
use serde_json::Value;
use uuid::Uuid;

use crate::backend::{Backend, BackendError};
use crate::http::context::Context;
use crate::rbac::reach::Reach;
use crate::resources::approvals;
use crate::resources::audit_entry::AuditKind;

/// Whether an entry is about nothing that is hidden from the client.
///
/// # Errors
/// [`BackendError`] if what it is about cannot be read.
pub(super) async fn is_seen<B: Backend>(
    context: &Context<'_, B>,
    entry: &Value,
) -> Result<bool, BackendError> {
    if *context.reach == Reach::All {
        return Ok(true);
    }
    for resource in entry["resources"].as_array().into_iter().flatten() {
        if !is_there(context, resource).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a resource of an entry is there for the client. One that nobody knows any more is not:
/// it may have been anybody's.
async fn is_there<B: Backend>(
    context: &Context<'_, B>,
    resource: &Value,
) -> Result<bool, BackendError> {
    let id = resource["resourceId"].as_str().unwrap_or_default();
    let kind = resource["type"].as_str().unwrap_or_default();
    if kind == AuditKind::ManagedDevice.name() {
        let Ok(device) = id.parse::<DeviceId>() else { return Ok(false) };
        return Ok(context.backend.device(device).await?.is_some());
    }
    if kind == AuditKind::OperationApprovalRequest.name() {
        let Ok(request) = id.parse::<Uuid>() else { return Ok(false) };
        return approvals::is_there(context, request).await;
    }
    Ok(true)
}
