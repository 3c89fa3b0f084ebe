//! Access policies: which operations need an approval, and whose.

use muster_control::ActionKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::devices::managed_device::date_time;
use crate::http::body::{BodyError, short_text};
use crate::identity::tenant::Tenant;

/// Longest name on display, in characters.
const NAME_CHARS_MAX: usize = 128;

/// Longest description, in characters.
///
/// Source: Microsoft Graph beta, `operationApprovalPolicy`, for both.
const DESCRIPTION_CHARS_MAX: usize = 1024;

const TYPE: BodyError = BodyError::Member {
    member: "policyType",
    wanted: "deviceWipe, deviceRetire, deviceDelete or role; nothing else is protected here",
};

const GROUPS: BodyError = BodyError::Member {
    member: "approverGroupIds",
    wanted: "a list of ids of groups of this tenant, one at least",
};

/// A kind of operation that can be protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PolicyType {
    DeviceWipe,
    DeviceRetire,
    DeviceDelete,
    /// Every change of roles and of who holds them.
    Role,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApprovalPolicy {
    pub(super) id: Uuid,
    pub(super) display_name: String,
    description: String,
    modified_at: jiff::Timestamp,
    pub(super) policy_type: PolicyType,
    pub(super) approver_groups: Vec<Uuid>,
}

impl PolicyType {
    pub(super) const ALL: [Self; 4] =
        [Self::DeviceWipe, Self::DeviceRetire, Self::DeviceDelete, Self::Role];

    /// Source: Microsoft Graph beta, enumeration `operationApprovalPolicyType`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::DeviceWipe => "deviceWipe",
            Self::DeviceRetire => "deviceRetire",
            Self::DeviceDelete => "deviceDelete",
            Self::Role => "role",
        }
    }

    /// What protects an action, if anything can.
    pub(super) const fn of(action: ActionKind) -> Option<Self> {
        match action {
            ActionKind::Wipe => Some(Self::DeviceWipe),
            ActionKind::Retire => Some(Self::DeviceRetire),
            ActionKind::Delete => Some(Self::DeviceDelete),
            ActionKind::ResetPasscode
            | ActionKind::RemoteLock
            | ActionKind::SyncDevice
            | ActionKind::BypassActivationLock
            | ActionKind::RebootNow
            | ActionKind::ShutDown
            | ActionKind::EnableLostMode
            | ActionKind::DisableLostMode
            | ActionKind::LocateDevice
            | ActionKind::PlayLostModeSound
            | ActionKind::DeviceConfigured
            | ActionKind::SetDeviceName
            | ActionKind::LogoutSharedAppleDeviceActiveUser
            | ActionKind::DeleteUserFromSharedAppleDevice => None,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl ApprovalPolicy {
    /// A new policy from a body.
    ///
    /// # Errors
    /// [`BodyError`] if a member is missing or wrong.
    pub(super) fn made(
        id: Uuid,
        members: &Map<String, Value>,
        tenant: &Tenant,
        now: jiff::Timestamp,
    ) -> Result<Self, BodyError> {
        let empty = Self {
            id,
            display_name: String::new(),
            description: String::new(),
            modified_at: now,
            policy_type: policy_type(members)?.ok_or(TYPE)?,
            approver_groups: Vec::new(),
        };
        let made = empty.changed(members, tenant, now)?;
        if made.display_name.is_empty() {
            return Err(BodyError::Member { member: "displayName", wanted: "a name" });
        }
        if made.approver_groups.is_empty() { Err(GROUPS) } else { Ok(made) }
    }

    /// This policy with what a body changes. Members that are not writable are passed over.
    ///
    /// # Errors
    /// [`BodyError`] if a member is wrong.
    pub(super) fn changed(
        mut self,
        members: &Map<String, Value>,
        tenant: &Tenant,
        now: jiff::Timestamp,
    ) -> Result<Self, BodyError> {
        if let Some(name) = short_text(members, "displayName", NAME_CHARS_MAX)? {
            self.display_name = name;
        }
        if let Some(description) = short_text(members, "description", DESCRIPTION_CHARS_MAX)? {
            self.description = description;
        }
        if let Some(policy_type) = policy_type(members)? {
            self.policy_type = policy_type;
        }
        if let Some(groups) = groups(members, tenant)? {
            self.approver_groups = groups;
        }
        self.modified_at = now;
        Ok(self)
    }

    /// As Graph shows it.
    pub(super) fn shown(&self) -> Value {
        let policy_type = self.policy_type.name();
        json!({
            "@odata.type": "#microsoft.graph.operationApprovalPolicy",
            "id": self.id.to_string(),
            "displayName": self.display_name,
            "description": self.description,
            "lastModifiedDateTime": date_time(self.modified_at),
            "policyType": policy_type,
            "policyPlatform": "notApplicable",
            "policySet": { "policyType": policy_type, "policyPlatform": "notApplicable" },
            "approverGroupIds": self.approver_groups,
        })
    }
}

/// The type a body names, in one of its two places.
fn policy_type(members: &Map<String, Value>) -> Result<Option<PolicyType>, BodyError> {
    let set = members.get("policySet");
    let inner = set.and_then(|set| set.get("policyType"));
    let platforms = [members.get("policyPlatform"), set.and_then(|set| set.get("policyPlatform"))];
    let named = platforms.into_iter().flatten().filter(|platform| !platform.is_null());
    if named.into_iter().any(|platform| platform != "notApplicable") {
        let (member, wanted) =
            ("policyPlatform", "notApplicable: policies hold for every platform");
        return Err(BodyError::Member { member, wanted });
    }
    let mut found = None;
    for value in [members.get("policyType"), inner].into_iter().flatten() {
        let read = value.as_str().and_then(PolicyType::named).ok_or(TYPE)?;
        if found.is_some_and(|found| found != read) {
            return Err(BodyError::Member { member: "policySet", wanted: "of the policyType" });
        }
        found = Some(read);
    }
    Ok(found)
}

fn groups(members: &Map<String, Value>, tenant: &Tenant) -> Result<Option<Vec<Uuid>>, BodyError> {
    let Some(listed) = members.get("approverGroupIds").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let mut groups = Vec::new();
    for id in listed.as_array().ok_or(GROUPS)? {
        let id = id.as_str().and_then(|id| id.parse::<Uuid>().ok());
        let id = id.filter(|id| tenant.group(*id).is_some()).ok_or(GROUPS)?;
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    if groups.is_empty() { Err(GROUPS) } else { Ok(Some(groups)) }
}
