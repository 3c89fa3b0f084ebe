//! The bodies that go in and out.

use serde_json::{Map, Value, json};

use crate::operation::openapi::{approvals, bodies, categories, devices, exports, policies};
use crate::rbac::scope::Scope;

/// What a key of a path is.
pub(crate) fn key(name: &str) -> Value {
    match name {
        "managedDeviceId" => json!({ "type": "string", "format": "uuid" }),
        _ => json!({ "type": "string", "minLength": 1 }),
    }
}

/// How a client shows who it is: with a token, which it got by the flow of applications or of
/// devices, or which is the server's own.
pub(crate) fn security() -> Value {
    let scopes: Map<String, Value> =
        Scope::ALL.iter().map(|scope| (scope.name().to_owned(), "".into())).collect();
    json!({
        "token": { "type": "http", "scheme": "bearer" },
        "oauth2": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": { "tokenUrl": "/muster.example/oauth2/v2.0/token", "scopes": scopes },
            },
        },
    })
}

/// Every schema, under its name.
pub(crate) fn all() -> Value {
    let mut all = json!({
        "error": error(),
        "managedDevice": managed_device(),
        "managedDevices": page("managedDevice"),
        "managedDeviceUpdate": bodies::update(),
        "wipe": members(json!({
            "keepEnrollmentData": flag(),
            "keepUserData": flag(),
            "macOsUnlockCode": text(),
            "persistEsimDataPlan": flag(),
        })),
        "enableLostMode": bodies::lost_mode(),
        "playLostModeSound": bodies::sound(),
        "executeAction": bodies::execute_action(),
        "bulkManagedDeviceActionResult": bulk_result(),
        "roleDefinition": role_definition(),
        "roleDefinitions": page("roleDefinition"),
        "roleAssignment": role_assignment(),
        "roleAssignments": page("roleAssignment"),
        "rolePermission": role_permission(),
        "rolePermissions": page("rolePermission"),
        "resourceOperation": members(json!({
            "id": { "type": "string" },
            "resourceName": text(),
            "actionName": text(),
            "description": text(),
        })),
        "resourceOperations": page("resourceOperation"),
        "auditEvent": audit_event(),
        "auditEvents": page("auditEvent"),
        "remoteActionAudit": remote_action_audit(),
        "remoteActionAudits": page("remoteActionAudit"),
        "managedDeviceOverview": devices::overview(),
        "user": devices::user(),
        "users": page("user"),
        "words": words(),
        "policy": policies::policy(),
        "policies": page("policy"),
        "policyAssignment": policies::assignment(),
        "policyAssignments": page("policyAssignment"),
        "policyAssignmentsGiven": policies::given("assignments", "policyAssignment"),
        "policyRule": members(json!({ "ruleName": text() })),
        "policyRules": page("policyRule"),
        "policyRulesGiven":
            policies::given("deviceComplianceScheduledActionForRules", "policyRule"),
        "policyDeviceStatus": members(json!({ "id": text(), "status": text() })),
        "policyDeviceStatuses": page("policyDeviceStatus"),
        "policyStatusOverview": members(json!({ "id": text() })),
        "policyState": members(json!({ "id": text(), "state": text() })),
        "policyStates": page("policyState"),
        "batch": batch(),
        "batchAnswer": batch_answer(),
    });
    for more in [bodies::naming(), categories::all(), exports::all(), approvals::all()] {
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
    }
    all
}

pub(super) fn text() -> Value {
    json!({ "type": ["string", "null"] })
}

pub(super) fn texts() -> Value {
    json!({ "type": ["array", "null"], "items": { "type": "string" } })
}

fn role_definition() -> Value {
    let permissions = json!({ "type": ["array", "null"], "items": { "$ref": "#/components/schemas/rolePermission" } });
    members(json!({
        "id": text(),
        "displayName": text(),
        "description": text(),
        "isBuiltIn": flag(),
        "rolePermissions": permissions,
    }))
}

fn role_permission() -> Value {
    let actions =
        members(json!({ "allowedResourceActions": texts(), "notAllowedResourceActions": texts() }));
    json!({
        "type": "object",
        "required": ["resourceActions"],
        "properties": { "resourceActions": { "type": "array", "items": actions } },
    })
}

fn role_assignment() -> Value {
    members(json!({
        "id": text(),
        "displayName": text(),
        "description": text(),
        "members": texts(),
        "resourceScopes": texts(),
        "roleDefinition@odata.bind": text(),
    }))
}

