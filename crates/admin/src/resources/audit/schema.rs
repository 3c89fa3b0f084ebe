//! What queries may ask of the audit log.

use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::Count;

/// Rows on a page, at most and by default.
const PAGE_MAX: usize = 1000;

/// The states of an action.
///
/// Source: Microsoft Graph, enumeration `actionState`.
const STATES: &[&str] =
    &["none", "pending", "canceled", "active", "done", "failed", "notSupported"];

/// `auditEvents`
pub(super) const EVENTS: Schema = schema(
    "microsoft.graph.auditEvent",
    &[
        Property::new("id", Kind::Id),
        Property::new("displayName", Kind::Text),
        Property::new("componentName", Kind::Text),
        Property::new("activity", Kind::Text),
        Property::new("activityDateTime", Kind::Moment),
        Property::new("activityType", Kind::Text),
        Property::new("activityOperationType", Kind::Text),
        Property::new("activityResult", Kind::Text),
        Property::new("correlationId", Kind::Id),
        Property::new("category", Kind::Text),
        Property::new("actor", Kind::Structure),
        Property::new("actor/auditActorType", Kind::Text),
        Property::new("actor/applicationId", Kind::Id),
        Property::new("actor/applicationDisplayName", Kind::Text),
        Property::new("actor/userPrincipalName", Kind::Text),
        Property::new("actor/servicePrincipalName", Kind::Text),
        Property::new("actor/userId", Kind::Id),
        Property::new("resources", Kind::Structure),
    ],
);

/// `remoteActionAudits`
pub(super) const REMOTE_ACTIONS: Schema = schema(
    "microsoft.graph.remoteActionAudit",
    &[
        Property::new("id", Kind::Text),
        Property::new("deviceDisplayName", Kind::Text),
        Property::new("userName", Kind::Text),
        Property::new("initiatedByUserPrincipalName", Kind::Text),
        Property::new("action", Kind::Text),
        Property::new("requestDateTime", Kind::Moment),
        Property::new("deviceOwnerUserPrincipalName", Kind::Text),
        Property::new("deviceIMEI", Kind::Text),
        Property::new("actionState", Kind::Words(STATES)),
        Property::new("managedDeviceId", Kind::Id),
        Property::new("deviceActionCategory", Kind::Words(&["single", "bulk"])),
        Property::new("bulkDeviceActionId", Kind::Id),
    ],
);

const fn schema(entity: &'static str, properties: &'static [Property]) -> Schema {
    let (options, expands): (&[&str], &[&str]) = (&[], &[]);
    Schema { entity, properties, options, expands, page_max: PAGE_MAX, count: Count::Untold }
}
