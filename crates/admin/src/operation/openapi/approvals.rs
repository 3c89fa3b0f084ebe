//! What goes in and out where a second administrator approves.

use serde_json::{Value, json};

use super::schemas::{members, page, text, texts};
use super::{Query, Shape, Success};
use crate::resources::approvals::ApprovalOperation;

/// What the table does not say of an operation.
pub(super) const fn shape(operation: ApprovalOperation) -> Shape {
    let policy = "operationApprovalPolicy";
    let (query, body, success) = match operation {
        ApprovalOperation::ListPolicies => {
            (Query::List, None, Success::Found("operationApprovalPolicies"))
        }
        ApprovalOperation::CreatePolicy => (Query::Nothing, Some(policy), Success::Created(policy)),
        ApprovalOperation::ShowPolicy => (Query::Select, None, Success::Found(policy)),
        ApprovalOperation::UpdatePolicy => (Query::Nothing, Some(policy), Success::Found(policy)),
        ApprovalOperation::DeletePolicy => (Query::Nothing, None, Success::NoContent),
        ApprovalOperation::ListRequests => {
            (Query::List, None, Success::Found("operationApprovalRequests"))
        }
        ApprovalOperation::ShowRequest => {
            (Query::Select, None, Success::Found("operationApprovalRequest"))
        }
        ApprovalOperation::Approve
        | ApprovalOperation::Reject
        | ApprovalOperation::CancelApproval => {
            (Query::Nothing, Some("decision"), Success::Found("word"))
        }
        ApprovalOperation::CancelMine => (Query::Nothing, Some("ownRequest"), Success::NoContent),
    };
    Shape { query, body, success: Some(success) }
}

/// The schemas, each under its name.
pub(super) fn all() -> Value {
    json!({
        "operationApprovalPolicy": policy(),
        "operationApprovalPolicies": page("operationApprovalPolicy"),
        "operationApprovalRequest": request(),
        "operationApprovalRequests": page("operationApprovalRequest"),
        "decision": members(json!({ "justification": text(), "approvalSource": text() })),
        "ownRequest": members(json!({ "id": { "type": "string", "format": "uuid" } })),
        "word": members(json!({ "value": { "type": "string" } })),
    })
}

fn policy() -> Value {
    members(json!({
        "id": text(),
        "displayName": text(),
        "description": text(),
        "policyType": { "enum": ["deviceWipe", "deviceRetire", "deviceDelete", "role"] },
        "approverGroupIds": texts(),
    }))
}

fn request() -> Value {
    members(json!({
        "id": { "type": "string", "format": "uuid" },
        "requestId": { "type": "string", "format": "uuid" },
        "requestDateTime": { "type": "string", "format": "date-time" },
        "expirationDateTime": { "type": "string", "format": "date-time" },
        "lastModifiedDateTime": { "type": "string", "format": "date-time" },
        "status": { "type": "string" },
        "requestJustification": text(),
        "approvalJustification": text(),
    }))
}
