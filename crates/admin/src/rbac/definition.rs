//! Roles as Graph shows them: `microsoft.graph.roleDefinition`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::http::body::{BodyError, short_text};
use crate::operation::path::Version;
use crate::rbac::builtin::BuiltIn;
use crate::rbac::role::{RoleAction, RoleActions};

/// Longest name on display, in characters.
pub(super) const NAME_CHARS_MAX: usize = 256;

/// Longest description, in characters.
///
/// Source: Microsoft Graph, `roleDefinition`, limits repeated by public clients.
pub(super) const DESCRIPTION_CHARS_MAX: usize = 1500;

/// Most actions in one role. Intune has fewer than 300.
const ACTIONS_MAX: usize = 512;

/// Longest name of an action.
const ACTION_CHARS_MAX: usize = 128;

/// What `rolePermissions` has to be.
const PERMISSIONS: BodyError = BodyError::Member {
    member: "rolePermissions",
    wanted: "a list of objects with resourceActions that list action names",
};

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleDefinition {
    pub(super) id: Uuid,
    pub(super) display_name: String,
    pub(super) description: String,
    #[serde(skip)]
    pub(super) origin: RoleOrigin,
    /// By name: roles may name actions this API never asks for.
    pub(super) allowed: Vec<String>,
    pub(super) not_allowed: Vec<String>,
}

/// Who made a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RoleOrigin {
    /// It came with Intune and cannot be changed.
    BuiltIn,
    /// Somebody made it.
    #[default]
    Custom,
}

impl RoleDefinition {
    /// A role that came with Intune.
    pub(super) fn built_in(role: BuiltIn) -> Self {
        Self {
            id: role.id(),
            display_name: role.name().to_owned(),
            description: role.description().to_owned(),
            origin: RoleOrigin::BuiltIn,
            allowed: role.actions().iter().map(RoleAction::name).collect(),
            not_allowed: Vec::new(),
        }
    }

    /// A new role from a body.
    ///
    /// # Errors
    /// [`BodyError`] if it has no name or a member is wrong.
    pub(super) fn made(id: Uuid, members: &Map<String, Value>) -> Result<Self, BodyError> {
        let empty = Self {
            id,
            display_name: String::new(),
            description: String::new(),
            origin: RoleOrigin::Custom,
            allowed: Vec::new(),
            not_allowed: Vec::new(),
        };
        let made = empty.changed(members)?;
        if made.display_name.is_empty() {
            return Err(BodyError::Member { member: "displayName", wanted: "a name" });
        }
        Ok(made)
    }

    /// This role with what a body changes. Members that are not writable are passed over: scripts
    /// send back what they have read.
    ///
    /// # Errors
    /// [`BodyError`] if a member is wrong.
    pub(super) fn changed(mut self, members: &Map<String, Value>) -> Result<Self, BodyError> {
        if let Some(name) = short_text(members, "displayName", NAME_CHARS_MAX)? {
            self.display_name = name;
        }
        if let Some(description) = short_text(members, "description", DESCRIPTION_CHARS_MAX)? {
            self.description = description;
        }
        if let Some(permissions) = members.get("rolePermissions").filter(|value| !value.is_null()) {
            self.allowed = actions(permissions, "allowedResourceActions")?;
            self.not_allowed = actions(permissions, "notAllowedResourceActions")?;
        }
        Ok(self)
    }

    /// What the role allows, of what this API asks for.
    pub(super) fn actions(&self) -> RoleActions {
        let set = |names: &[String]| -> RoleActions {
            names.iter().filter_map(|name| RoleAction::named(name)).collect()
        };
        set(&self.allowed).without(set(&self.not_allowed))
    }

    /// As Graph shows it.
    pub(super) fn shown(&self, version: Version) -> Value {
        let built_in = self.origin == RoleOrigin::BuiltIn;
        let mut shown = json!({
            "@odata.type": "#microsoft.graph.deviceAndAppManagementRoleDefinition",
            "id": self.id.to_string(),
            "displayName": self.display_name,
            "description": self.description,
            "isBuiltIn": built_in,
            "rolePermissions": [permission(&self.allowed, &self.not_allowed)],
        });
        if version == Version::Beta {
            shown["isBuiltInRoleDefinition"] = built_in.into();
            shown["roleScopeTagIds"] = json!(["0"]);
        }
        shown
    }
}

/// A `rolePermission`.
pub(super) fn permission(allowed: &[String], not_allowed: &[String]) -> Value {
    json!({
        "resourceActions": [{
            "allowedResourceActions": allowed,
            "notAllowedResourceActions": not_allowed,
        }],
    })
}