fn audit_event() -> Value {
    members(json!({
        "id": { "type": "string", "format": "uuid" },
        "activity": text(),
        "activityDateTime": { "type": "string", "format": "date-time" },
        "activityType": text(),
        "activityOperationType": text(),
        "activityResult": text(),
        "category": text(),
        "actor": { "type": "object" },
        "resources": { "type": "array", "items": { "type": "object" } },
    }))
}

fn remote_action_audit() -> Value {
    members(json!({
        "id": { "type": "string" },
        "action": text(),
        "actionState": text(),
        "managedDeviceId": { "type": "string", "format": "uuid" },
        "requestDateTime": { "type": "string", "format": "date-time" },
        "initiatedByUserPrincipalName": text(),
    }))
}

fn words() -> Value {
    json!({
        "type": "object",
        "required": ["@odata.context", "value"],
        "properties": {
            "@odata.context": { "type": "string" },
            "value": { "type": "array", "items": { "type": "string" } },
        },
    })
}

pub(super) fn flag() -> Value {
    json!({ "type": ["boolean", "null"] })
}

/// An object that may have these members and others.
pub(super) fn members(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

/// Some of them, with a link to the next.
pub(super) fn page(of: &str) -> Value {
    json!({
        "type": "object",
        "required": ["@odata.context", "value"],
        "properties": {
            "@odata.context": { "type": "string" },
            "@odata.count": { "type": "integer", "minimum": 0 },
            "@odata.nextLink": { "type": "string" },
            "value": {
                "type": "array",
                "items": { "$ref": format!("#/components/schemas/{of}") },
            },
        },
    })
}

fn managed_device() -> Value {
    members(json!({
        "id": { "type": "string", "format": "uuid" },
        "deviceName": text(),
        "managedDeviceName": text(),
        "operatingSystem": text(),
        "osVersion": text(),
        "isSupervised": flag(),
        "complianceState": text(),
        "managementState": text(),
        "deviceActionResults": {
            "type": ["array", "null"],
            "items": {
                "type": "object",
                "required": ["@odata.type", "actionName", "actionState"],
                "properties": {
                    "@odata.type": { "type": "string" },
                    "actionName": { "type": "string" },
                    "actionState": {
                        "enum": ["none", "pending", "canceled", "active", "done", "failed",
                                 "notSupported"],
                    },
                    "startDateTime": { "type": "string", "format": "date-time" },
                    "lastUpdatedDateTime": { "type": "string", "format": "date-time" },
                },
            },
        },
    }))
}

fn error() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "innerError"],
                "properties": {
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                    "innerError": {
                        "type": "object",
                        "required": ["date", "request-id", "client-request-id"],
                        "properties": {
                            "date": { "type": "string" },
                            "request-id": { "type": "string", "format": "uuid" },
                            "client-request-id": { "type": "string" },
                            "x-muster-reason": { "type": "string" },
                        },
                    },
                },
            },
        },
    })
}

fn bulk_result() -> Value {
    let ids = || json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "properties": {
            "successfulDeviceIds": ids(),
            "failedDeviceIds": ids(),
            "notFoundDeviceIds": ids(),
            "notSupportedDeviceIds": ids(),
        },
    })
}

fn batch() -> Value {
    json!({
        "type": "object",
        "required": ["requests"],
        "properties": {
            "requests": {
                "type": "array",
                "minItems": 1,
                "maxItems": crate::http::batch::REQUESTS_MAX,
                "items": {
                    "type": "object",
                    "required": ["id", "method", "url"],
                    "properties": {
                        "id": { "type": "string", "minLength": 1 },
                        "method": { "enum": ["GET", "POST", "PATCH", "PUT", "DELETE"] },
                        "url": { "type": "string", "minLength": 1 },
                        "headers": { "type": "object" },
                        "body": {},
                        "dependsOn": { "type": "array", "items": { "type": "string" } },
                    },
                },
            },
        },
    })
}

fn batch_answer() -> Value {
    json!({
        "type": "object",
        "required": ["responses"],
        "properties": {
            "responses": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "status", "headers"],
                    "properties": {
                        "id": { "type": "string" },
                        "status": { "type": "integer", "minimum": 200, "maximum": 599 },
                        "headers": { "type": "object" },
                        "body": {},
                    },
                },
            },
        },
    })
}
