//! Who holds a role: `microsoft.graph.deviceAndAppManagementRoleAssignment`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::http::body::{BodyError, short_text};
use crate::identity::tenant::Tenant;
use crate::operation::path::Version;
use crate::rbac::definition::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX};
use crate::rbac::reach::Reach;
use crate::rbac::roles::SeededAssignment;

/// Most members, and most scopes, of one assignment.
const LIST_MAX: usize = 256;

/// Longest text in a list of scopes.
const SCOPE_CHARS_MAX: usize = 64;

/// What links to a role are called.
const BIND: &str = "roleDefinition@odata.bind";

/// One role given to some users or groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleAssignment {
    pub(super) id: Uuid,
    pub(super) display_name: String,
    pub(super) description: String,
    /// The role definition.
    pub(super) role: Uuid,
    /// Object ids of users and groups.
    pub(super) members: Vec<Uuid>,
    /// Object ids of the users and groups whose devices it counts for.
    pub(super) resource_scopes: Vec<String>,
    /// As somebody wrote it; `None` if it follows from whether there are scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope_type: Option<ScopeType>,
}

/// For which devices an assignment counts.
///
/// Source: Microsoft Graph beta, enumeration `roleAssignmentScopeType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ScopeType {
    /// Those of the users and groups it names.
    ResourceScope,
    AllDevices,
    /// Those that have a user.
    AllLicensedUsers,
    AllDevicesAndLicensedUsers,
}

impl ScopeType {
    const ALL: [Self; 4] = [
        Self::ResourceScope,
        Self::AllDevices,
        Self::AllLicensedUsers,
        Self::AllDevicesAndLicensedUsers,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::ResourceScope => "resourceScope",
            Self::AllDevices => "allDevices",
            Self::AllLicensedUsers => "allLicensedUsers",
            Self::AllDevicesAndLicensedUsers => "allDevicesAndLicensedUsers",
        }
    }
}

impl RoleAssignment {
    /// An assignment of a fresh tenant.
    pub(super) fn seeded(seeded: &SeededAssignment, tenant: &Tenant) -> Self {
        Self {
            id: seeded.id,
            display_name: format!("{}s", seeded.role.name()),
            description: String::new(),
            role: seeded.role.id(),
            members: seeded.users(tenant),
            resource_scopes: Vec::new(),
            scope_type: None,
        }
    }

    /// A new assignment from a body.
    ///
    /// # Errors
    /// [`BodyError`] if a member is wrong or names nobody of the tenant.
    pub(super) fn made(
        id: Uuid,
        members: &Map<String, Value>,
        tenant: &Tenant,
    ) -> Result<Self, BodyError> {
        let nobody = Self {
            id,
            display_name: String::new(),
            description: String::new(),
            role: Uuid::nil(),
            members: Vec::new(),
            resource_scopes: Vec::new(),
            scope_type: None,
        };
        let made = nobody.changed(members, tenant)?;
        if made.role.is_nil() {
            let wanted = "a link to the role definition";
            return Err(BodyError::Member { member: BIND, wanted });
        }
        Ok(made)
    }

    /// This assignment with what a body changes.
    ///
    /// # Errors
    /// [`BodyError`] if a member is wrong or names nobody of the tenant.
    pub(super) fn changed(
        mut self,
        members: &Map<String, Value>,
        tenant: &Tenant,
    ) -> Result<Self, BodyError> {
        if let Some(name) = short_text(members, "displayName", NAME_CHARS_MAX)? {
            self.display_name = name;
        }
        if let Some(description) = short_text(members, "description", DESCRIPTION_CHARS_MAX)? {
            self.description = description;
        }
        if let Some(link) = short_text(members, BIND, NAME_CHARS_MAX)? {
            let wanted = "a link to the role definition";
            self.role = linked(&link).ok_or(BodyError::Member { member: BIND, wanted })?;
        }
        if let Some(holders) = list(members, "members")? {
            self.members = holders
                .iter()
                .map(|text| somebody(text, tenant))
                .collect::<Option<Vec<Uuid>>>()
                .ok_or(BodyError::Member {
                    member: "members",
                    wanted: "a list of object ids of users or groups of this tenant",
                })?;
        }
        for member in ["resourceScopes", "scopeMembers"] {
            if let Some(scopes) = list(members, member)? {
                let known = scopes.iter().all(|scope| somebody(scope, tenant).is_some());
                self.resource_scopes = known.then_some(scopes).ok_or(BodyError::Member {
                    member,
                    wanted: "a list of object ids of users or groups of this tenant",
                })?;
            }
        }
        if let Some(named) = short_text(members, "scopeType", NAME_CHARS_MAX)? {
            let known = ScopeType::ALL.into_iter().find(|known| known.name() == named);
            let wanted =
                "resourceScope, allDevices, allLicensedUsers or allDevicesAndLicensedUsers";
            self.scope_type = Some(known.ok_or(BodyError::Member { member: "scopeType", wanted })?);
        }
        Ok(self)
    }

    /// The devices it counts for. A name that nobody has any more reaches none.
    pub(super) fn reach(&self, tenant: &Tenant) -> Reach {
        match self.scope_type() {
            ScopeType::AllDevices | ScopeType::AllDevicesAndLicensedUsers => Reach::All,
            ScopeType::AllLicensedUsers => {
                Reach::OwnedBy(tenant.users.iter().map(|user| user.id).collect())
            }
            ScopeType::ResourceScope => {
                let named = self.resource_scopes.iter().filter_map(|scope| scope.parse().ok());
                Reach::OwnedBy(users(named, tenant).collect())
            }
        }
    }

