//! What the audit log says of a change of roles: written with it, in one transaction.
//!
//! Source: Microsoft Graph, resource type `auditEvent`.

use serde_json::json;

use crate::backend::{Backend, BackendError, Document, DocumentKind};
use crate::devices::managed_device::date_time;
use crate::http::context::Context;
use crate::operation::table::Verb;
use crate::rbac::book::{Change, RoleTable};
use crate::resources::audit_entry::actor;

/// The entry for a change that was decided on the roles of `table`.
///
/// # Errors
/// [`BackendError`] if the system has no chance to give.
pub(super) fn of_change<B: Backend>(
    context: &Context<'_, B>,
    table: &RoleTable,
    change: &Change,
) -> Result<Document, BackendError> {
    let id = context.backend.new_command_id()?.to_string();
    let operation = match context.route.operation.verb {
        Verb::Post => "Create",
        Verb::Patch | Verb::Put | Verb::Get => "Patch",
        Verb::Delete => "Delete",
    };
    let (kind, resource, name) = match change {
        Change::Define(role) => ("RoleDefinition", role.id, role.display_name.as_str()),
        Change::Undefine(id) => {
            let name = table.definition(*id).map_or("", |role| role.display_name.as_str());
            ("RoleDefinition", *id, name)
        }
        Change::Assign(given) => ("RoleAssignment", given.id, given.display_name.as_str()),
        Change::Unassign(id) => {
            let name = table.assignment(*id).map_or("", |given| given.display_name.as_str());
            ("RoleAssignment", *id, name)
        }
    };
    let entry = json!({
        "id": id,
        "displayName": format!("{operation} {kind}"),
        "componentName": "RoleBasedAccessControl",
        "activity": format!("{operation} {kind}"),
        "activityDateTime": date_time(context.backend.wall(context.backend.now())),
        "activityType": format!("{operation} {kind}"),
        "activityOperationType": operation,
        "activityResult": "Success",
        "correlationId": context.call.request_id.to_string(),
        "category": "Role",
        "actor": actor(context.principal),
        "resources": [{
            "displayName": name,
            "auditResourceType": kind,
            "resourceId": resource.to_string(),
            "modifiedProperties": [],
        }],
    });
    Ok(Document { kind: DocumentKind::AuditEvent, id, body: Some(entry.to_string()) })
}
