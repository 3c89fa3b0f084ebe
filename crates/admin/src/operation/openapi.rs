//! The OpenAPI document of what is served, made from the table of operations.
//!
//! Source: OpenAPI Specification 3.1.0. What is not served stands on the parity page alone.

use muster_control::ActionKind;
use serde_json::{Map, Value, json};

use crate::devices::people::PeopleOperation;
use crate::devices::service_act::ServiceAct;
use crate::operation::parity::section;
use crate::operation::path::Version;
use crate::operation::rows::operations;
use crate::operation::table::{Operation, OperationId, Parity, Verb};
use crate::rbac::resource::RoleOperation;
use crate::resources::approvals::ApprovalOperation;
use crate::resources::audit::AuditOperation;
use crate::resources::exports::ExportOperation;

mod approvals;
mod bodies;
mod categories;
mod devices;
mod exports;
mod policies;
mod schemas;

/// What the table does not say of an operation.
struct Shape {
    query: Query,
    /// The schema of the body it reads.
    body: Option<&'static str>,
    /// What it answers when all goes well; `None` if it never does.
    success: Option<Success>,
}

/// The query options an operation knows.
#[derive(Clone, Copy)]
enum Query {
    Nothing,
    Select,
    Filter,
    List,
}

/// What an operation answers when all goes well.
enum Success {
    Found(&'static str),
    /// 204 if there is nothing to find where there may be nothing.
    FoundIfAny(&'static str),
    Created(&'static str),
    Number,
    NoContent,
}

/// The document, as `fixtures/openapi/muster-graph.json` holds it.
#[must_use]
pub fn openapi_document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "muster: Microsoft Graph, device management",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The part of Microsoft Graph that muster serves over simulated devices. \
                            How paths may be written and what differs: docs/admin-api.md.",
        },
        "servers": [{ "url": "https://127.0.0.1:8443" }],
        "security": [{ "token": [] }, { "oauth2": [] }],
        "paths": paths(),
        "components": {
            "securitySchemes": schemas::security(),
            "schemas": schemas::all(),
            "responses": responses(),
        },
    })
}

fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for version in Version::ALL {
        let served = operations().filter(|row| version.has(row.versions) && is_served(row));
        for row in served {
            let path = format!("/{version}/{}", row.path);
            let methods = paths.entry(path).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(methods) = methods {
                methods.insert(row.verb.name().to_ascii_lowercase(), operation(version, row));
            }
        }
    }
    paths
}

fn is_served(row: &Operation) -> bool {
    match row.parity {
        Parity::Behaves | Parity::Static => true,
        Parity::NotServed(_) => false,
    }
}

fn operation(version: Version, row: &Operation) -> Value {
    let shape = shape(row.id);
    let mut described = Map::new();
    described.insert("operationId".to_owned(), operation_id(version, row).into());
    described.insert("tags".to_owned(), json!([section(row.path)]));
    described.insert("parameters".to_owned(), parameters(row.path, shape.query).into());
    if let Some(schema) = shape.body {
        let content = json!({ "application/json": { "schema": reference(schema) } });
        let required = matches!(
            row.id,
            OperationId::Batch
                | OperationId::ActOnMany
                | OperationId::Exports(ExportOperation::Create)
        );
        described
            .insert("requestBody".to_owned(), json!({ "required": required, "content": content }));
    }
    described.insert("responses".to_owned(), answers(row, &shape).into());
    let scopes: Vec<&str> = row.permission.scopes().iter().map(|scope| scope.name()).collect();
    described.insert("x-muster-scopes".to_owned(), scopes.into());
    if let Some(action) = row.role_action {
        described.insert("x-muster-role-action".to_owned(), action.name().into());
    }
    described.into()
}

/// A name for generated code: letters, digits and underscores.
fn operation_id(version: Version, row: &Operation) -> String {
    let words = row.path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let version = version.name().replace('.', "_");
    format!("{version}_{}_{}", row.verb.name().to_ascii_lowercase(), words.join("_"))
}

