//! What the audit log says of what was done: written with it, in one transaction.
//!
//! An entry means that something was taken, not that a device has carried it out. Nothing turns
//! the log off.
//!
//! Source: Microsoft Graph, resource types `auditEvent` and `remoteActionAudit`.

use std::borrow::Cow;

use muster_control::{ActionKind, DeviceRecord};
use muster_protocol::CommandId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::backend::{Backend, BackendError, Document, DocumentKind};
use crate::devices::action_result::action_name;
use crate::devices::managed_device::date_time;
use crate::http::context::Context;
use crate::identity::principal::Principal;

/// The member of an entry that tells of a remote action; not shown to those who read the log.
pub(crate) const REMOTE_ACTION: &str = "x-muster-remote-action";

/// What the holder of the data folder does to a tenant as a whole.
pub(crate) const RESET: &str = "reset";
pub(crate) const IMPORT: &str = "import";

/// Longest value that an entry repeats, in characters; the rest is left out.
const VALUE_CHARS_MAX: usize = 1024;

/// Something that was done.
#[derive(Clone, Debug)]
pub(crate) struct Audited<'a> {
    pub(crate) deed: Deed,
    pub(crate) kind: AuditKind,
    /// The id of what it was done to.
    pub(crate) id: &'a str,
    /// Its name on display.
    pub(crate) name: &'a str,
    /// What was different afterwards; no secrets.
    pub(crate) changes: Vec<Change>,
}

/// What kind of thing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Create,
    Patch,
    Delete,
    Assign,
    /// Something with a name of its own, such as `wipe`.
    Action(&'static str),
}

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AuditKind {
    ManagedDevice,
    RoleDefinition,
    RoleAssignment,
    DeviceCompliancePolicy,
    DeviceConfiguration,
    OperationApprovalRequest,
    OperationApprovalPolicy,
    ExportJob,
    DeviceCategory,
    /// All that is kept of it.
    Tenant,
}

/// What the entries of the log are sorted into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AuditCategory {
    Compliance,
    Device,
    DeviceConfiguration,
    Role,
    Other,
}

/// A property that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) property: Cow<'static, str>,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

/// What the page of device actions says of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemoteAction {
    /// The command whose state is the state of the action.
    pub(crate) command: String,
    pub(crate) action: String,
    pub(crate) managed_device_id: String,
    pub(crate) device_display_name: String,
    /// The request that asked the same of several devices.
    pub(crate) bulk_device_action_id: Option<Uuid>,
}

impl<B: Backend> Context<'_, B> {
    /// The entry for something that was done in this request. It goes into the same transaction.
    ///
    /// # Errors
    /// [`BackendError`] if there is no id for it.
    pub(crate) fn audit(&self, audited: &Audited<'_>) -> Result<Document, BackendError> {
        entry(self.backend, self.author(), audited)
    }

    fn author(&self) -> Author<'_> {
        Author { principal: self.principal, request_id: self.call.request_id }
    }

    /// The entry for an action on one device, under the id of its command.
    pub(crate) fn audit_action(
        &self,
        record: &DeviceRecord,
        command: CommandId,
        kind: ActionKind,
    ) -> Document {
        let remote = RemoteAction {
            command: command.to_string(),
            action: action_name(kind).to_owned(),
            managed_device_id: record.id.to_string(),
            device_display_name: record.facts.serial.as_str().to_owned(),
            bulk_device_action_id: self.bulk(),
        };
        let audited = Audited {
            deed: Deed::Action(kind.graph_name()),
            kind: AuditKind::ManagedDevice,
            id: &remote.managed_device_id,
            name: &remote.device_display_name,
            changes: Vec::new(),
        };
        let mut entry = written(self.backend, self.author(), command.to_string(), &audited);
        entry[REMOTE_ACTION] = json!(remote);
        document(entry)
    }
}

/// Who did something, and in which request.
#[derive(Clone, Copy)]
pub(crate) struct Author<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) request_id: Uuid,
}

/// The entry for something that was done. It goes into the same transaction.
///
/// # Errors
/// [`BackendError`] if there is no id for it.
pub(crate) fn entry<B: Backend>(
    backend: &B,
    author: Author<'_>,
    audited: &Audited<'_>,
) -> Result<Document, BackendError> {
    let id = backend.new_command_id()?.to_string();
    Ok(document(written(backend, author, id, audited)))
}

fn written<B: Backend>(
    backend: &B,
    author: Author<'_>,
    id: String,
    audited: &Audited<'_>,
) -> Value {
    let Audited { deed, kind, .. } = audited;
    let activity = kind.activity(*deed);
    json!({
        "id": id,
        "displayName": activity,
        "componentName": kind.component(),
        "activity": activity,
        "activityDateTime": date_time(backend.wall(backend.now())),
        "activityType": activity,
        "activityOperationType": deed.operation(),
        "activityResult": "Success",
        "correlationId": author.request_id.to_string(),
        "category": kind.category().name(),
        "actor": actor(author.principal),
        "resources": [{
            "displayName": audited.name,
            "auditResourceType": kind.name(),
            "type": kind.name(),
            "resourceId": audited.id,
            "modifiedProperties":
                audited.changes.iter().map(Change::shown).collect::<Vec<_>>(),
        }],
    })
}

