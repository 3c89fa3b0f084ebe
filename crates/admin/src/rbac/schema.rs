//! What queries may ask of the resources of roles.

use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::Count;

/// Rows on a page, at most and by default.
const PAGE_MAX: usize = 1000;

const ID: Property = Property::new("id", Kind::Id);
const NAME: Property = Property::new("displayName", Kind::Text);
const DESCRIPTION: Property = Property::new("description", Kind::Text);

/// `roleDefinitions`
pub(super) const DEFINITIONS: Schema = schema(
    "microsoft.graph.roleDefinition",
    &[
        ID,
        NAME,
        DESCRIPTION,
        Property::new("isBuiltIn", Kind::Flag),
        Property::new("isBuiltInRoleDefinition", Kind::Flag),
        Property::new("rolePermissions", Kind::Structure),
        Property::new("roleScopeTagIds", Kind::Structure),
    ],
);

/// `roleAssignments`
pub(super) const ASSIGNMENTS: Schema = schema(
    "microsoft.graph.deviceAndAppManagementRoleAssignment",
    &[
        ID,
        NAME,
        DESCRIPTION,
        Property::new("members", Kind::Structure),
        Property::new("resourceScopes", Kind::Structure),
        Property::new("scopeMembers", Kind::Structure),
        Property::new("scopeType", Kind::Text),
    ],
);

/// `resourceOperations`
pub(super) const OPERATIONS: Schema = schema(
    "microsoft.graph.resourceOperation",
    &[
        Property::new("id", Kind::Text),
        Property::new("resourceName", Kind::Text),
        Property::new("actionName", Kind::Text),
        DESCRIPTION,
    ],
);

const fn schema(entity: &'static str, properties: &'static [Property]) -> Schema {
    let (options, expands): (&[&str], &[&str]) = (&[], &[]);
    Schema { entity, properties, options, expands, page_max: PAGE_MAX, count: Count::Untold }
}