    fn scope_type(&self) -> ScopeType {
        let all = self.resource_scopes.is_empty();
        let implied =
            if all { ScopeType::AllDevicesAndLicensedUsers } else { ScopeType::ResourceScope };
        self.scope_type.unwrap_or(implied)
    }

    /// The object ids of everybody who holds the role, members of groups included.
    pub(super) fn holders(&self, tenant: &Tenant) -> Vec<Uuid> {
        users(self.members.iter().copied(), tenant).collect()
    }

    /// As Graph shows it.
    pub(super) fn shown(&self, version: Version) -> Value {
        let mut shown = json!({
            "@odata.type": "#microsoft.graph.deviceAndAppManagementRoleAssignment",
            "id": self.id.to_string(),
            "displayName": self.display_name,
            "description": self.description,
            "resourceScopes": self.resource_scopes,
            "members": self.members.iter().map(Uuid::to_string).collect::<Vec<_>>(),
        });
        if version == Version::Beta {
            shown["scopeMembers"] = self.resource_scopes.clone().into();
            shown["scopeType"] = self.scope_type().name().into();
        }
        shown
    }
}

/// The id at the end of a link such as `https://…/roleDefinitions('…')` or `…/roleDefinitions/…`.
fn linked(link: &str) -> Option<Uuid> {
    let last = link.trim_end_matches(['\'', ')', '/']).rsplit(['\'', '(', '/']).next()?;
    last.parse().ok().filter(|id: &Uuid| !id.is_nil())
}

/// The users among some object ids, members of groups included.
fn users(ids: impl Iterator<Item = Uuid>, tenant: &Tenant) -> impl Iterator<Item = Uuid> {
    ids.flat_map(|id| tenant.group(id).map_or_else(|| vec![id], |group| group.members.clone()))
}

fn somebody(text: &str, tenant: &Tenant) -> Option<Uuid> {
    let id = text.parse().ok()?;
    (tenant.user(id).is_some() || tenant.group(id).is_some()).then_some(id)
}

/// A list of texts; absent and null mean the same.
fn list(
    members: &Map<String, Value>,
    member: &'static str,
) -> Result<Option<Vec<String>>, BodyError> {
    let refused = || BodyError::Member { member, wanted: "a list of ids" };
    let values = match members.get(member) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_array().ok_or_else(refused)?,
    };
    let text = |value: &Value| {
        let text = value.as_str().filter(|text| text.len() <= SCOPE_CHARS_MAX)?;
        Some(text.to_owned())
    };
    let texts: Option<Vec<String>> = values.iter().map(text).collect();
    texts.filter(|texts| texts.len() <= LIST_MAX).map(Some).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::builtin::{BuiltIn, SEEDED_ASSIGNMENTS};

    const HELP_DESK: &str = "9e0cc482-82df-4ab2-a24c-0c23a3f52e1e";

    fn made(body: &Value) -> Result<RoleAssignment, BodyError> {
        let members = body.as_object().unwrap();
        RoleAssignment::made(Uuid::from_u128(1), members, &Tenant::seeded())
    }

    #[test]
    fn a_role_is_linked_in_every_form_scripts_write() {
        let graph = "https://graph.microsoft.com/beta/deviceManagement/roleDefinitions";
        for link in [
            format!("{graph}('{HELP_DESK}')"),
            format!("{graph}/{HELP_DESK}"),
            format!("/deviceManagement/roleDefinitions/{HELP_DESK}/"),
        ] {
            assert_eq!(linked(&link), Some(BuiltIn::HelpDeskOperator.id()), "{link}");
        }
        for link in ["", "https://graph.microsoft.com", "roleDefinitions('x')", &"0".repeat(32)] {
            assert_eq!(linked(link), None, "{link}");
        }
    }

    #[test]
    fn groups_give_the_role_to_their_users() {
        let tenant = Tenant::seeded();
        let group = &tenant.groups[1];
        let link = format!("/deviceManagement/roleDefinitions('{HELP_DESK}')");
        let body = json!({
            "displayName": "All",
            "members": [group.id.to_string()],
            "roleDefinition@odata.bind": link,
        });
        let assignment = made(&body).unwrap();
        assert_eq!(assignment.holders(&tenant), group.members);
    }

    #[test]
    fn a_wrong_member_is_named() {
        let link = format!("/roleDefinitions/{HELP_DESK}");
        for (body, member) in [
            (json!({ "displayName": "x" }), BIND),
            (json!({ "roleDefinition@odata.bind": "x" }), BIND),
            (json!({ "roleDefinition@odata.bind": link, "members": [HELP_DESK] }), "members"),
            (json!({ "roleDefinition@odata.bind": link, "members": "x" }), "members"),
            (json!({ "roleDefinition@odata.bind": link, "resourceScopes": [7] }), "resourceScopes"),
        ] {
            let refused = made(&body).unwrap_err();
            assert!(refused.to_string().starts_with(member), "{refused}");
        }
    }

    #[test]
    fn a_seeded_assignment_has_one_holder() {
        let tenant = Tenant::seeded();
        for seeded in &SEEDED_ASSIGNMENTS {
            assert_eq!(RoleAssignment::seeded(seeded, &tenant).holders(&tenant).len(), 1);
        }
    }
}