/// All actions of one list, over all permissions.
fn actions(permissions: &Value, list: &str) -> Result<Vec<String>, BodyError> {
    let mut found = Vec::new();
    for permission in permissions.as_array().ok_or(PERMISSIONS)? {
        let resources = permission.get("resourceActions").and_then(Value::as_array);
        for resource in resources.ok_or(PERMISSIONS)? {
            let names = match resource.get(list) {
                None | Some(Value::Null) => continue,
                Some(names) => names.as_array().ok_or(PERMISSIONS)?,
            };
            for name in names {
                found.push(action_name(name).ok_or(PERMISSIONS)?);
            }
        }
    }
    if found.len() > ACTIONS_MAX { Err(PERMISSIONS) } else { Ok(found) }
}

/// A text of the form `Microsoft.Intune_RemoteTasks_Wipe`.
fn action_name(value: &Value) -> Option<String> {
    let name = value.as_str().filter(|name| name.len() <= ACTION_CHARS_MAX)?;
    let (resource, operation) = name.strip_prefix("Microsoft.Intune_")?.split_once('_')?;
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    (word(resource) && word(operation)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn members(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_role_is_made_of_what_scripts_send() {
        let sent = json!({
            "id": "",
            "displayName": "Lock only",
            "isBuiltIn": false,
            "rolePermissions": [{ "resourceActions": [{
                "allowedResourceActions":
                    ["Microsoft.Intune_RemoteTasks_RemoteLock", "Microsoft.Intune_MobileApps_Read"],
                "notAllowedResourceActions": [],
            }] }],
        });
        let role = RoleDefinition::made(Uuid::nil(), &members(&sent)).unwrap();
        assert_eq!(role.actions().iter().collect::<Vec<_>>(), [RoleAction::RemoteLock]);
        assert_eq!(role.shown(Version::V1)["rolePermissions"], sent["rolePermissions"]);
    }

    #[test]
    fn what_a_role_denies_it_does_not_allow() {
        let sent = json!({
            "displayName": "Odd",
            "rolePermissions": [{ "resourceActions": [{
                "allowedResourceActions": ["Microsoft.Intune_RemoteTasks_Wipe"],
                "notAllowedResourceActions": ["microsoft.intune_remotetasks_wipe"],
            }] }],
        });
        assert!(RoleDefinition::made(Uuid::nil(), &members(&sent)).is_err(), "another spelling");
        let spelled = json!({
            "displayName": "Odd",
            "rolePermissions": [{ "resourceActions": [{
                "allowedResourceActions": ["Microsoft.Intune_RemoteTasks_Wipe"],
                "notAllowedResourceActions": ["Microsoft.Intune_RemoteTasks_Wipe"],
            }] }],
        });
        let role = RoleDefinition::made(Uuid::nil(), &members(&spelled)).unwrap();
        assert_eq!(role.actions(), RoleActions::default());
    }

    #[test]
    fn a_role_survives_its_document() {
        for role in BuiltIn::ALL.map(RoleDefinition::built_in) {
            let text = serde_json::to_string(&role).unwrap();
            let read: RoleDefinition = serde_json::from_str(&text).unwrap();
            assert_eq!(read, RoleDefinition { origin: RoleOrigin::Custom, ..role });
        }
    }

    #[test]
    fn a_wrong_member_is_named() {
        for (body, member) in [
            (json!({}), "displayName"),
            (json!({ "displayName": 7 }), "displayName"),
            (json!({ "displayName": "x".repeat(NAME_CHARS_MAX + 1) }), "displayName"),
            (json!({ "displayName": "x", "rolePermissions": {} }), "rolePermissions"),
            (json!({ "displayName": "x", "rolePermissions": [{}] }), "rolePermissions"),
        ] {
            let refused = RoleDefinition::made(Uuid::nil(), &members(&body)).unwrap_err();
            assert!(refused.to_string().starts_with(member), "{refused}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(Value::from("Microsoft.Intune_RemoteTasks_Wipe")),
        ];
        let name = "resourceActions|allowedResourceActions|notAllowedResourceActions|x";
        leaf.prop_recursive(5, 40, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(name, inner, 0..4).prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_permissions_make_a_role_or_an_error(permissions in any_json(), name in any_json()) {
            let body = json!({ "displayName": name, "rolePermissions": permissions });
            if let Ok(role) = RoleDefinition::made(Uuid::nil(), &members(&body)) {
                let text = serde_json::to_string(&role).unwrap();
                let read: RoleDefinition = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(read, role);
            }
        }
    }
}
