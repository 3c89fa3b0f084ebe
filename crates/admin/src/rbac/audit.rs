//! What a change of roles is, for the audit log and for those who have to approve it.

use serde_json::Value;

use crate::backend::{Backend, BackendError, Document};
use crate::http::context::Context;
use crate::operation::table::Verb;
use crate::rbac::book::{Change, RoleTable};
use crate::resources::approvals::Operation;
use crate::resources::audit_entry::{AuditKind, Audited, Deed};

/// A change that was decided on the roles of a table.
pub(super) struct Done<'a> {
    deed: Deed,
    kind: AuditKind,
    id: String,
    name: &'a str,
}

impl<'a> Done<'a> {
    pub(super) fn of<B>(
        context: &Context<'_, B>,
        table: &'a RoleTable,
        change: &'a Change,
    ) -> Self {
        let deed = match context.route.operation.verb {
            Verb::Post => Deed::Create,
            Verb::Patch | Verb::Put | Verb::Get => Deed::Patch,
            Verb::Delete => Deed::Delete,
        };
        let (kind, id, name) = match change {
            Change::Define(role) => (AuditKind::RoleDefinition, role.id, &*role.display_name),
            Change::Undefine(id) => {
                let name = table.definition(*id).map_or("", |role| &role.display_name);
                (AuditKind::RoleDefinition, *id, name)
            }
            Change::Assign(given) => (AuditKind::RoleAssignment, given.id, &*given.display_name),
            Change::Unassign(id) => {
                let name = table.assignment(*id).map_or("", |given| &given.display_name);
                (AuditKind::RoleAssignment, *id, name)
            }
        };
        Self { deed, kind, id: id.to_string(), name }
    }

    /// The entry of the audit log.
    ///
    /// # Errors
    /// [`BackendError`] if there is no id for it.
    pub(super) fn entry<B: Backend>(
        &self,
        context: &Context<'_, B>,
    ) -> Result<Document, BackendError> {
        let Self { deed, kind, ref id, name } = *self;
        context.audit(&Audited { deed, kind, id, name, changes: Vec::new() })
    }

    /// The change as an operation: the same for the same request, whatever id a new record was
    /// given.
    pub(super) fn operation(&self, document: &Document) -> Operation {
        let objects = match self.deed {
            Deed::Create => Vec::new(),
            Deed::Patch | Deed::Delete | Deed::Assign | Deed::Action(_) => vec![self.id.clone()],
        };
        let read = document.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
        let mut payload: Value = read.unwrap_or_default();
        if let Some(Value::Object(members)) = payload.get_mut("is") {
            members.remove("id");
        }
        let activity = self.kind.activity(self.deed);
        Operation::on_roles(activity, objects, self.name.to_owned(), payload)
    }
}
