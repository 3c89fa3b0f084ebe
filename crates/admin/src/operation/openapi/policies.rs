//! What goes in and out of operations on policies.

use serde_json::{Value, json};

use super::{Query, Shape, Success};
use crate::resources::policies::resource::PolicyOperation;

pub(super) const fn shape(operation: PolicyOperation) -> Shape {
    let (query, body, success) = match operation {
        PolicyOperation::List => (Query::List, None, Success::Found("policies")),
        PolicyOperation::Show => (Query::Select, None, Success::Found("policy")),
        PolicyOperation::Create => (Query::Nothing, Some("policy"), Success::Created("policy")),
        PolicyOperation::Update => (Query::Nothing, Some("policy"), Success::Found("policy")),
        PolicyOperation::Delete => (Query::Nothing, None, Success::NoContent),
        PolicyOperation::Assign => {
            (Query::Nothing, Some("policyAssignmentsGiven"), Success::Found("policyAssignments"))
        }
        PolicyOperation::ListAssignments => {
            (Query::Nothing, None, Success::Found("policyAssignments"))
        }
        PolicyOperation::ListActions => (Query::Nothing, None, Success::Found("policyRules")),
        PolicyOperation::ScheduleActions => {
            (Query::Nothing, Some("policyRulesGiven"), Success::NoContent)
        }
        PolicyOperation::ListStatuses => {
            (Query::List, None, Success::Found("policyDeviceStatuses"))
        }
        PolicyOperation::Overview => (Query::Nothing, None, Success::Found("policyStatusOverview")),
        PolicyOperation::ListStatesOfDevice => {
            (Query::Nothing, None, Success::Found("policyStates"))
        }
    };
    Shape { query, body, success: Some(success) }
}

/// A policy: its type says which further properties it has.
pub(super) fn policy() -> Value {
    json!({
        "type": "object",
        "properties": {
            "@odata.type": { "type": "string", "pattern": "^#microsoft\\.graph\\.[A-Za-z0-9]+$" },
            "displayName": { "type": "string", "minLength": 1 },
            "description": { "type": ["string", "null"] },
        },
    })
}

/// A target of a policy.
pub(super) fn assignment() -> Value {
    json!({
        "type": "object",
        "required": ["target"],
        "properties": {
            "id": { "type": "string" },
            "target": {
                "type": "object",
                "required": ["@odata.type"],
                "properties": {
                    "@odata.type": { "type": "string" },
                    "groupId": { "type": "string", "format": "uuid" },
                },
            },
        },
    })
}

/// A body that is a list under a name.
pub(super) fn given(name: &str, of: &str) -> Value {
    let items = json!({ "$ref": format!("#/components/schemas/{of}") });
    json!({
        "type": "object",
        "required": [name],
        "properties": { name: { "type": "array", "items": items } },
    })
}