fn document(entry: Value) -> Document {
    let id = entry["id"].as_str().unwrap_or_default().to_owned();
    Document { kind: DocumentKind::AuditEvent, id, body: Some(entry.to_string()) }
}

/// Who did it.
///
/// Source: Microsoft Graph, resource type `auditActor`.
fn actor(principal: &Principal) -> Value {
    let application = &principal.application;
    let user = principal.user.as_ref();
    let kind = if user.is_some() { "ItPro" } else { "Application" };
    json!({
        "auditActorType": kind,
        "type": kind,
        "userPermissions": principal.scopes.names().collect::<Vec<_>>(),
        "applicationId": application.id.to_string(),
        "applicationDisplayName": application.name,
        "userPrincipalName": user.map(|user| &user.upn),
        "servicePrincipalName": user.is_none().then_some(&application.name),
        "ipAddress": null,
        "userId": user.map(|user| user.id.to_string()),
    })
}

impl Change {
    pub(crate) fn new(
        property: impl Into<Cow<'static, str>>,
        old: Option<String>,
        new: Option<String>,
    ) -> Self {
        Self { property: property.into(), old, new }
    }

    fn shown(&self) -> Value {
        let short = |value: &Option<String>| {
            value.as_ref().map(|value| value.chars().take(VALUE_CHARS_MAX).collect::<String>())
        };
        json!({
            "displayName": self.property,
            "oldValue": short(&self.old),
            "newValue": short(&self.new),
        })
    }
}

impl Deed {
    /// The first word of the activity.
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Patch => "Patch",
            Self::Delete => "Delete",
            Self::Assign => "Assign",
            Self::Action(name) => name,
        }
    }

    /// `activityOperationType`
    const fn operation(self) -> &'static str {
        match self {
            Self::Create | Self::Patch | Self::Delete | Self::Assign => self.name(),
            Self::Action(_) => "Action",
        }
    }
}

impl AuditKind {
    /// Every kind.
    pub(crate) const ALL: [Self; 10] = [
        Self::ManagedDevice,
        Self::RoleDefinition,
        Self::RoleAssignment,
        Self::DeviceCompliancePolicy,
        Self::DeviceConfiguration,
        Self::OperationApprovalRequest,
        Self::OperationApprovalPolicy,
        Self::ExportJob,
        Self::DeviceCategory,
        Self::Tenant,
    ];

    /// The second word of the activity.
    ///
    /// Source: activities of real logs, such as `wipe ManagedDevice`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ManagedDevice => "ManagedDevice",
            Self::RoleDefinition => "RoleDefinition",
            Self::RoleAssignment => "RoleAssignment",
            Self::DeviceCompliancePolicy => "DeviceCompliancePolicy",
            Self::DeviceConfiguration => "DeviceConfiguration",
            Self::OperationApprovalRequest => "OperationApprovalRequest",
            Self::OperationApprovalPolicy => "OperationApprovalPolicy",
            Self::ExportJob => "DeviceManagementExportJob",
            Self::DeviceCategory => "DeviceCategory",
            Self::Tenant => "Tenant",
        }
    }

    /// What an entry says was done.
    pub(crate) fn activity(self, deed: Deed) -> String {
        format!("{} {}", deed.name(), self.name())
    }

    const fn component(self) -> &'static str {
        match self {
            Self::ManagedDevice | Self::DeviceCategory => "ManagedDevices",
            Self::RoleDefinition | Self::RoleAssignment => "RoleBasedAccessControl",
            Self::DeviceCompliancePolicy | Self::DeviceConfiguration => "DeviceConfiguration",
            Self::OperationApprovalRequest | Self::OperationApprovalPolicy => "MultiAdminApproval",
            Self::ExportJob => "Reports",
            Self::Tenant => "Operation",
        }
    }

    /// What its entries are sorted into.
    pub(crate) const fn category(self) -> AuditCategory {
        match self {
            Self::ManagedDevice | Self::DeviceCategory => AuditCategory::Device,
            Self::RoleDefinition | Self::RoleAssignment => AuditCategory::Role,
            Self::DeviceCompliancePolicy => AuditCategory::Compliance,
            Self::DeviceConfiguration => AuditCategory::DeviceConfiguration,
            Self::OperationApprovalRequest
            | Self::OperationApprovalPolicy
            | Self::ExportJob
            | Self::Tenant => AuditCategory::Other,
        }
    }
}

impl AuditCategory {
    /// Every category.
    pub(crate) const ALL: [Self; 5] =
        [Self::Compliance, Self::Device, Self::DeviceConfiguration, Self::Role, Self::Other];

    /// As `getAuditCategories` lists it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Compliance => "Compliance",
            Self::Device => "Device",
            Self::DeviceConfiguration => "DeviceConfiguration",
            Self::Role => "Role",
            Self::Other => "Other",
        }
    }
}