fn shape(id: OperationId) -> Shape {
    let plain = Shape { query: Query::Nothing, body: None, success: None };
    match id {
        OperationId::Batch => {
            Shape { body: Some("batch"), success: Some(Success::Found("batchAnswer")), ..plain }
        }
        OperationId::ListDevices => {
            let success = Some(Success::Found("managedDevices"));
            Shape { query: Query::List, success, ..plain }
        }
        OperationId::ListMyDevices => {
            let success = Some(Success::Found("managedDevices"));
            Shape { query: Query::List, success, ..plain }
        }
        OperationId::Overview => {
            Shape { success: Some(Success::Found("managedDeviceOverview")), ..plain }
        }
        OperationId::People(operation) => people_shape(operation),
        OperationId::CountDevices => {
            Shape { query: Query::Filter, success: Some(Success::Number), ..plain }
        }
        OperationId::ShowDevice => {
            let success = Some(Success::Found("managedDevice"));
            Shape { query: Query::Select, success, ..plain }
        }
        OperationId::Act(kind) => {
            Shape { body: action_body(kind), success: Some(Success::NoContent), ..plain }
        }
        OperationId::UpdateDevice => {
            let success = Some(Success::Found("managedDevice"));
            Shape { body: Some("managedDeviceUpdate"), success, ..plain }
        }
        OperationId::ActOnMany => {
            let success = Some(Success::Found("bulkManagedDeviceActionResult"));
            Shape { body: Some("executeAction"), success, ..plain }
        }
        OperationId::Roles(operation) => role_shape(operation),
        OperationId::Audit(operation) => audit_shape(operation),
        OperationId::Approvals(operation) => approvals::shape(operation),
        OperationId::Categories(operation) => categories::shape(operation),
        OperationId::Exports(operation) => export_shape(operation),
        OperationId::Policies(_, operation) => policies::shape(operation),
        OperationId::ActHere(act) => {
            Shape { body: service_body(act), success: Some(Success::NoContent), ..plain }
        }
        OperationId::RuledOut(_)
        | OperationId::RuledOutForMany(_)
        | OperationId::RecoverPasscode
        | OperationId::NotServed => plain,
    }
}

const fn export_shape(operation: ExportOperation) -> Shape {
    let (query, body, success) = match operation {
        ExportOperation::List => (Query::List, None, Success::Found("exportJobs")),
        ExportOperation::Show => (Query::Select, None, Success::Found("exportJob")),
        ExportOperation::Create => {
            (Query::Nothing, Some("exportJobWanted"), Success::Created("exportJob"))
        }
    };
    Shape { query, body, success: Some(success) }
}

const fn people_shape(operation: PeopleOperation) -> Shape {
    let (query, success) = match operation {
        PeopleOperation::Give => {
            let success = Some(Success::NoContent);
            return Shape { query: Query::Nothing, body: Some("userReference"), success };
        }
        PeopleOperation::OfDevice => (Query::List, "users"),
        PeopleOperation::Show | PeopleOperation::Me => (Query::Select, "user"),
    };
    Shape { query, body: None, success: Some(Success::Found(success)) }
}

const fn role_shape(operation: RoleOperation) -> Shape {
    let (body, success) = match operation {
        RoleOperation::ListDefinitions => (None, Success::Found("roleDefinitions")),
        RoleOperation::ShowDefinition => (None, Success::Found("roleDefinition")),
        RoleOperation::CreateDefinition => {
            (Some("roleDefinition"), Success::Created("roleDefinition"))
        }
        RoleOperation::UpdateDefinition => {
            (Some("roleDefinition"), Success::Found("roleDefinition"))
        }
        RoleOperation::ListAssignments | RoleOperation::ListAssignmentsOf => {
            (None, Success::Found("roleAssignments"))
        }
        RoleOperation::ShowAssignment => (None, Success::Found("roleAssignment")),
        RoleOperation::CreateAssignment => {
            (Some("roleAssignment"), Success::Created("roleAssignment"))
        }
        RoleOperation::UpdateAssignment => {
            (Some("roleAssignment"), Success::Found("roleAssignment"))
        }
        RoleOperation::DeleteDefinition | RoleOperation::DeleteAssignment => {
            (None, Success::NoContent)
        }
        RoleOperation::ListOperations => (None, Success::Found("resourceOperations")),
        RoleOperation::ShowOperation => (None, Success::Found("resourceOperation")),
        RoleOperation::EffectivePermissions => (None, Success::Found("rolePermissions")),
    };
    let query = match operation {
        RoleOperation::ListDefinitions
        | RoleOperation::ListAssignments
        | RoleOperation::ListAssignmentsOf
        | RoleOperation::ListOperations => ROLE_LIST,
        RoleOperation::ShowDefinition
        | RoleOperation::ShowAssignment
        | RoleOperation::ShowOperation => Query::Select,
        RoleOperation::CreateDefinition
        | RoleOperation::UpdateDefinition
        | RoleOperation::DeleteDefinition
        | RoleOperation::CreateAssignment
        | RoleOperation::UpdateAssignment
        | RoleOperation::DeleteAssignment
        | RoleOperation::EffectivePermissions => Query::Nothing,
    };
    Shape { query, body, success: Some(success) }
}

const fn audit_shape(operation: AuditOperation) -> Shape {
    let (query, success) = match operation {
        AuditOperation::List => (Query::List, "auditEvents"),
        AuditOperation::Show => (Query::Select, "auditEvent"),
        AuditOperation::Categories | AuditOperation::ActivityTypes => (Query::Nothing, "words"),
        AuditOperation::ListActions => (Query::List, "remoteActionAudits"),
    };
    Shape { query, body: None, success: Some(Success::Found(success)) }
}

/// What lists of roles take.
const ROLE_LIST: Query = Query::List;

