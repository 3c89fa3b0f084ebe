//! Whom a policy is assigned to.

use muster_control::DeviceRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::identity::tenant::Tenant;
use crate::resources::policies::fault::{PolicyFault, echo};

/// Most targets of one policy.
const TARGETS_MAX: usize = 100;

/// The ids the service gives to assignments without a group.
///
/// Source: public answers of Microsoft Graph for `assignments`.
const ALL_DEVICES: &str = "adadadad-808e-44e2-905a-0b7873a8a531";
const ALL_USERS: &str = "acacacac-9df4-4c7d-9d50-4ef0226f57a9";

/// A target of an assignment.
///
/// Source: Microsoft Graph, the types derived from `deviceAndAppManagementAssignmentTarget`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Target {
    AllDevices,
    /// Devices that have a user.
    AllLicensedUsers,
    /// Devices of the users of a group.
    Group(Uuid),
    /// Not the devices of the users of a group, whatever else says so.
    Exclusion(Uuid),
}

impl Target {
    /// Reads the body of `assign`.
    ///
    /// # Errors
    /// [`PolicyFault`] at the first target that cannot be one.
    pub(super) fn read_all(
        members: &Map<String, Value>,
        tenant: &Tenant,
    ) -> Result<Vec<Self>, PolicyFault> {
        for name in members.keys() {
            if name != "assignments" && !name.starts_with('@') {
                return Err(PolicyFault::Property { name: echo(name), entity: "assign" });
            }
        }
        let given = members.get("assignments").and_then(Value::as_array);
        let given = given.filter(|given| given.len() <= TARGETS_MAX);
        let mut targets = Vec::new();
        for assignment in given.ok_or(PolicyFault::NoTargets)? {
            let target = Self::read(assignment.get("target").unwrap_or(&Value::Null), tenant)?;
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        Ok(targets)
    }

    fn read(target: &Value, tenant: &Tenant) -> Result<Self, PolicyFault> {
        let name = target.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
        let filter = target.get("deviceAndAppManagementAssignmentFilterId");
        if filter.is_some_and(|filter| !filter.is_null() && filter != "") {
            return Err(PolicyFault::Filter);
        }
        let group = || {
            let text = target.get("groupId").and_then(Value::as_str).unwrap_or_default();
            let known = text.parse().ok().filter(|id| tenant.group(*id).is_some());
            known.ok_or_else(|| PolicyFault::Group(echo(text)))
        };
        match name.trim_start_matches('#') {
            "microsoft.graph.allDevicesAssignmentTarget" => Ok(Self::AllDevices),
            "microsoft.graph.allLicensedUsersAssignmentTarget" => Ok(Self::AllLicensedUsers),
            "microsoft.graph.groupAssignmentTarget" => group().map(Self::Group),
            "microsoft.graph.exclusionGroupAssignmentTarget" => group().map(Self::Exclusion),
            _ => Err(PolicyFault::Target(echo(name))),
        }
    }

    /// The assignment of a policy to this target.
    pub(super) fn shown(&self, policy: Uuid) -> Value {
        let (name, key) = match self {
            Self::AllDevices => ("allDevicesAssignmentTarget", ALL_DEVICES.to_owned()),
            Self::AllLicensedUsers => ("allLicensedUsersAssignmentTarget", ALL_USERS.to_owned()),
            Self::Group(group) => ("groupAssignmentTarget", group.to_string()),
            Self::Exclusion(group) => ("exclusionGroupAssignmentTarget", group.to_string()),
        };
        let mut target = json!({ "@odata.type": format!("#microsoft.graph.{name}") });
        match self {
            Self::Group(group) | Self::Exclusion(group) => {
                target["groupId"] = group.to_string().into();
            }
            Self::AllDevices | Self::AllLicensedUsers => {}
        }
        json!({ "id": format!("{policy}_{key}"), "target": target })
    }
}

/// Whether assignments reach a device. An exclusion outweighs everything.
///
/// Source: the product's page "Assign policies": exclusions take precedence over inclusions.
pub(super) fn reach(targets: &[Target], record: &DeviceRecord, tenant: &Tenant) -> bool {
    let owner = tenant.owner_of(record).map(|owner| owner.id);
    let is_in = |group: Uuid| {
        let members = tenant.group(group).map(|group| group.members.as_slice());
        owner.is_some_and(|owner| members.is_some_and(|members| members.contains(&owner)))
    };
    let included = targets.iter().any(|target| match target {
        Target::AllDevices => true,
        Target::AllLicensedUsers => owner.is_some(),
        Target::Group(group) => is_in(*group),
        Target::Exclusion(_) => false,
    });
    included
        && !targets.iter().any(|target| match target {
            Target::Exclusion(group) => is_in(*group),
            Target::AllDevices | Target::AllLicensedUsers | Target::Group(_) => false,
        })
}
