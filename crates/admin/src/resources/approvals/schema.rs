//! What queries may ask of access policies and approval requests.

use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::Count;

/// Rows on a page, at most and by default.
const PAGE_MAX: usize = 1000;

/// Source: Microsoft Graph beta, enumeration `operationApprovalRequestStatus`.
const STATUSES: &[&str] = &[
    "unknown",
    "needsApproval",
    "approved",
    "rejected",
    "cancelled",
    "completed",
    "expired",
    "unknownFutureValue",
];

/// `operationApprovalPolicies`
pub(super) const POLICIES: Schema = schema(
    "microsoft.graph.operationApprovalPolicy",
    &[
        Property::new("id", Kind::Id),
        Property::new("displayName", Kind::Text),
        Property::new("description", Kind::Text),
        Property::new("lastModifiedDateTime", Kind::Moment),
        Property::new("policyType", Kind::Text),
        Property::new("policyPlatform", Kind::Text),
        Property::new("policySet", Kind::Structure),
        Property::new("approverGroupIds", Kind::Structure),
    ],
);

/// `operationApprovalRequests`
pub(super) const REQUESTS: Schema = schema(
    "microsoft.graph.operationApprovalRequest",
    &[
        Property::new("id", Kind::Id),
        Property::new("requestId", Kind::Id),
        Property::new("requestDateTime", Kind::Moment),
        Property::new("expirationDateTime", Kind::Moment),
        Property::new("lastModifiedDateTime", Kind::Moment),
        Property::new("requestor", Kind::Structure),
        Property::new("requestor/user/displayName", Kind::Text),
        Property::new("requestor/application/displayName", Kind::Text),
        Property::new("approver", Kind::Structure),
        Property::new("status", Kind::Words(STATUSES)),
        Property::new("requestJustification", Kind::Text),
        Property::new("approvalJustification", Kind::Text),
        Property::new("requiredOperationApprovalPolicyTypes", Kind::Structure),
        Property::new("payloadOperation", Kind::Text),
        Property::new("payloadId", Kind::Text),
        Property::new("payloadName", Kind::Text),
    ],
);

const fn schema(entity: &'static str, properties: &'static [Property]) -> Schema {
    let (options, expands): (&[&str], &[&str]) = (&[], &[]);
    Schema { entity, properties, options, expands, page_max: PAGE_MAX, count: Count::Untold }
}