const fn action_body(kind: ActionKind) -> Option<&'static str> {
    match kind {
        ActionKind::Wipe => Some("wipe"),
        ActionKind::EnableLostMode => Some("enableLostMode"),
        ActionKind::PlayLostModeSound => Some("playLostModeSound"),
        ActionKind::SetDeviceName => Some("setDeviceName"),
        ActionKind::DeleteUserFromSharedAppleDevice => Some("deleteUserFromSharedAppleDevice"),
        ActionKind::Retire
        | ActionKind::ResetPasscode
        | ActionKind::RemoteLock
        | ActionKind::SyncDevice
        | ActionKind::BypassActivationLock
        | ActionKind::RebootNow
        | ActionKind::ShutDown
        | ActionKind::DisableLostMode
        | ActionKind::LocateDevice
        | ActionKind::Delete
        | ActionKind::DeviceConfigured
        | ActionKind::LogoutSharedAppleDeviceActiveUser => None,
    }
}

const fn service_body(act: ServiceAct) -> Option<&'static str> {
    match act {
        ServiceAct::OverrideCompliance | ServiceAct::Notify => Some(act.graph_name()),
        ServiceAct::RevokeLicences => None,
    }
}

fn parameters(path: &str, query: Query) -> Vec<Value> {
    let keys = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let keys = keys.map(|(name, _)| {
        json!({ "name": name, "in": "path", "required": true, "schema": schemas::key(name) })
    });
    let options: &[&str] = match query {
        Query::Nothing => &[],
        Query::Select => &["$select"],
        Query::Filter => &["$filter"],
        Query::List => &["$select", "$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken"],
    };
    let options = options.iter().map(|name| {
        let kind = match *name {
            "$top" | "$skip" => json!({ "type": "integer", "minimum": 0 }),
            "$count" => json!({ "type": "boolean" }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "query", "required": false, "schema": kind })
    });
    keys.chain(options).collect()
}

fn found(schema: &str) -> Value {
    let content = json!({ "application/json": { "schema": reference(schema) } });
    json!({ "description": "ok", "content": content })
}

fn answers(row: &Operation, shape: &Shape) -> Map<String, Value> {
    let mut answers = Map::new();
    match &shape.success {
        Some(Success::Found(schema)) => {
            answers.insert("200".to_owned(), found(schema));
        }
        Some(Success::FoundIfAny(schema)) => {
            answers.insert("200".to_owned(), found(schema));
            answers.insert("204".to_owned(), json!({ "description": "there is none" }));
        }
        Some(Success::Created(schema)) => {
            let content = json!({ "application/json": { "schema": reference(schema) } });
            answers.insert("201".to_owned(), json!({ "description": "made", "content": content }));
        }
        Some(Success::Number) => {
            let content = json!({ "text/plain": { "schema": { "type": "integer" } } });
            answers.insert("200".to_owned(), json!({ "description": "ok", "content": content }));
        }
        Some(Success::NoContent) => {
            answers.insert("204".to_owned(), json!({ "description": "durable" }));
        }
        None => {}
    }
    for &(status, name, _) in ERRORS {
        let read_only = matches!(row.verb, Verb::Get) && matches!(status, "408" | "409" | "413");
        let keyless = status == "404" && !names_one(row);
        if !read_only && !keyless {
            let place = format!("#/components/responses/{name}");
            answers.insert(status.to_owned(), json!({ "$ref": place }));
        }
    }
    answers
}

/// Whether a request is about one of something, which its path or its body names.
fn names_one(row: &Operation) -> bool {
    let in_its_body = OperationId::Approvals(ApprovalOperation::CancelMine);
    row.path.contains('{') || row.id == in_its_body
}

/// Every way to fail: the status, its name here and what it means.
const ERRORS: &[(&str, &str, &str)] = &[
    ("400", "badRequest", "the query, the body or the kind of device rules it out"),
    ("401", "unauthorized", "no token, or one that is not good"),
    ("403", "forbidden", "a scope or a role is missing"),
    ("404", "notFound", "there is none with this id"),
    ("408", "late", "the body did not arrive in time"),
    ("409", "conflict", "something else is under way or decided already"),
    ("413", "tooLong", "the body is too long"),
    ("429", "tooMany", "a limit is reached; Retry-After says when to come back"),
    ("500", "unclear", "nobody knows whether it was done"),
    ("503", "unavailable", "the server cannot say at the moment; see Retry-After"),
    ("504", "slow", "the server did not answer in time"),
];

fn responses() -> Map<String, Value> {
    let answer = |(_, name, meaning): &(&str, &str, &str)| {
        let content = json!({ "application/json": { "schema": reference("error") } });
        ((*name).to_owned(), json!({ "description": meaning, "content": content }))
    };
    ERRORS.iter().map(answer).collect()
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for version in Version::ALL {
            for row in operations().filter(|row| version.has(row.versions)) {
                assert!(names.insert(operation_id(version, row)), "{}", row.path);
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi_document();
        let text = document.to_string();
        for place in text.split("\"$ref\":\"#").skip(1) {
            let (pointer, _) = place.split_once('"').unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
