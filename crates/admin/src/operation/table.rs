//! What a row of the table of all operations says; the rows stand in [`rows`](super::rows).
//!
//! Dispatch, the header `Allow`, the checks of scopes and roles, the OpenAPI document and the
//! parity page are all made from these rows, so that none of them can say what the others do not.

use muster_control::{ActionKind, RECOVER_PASSCODE};

use crate::devices::people::PeopleOperation;
use crate::devices::service_act::ServiceAct;
use crate::rbac::resource::RoleOperation;
use crate::rbac::role::RoleAction;
use crate::rbac::scope::Permission;
use crate::resources::approvals::ApprovalOperation;
use crate::resources::audit::AuditOperation;
use crate::resources::categories::CategoryOperation;
use crate::resources::exports::ExportOperation;
use crate::resources::policies::family::Family;
use crate::resources::policies::resource::PolicyOperation;

use OperationId::{Batch, CountDevices, ListDevices, RecoverPasscode, ShowDevice, UpdateDevice};
use Verb::{Get, Post};

/// What a path does under a verb.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) id: OperationId,
    pub(crate) verb: Verb,
    /// Below the version. `{name}` stands for a key, which a request may also write `('key')`, or
    /// for the argument of a function.
    pub(crate) path: &'static str,
    pub(crate) versions: Versions,
    pub(crate) permission: Permission,
    /// What a role has to allow a signed-in user.
    pub(crate) role_action: Option<RoleAction>,
    pub(crate) parity: Parity,
}

/// Which code answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationId {
    /// `$batch`
    Batch,
    /// `managedDevices` and `users/{id}/managedDevices`
    ListDevices,
    /// `managedDevices/$count`
    CountDevices,
    /// `me/managedDevices`
    ListMyDevices,
    /// `managedDeviceOverview`
    Overview,
    /// Something about the people devices belong to.
    People(PeopleOperation),
    /// `managedDevices/{id}`
    ShowDevice,
    /// What administrators write on a device.
    UpdateDevice,
    /// Something with roles.
    Roles(RoleOperation),
    /// Something with policies.
    Policies(Family, PolicyOperation),
    /// Something with the audit log.
    Audit(AuditOperation),
    /// Something with access policies and approval requests.
    Approvals(ApprovalOperation),
    /// Something with device categories.
    Categories(CategoryOperation),
    /// Something with export jobs.
    Exports(ExportOperation),
    /// An action on one device; the deletion of a device is one too.
    Act(ActionKind),
    /// Something the service does about one device by itself.
    ActHere(ServiceAct),
    /// `managedDevices/executeAction`
    ActOnMany,
    /// An action that no phone and no tablet can do, and why: 400 for every device.
    RuledOut(&'static str),
    /// The same of what is about no single device.
    RuledOutForMany(&'static str),
    /// An action of the service for which there are no devices any more.
    RecoverPasscode,
    /// Nothing: see [`Parity::NotServed`].
    NotServed,
}

/// The verbs this API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

/// The versions that have an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    Both,
    BetaOnly,
}

/// How much of the real operation is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parity {
    /// Served, and it does what it says.
    Behaves,
    /// Served, and always says the same.
    Static,
    /// 501, with what to do instead.
    NotServed(&'static str),
}

impl Verb {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it may change something: such requests have a limit of their own.
    pub(crate) const fn writes(self) -> bool {
        match self {
            Self::Get => false,
            Self::Post | Self::Patch | Self::Put | Self::Delete => true,
        }
    }
}

impl Operation {
    /// What the parity page says of an operation that is served.
    pub(crate) const fn note(&self) -> &'static str {
        match self.id {
            OperationId::Act(ActionKind::DeviceConfigured) => {
                "muster's own: lets a device that waits in Setup Assistant go on"
            }
            OperationId::RuledOut(why) | OperationId::RuledOutForMany(why) => why,
            OperationId::ActHere(act) => act.note(),
            OperationId::Policies(_, PolicyOperation::Create) => {
                "the types of docs/policies.md; a property or a type nobody knows: 400"
            }
            OperationId::Exports(ExportOperation::Create) => {
                "Devices, DevicesWithInventory and DeviceCompliance, as csv or json"
            }
            RecoverPasscode => RECOVER_PASSCODE.reason,
            Batch
            | ListDevices
            | CountDevices
            | ShowDevice
            | OperationId::ListMyDevices
            | OperationId::Overview
            | OperationId::People(_)
            | OperationId::Roles(_)
            | OperationId::Audit(_)
            | OperationId::Approvals(_)
            | OperationId::Categories(_)
            | OperationId::Exports(ExportOperation::List | ExportOperation::Show)
            | OperationId::Policies(..)
            | OperationId::Act(_)
            | OperationId::NotServed => "",
            UpdateDevice => {
                "`managedDeviceName`, `notes` and the owner; the rest is read-only: 400"
            }
            OperationId::ActOnMany => "up to 100 devices; the roles needed are those of the action",
        }
    }

    pub(super) const fn new(verb: Verb, id: OperationId, path: &'static str) -> Self {
        Self {
            id,
            verb,
            path,
            versions: Versions::Both,
            permission: Permission::None,
            role_action: None,
            parity: Parity::Behaves,
        }
    }

    pub(super) const fn beta(self) -> Self {
        Self { versions: Versions::BetaOnly, ..self }
    }

    pub(super) const fn needs(self, permission: Permission) -> Self {
        Self { permission, ..self }
    }

    pub(super) const fn asks(self, permission: Permission, action: RoleAction) -> Self {
        Self { permission, role_action: Some(action), ..self }
    }
}

pub(super) const fn get(id: OperationId, path: &'static str) -> Operation {
    Operation::new(Get, id, path)
}

pub(super) const fn post(id: OperationId, path: &'static str) -> Operation {
    Operation::new(Post, id, path)
}

pub(super) const fn unserved(verb: Verb, path: &'static str, why: &'static str) -> Operation {
    let parity = Parity::NotServed(why);
    Operation { parity, ..Operation::new(verb, OperationId::NotServed, path) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::operation::rows::operations;

    use super::*;

    #[test]
    fn no_verb_stands_twice_on_a_path() {
        let mut seen = BTreeSet::new();
        for row in operations() {
            assert!(seen.insert((row.path, row.verb)), "{} {}", row.verb.name(), row.path);
        }
    }

    #[test]
    fn what_nothing_answers_says_so() {
        for row in operations() {
            let unanswered = row.id == OperationId::NotServed;
            let said = matches!(row.parity, Parity::NotServed(_));
            assert_eq!(unanswered, said, "{} {}", row.verb.name(), row.path);
        }
    }

    #[test]
    fn only_what_is_about_nobody_in_particular_needs_no_permission() {
        let free = operations().filter(|row| row.permission == Permission::None);
        assert_eq!(free.map(|row| row.path).collect::<Vec<_>>(), ["$batch"]);
    }
}
