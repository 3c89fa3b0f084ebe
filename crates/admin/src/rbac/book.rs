//! Roles and assignments at rest, and what follows from them.

use core::time::Duration;
use std::sync::{Arc, PoisonError, RwLock};

use muster_protocol::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::backend::{Backend, BackendError, Document, DocumentKind, DocumentPage};
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::identity::tenant::Tenant;
use crate::rbac::assignment::RoleAssignment;
use crate::rbac::audit::Done;
use crate::rbac::builtin::{BuiltIn, SEEDED_ASSIGNMENTS};
use crate::rbac::definition::RoleDefinition;
use crate::rbac::role::RoleAction;
use crate::rbac::roles::{Grant, RoleRefusal, Roles};

/// How long a copy of the records is believed. A change made here ends it at once; this bounds
/// what a change whose request was given up may leave behind.
const COPY_KEPT_FOR: Duration = Duration::from_secs(5);

/// Most roles, and most assignments, a tenant may have.
pub(super) const RECORDS_MAX: usize = 1000;

/// The roles of a tenant, read from its records when they are needed.
#[derive(Debug, Default)]
pub(crate) struct RoleBook {
    copy: RwLock<Option<Copied>>,
    /// One change at a time: each decides on what the one before it left.
    changing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Copied {
    at: Timestamp,
    table: Arc<RoleTable>,
}

/// Everything about roles at one moment.
#[derive(Debug)]
pub(crate) struct RoleTable {
    pub(super) definitions: Vec<RoleDefinition>,
    pub(super) assignments: Vec<RoleAssignment>,
    pub(crate) roles: Roles,
}

/// What a document says of a record.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kept<T> {
    Is(T),
    /// A record of the seed that somebody removed.
    Removed,
}

/// A record that was decided to be written or removed.
pub(super) enum Change {
    Define(RoleDefinition),
    Undefine(Uuid),
    Assign(RoleAssignment),
    Unassign(Uuid),
}

impl RoleBook {
    /// The roles now.
    ///
    /// # Errors
    /// [`BackendError`] if the records cannot be read or are not ours.
    pub(crate) async fn table<B: Backend>(
        &self,
        backend: &B,
        tenant: &Tenant,
    ) -> Result<Arc<RoleTable>, BackendError> {
        let now = backend.now();
        if let Some(table) = self.copied(now) {
            return Ok(table);
        }
        let table = Arc::new(RoleTable::load(backend, tenant).await?);
        self.believe(Some(Copied { at: now, table: Arc::clone(&table) }));
        Ok(table)
    }

    /// Forgets the copy: the records were changed by somebody else.
    pub(crate) fn forget(&self) {
        self.believe(None);
    }

    /// Decides on a change and makes it durable, with what else belongs to it.
    ///
    /// # Errors
    /// [`ApiError`] if the decision is no, or the records cannot be written.
    ///
    /// Cancel safe: yes; whether the change was made shows within [`COPY_KEPT_FOR`].
    pub(super) async fn change<B: Backend>(
        &self,
        context: &Context<'_, B>,
        decide: impl FnOnce(&RoleTable) -> Result<(Change, Value), ApiError> + Send,
    ) -> Result<Value, ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        self.forget();
        let table = read(self.table(context.backend, context.tenant)).await?;
        let (change, answer) = decide(&table)?;
        table.lets(context, &change)?;
        let document = change.document().map_err(unreadable)?;
        let done = Done::of(context, &table, &change);
        let approved = context.approved(done.operation(&document)).await?;
        let mut written = vec![document, done.entry(context)?];
        written.extend(approved.kept.iter().cloned());
        let kept = read(context.backend.keep(written)).await;
        approved.settle(&kept);
        self.forget();
        kept.map(|()| answer)
    }

    fn copied(&self, now: Timestamp) -> Option<Arc<RoleTable>> {
        let copy = self.copy.read().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            copy.as_ref().filter(|copy| now >= copy.at && now < copy.at.after(COPY_KEPT_FOR));
        fresh.map(|copy| Arc::clone(&copy.table))
    }

    fn believe(&self, copy: Option<Copied>) {
        *self.copy.write().unwrap_or_else(PoisonError::into_inner) = copy;
    }
}

impl RoleTable {
    async fn load<B: Backend>(backend: &B, tenant: &Tenant) -> Result<Self, BackendError> {
        let made = records::<B, RoleDefinition>(backend, DocumentKind::RoleDefinition).await?;
        let given = records::<B, RoleAssignment>(backend, DocumentKind::RoleAssignment).await?;
        let built_in = BuiltIn::ALL.into_iter().map(RoleDefinition::built_in);
        let made = made.into_iter().filter_map(|(_id, kept)| kept);
        let definitions: Vec<RoleDefinition> = built_in.chain(made).collect();
        let untouched = SEEDED_ASSIGNMENTS.iter().filter(|seeded| {
            let id = seeded.id.to_string();
            given.iter().all(|(touched, _kept)| *touched != id)
        });
        let seeded = untouched.map(|seeded| RoleAssignment::seeded(seeded, tenant));
        let mut assignments: Vec<RoleAssignment> = seeded.collect();
        assignments.extend(given.iter().filter_map(|(_id, kept)| kept.clone()));
        let roles = Roles::new(tenant, grants(&definitions, &assignments, tenant));
        Ok(Self { definitions, assignments, roles })
    }

    /// Whether somebody may change who holds a role: only where their own scope reaches.
    ///
    /// # Errors
    /// [`RoleRefusal`] if the assignment, as it was or as it becomes, goes further.
    fn lets<B>(&self, context: &Context<'_, B>, change: &Change) -> Result<(), RoleRefusal> {
        let (before, after) = match change {
            Change::Define(_) | Change::Undefine(_) => return Ok(()),
            Change::Assign(after) => (self.assignment(after.id), Some(after)),
            Change::Unassign(id) => (self.assignment(*id), None),
        };
        let own = self.roles.reach(context.principal, RoleAction::AssignRoles);
        let mut touched = before.into_iter().chain(after);
        let within = touched.all(|given| own.covers(&given.reach(context.tenant)));
        if within { Ok(()) } else { Err(RoleRefusal::NotThere(RoleAction::AssignRoles)) }
    }

    /// The role with this id.
    pub(super) fn definition(&self, id: Uuid) -> Option<&RoleDefinition> {
        self.definitions.iter().find(|role| role.id == id)
    }

    /// The assignment with this id.
    pub(super) fn assignment(&self, id: Uuid) -> Option<&RoleAssignment> {
        self.assignments.iter().find(|assignment| assignment.id == id)
    }
}

/// What the assignments give. One of a role that is gone gives nothing.
fn grants(
    definitions: &[RoleDefinition],
    assignments: &[RoleAssignment],
    tenant: &Tenant,
) -> Vec<Grant> {
    let grant = |assignment: &RoleAssignment| {
        let role = definitions.iter().find(|role| role.id == assignment.role)?;
        let (users, reach) = (assignment.holders(tenant), assignment.reach(tenant));
        Some(Grant { users, actions: role.actions(), reach })
    };
    assignments.iter().filter_map(grant).collect()
}

/// All records of a kind by their ids; `None` for one that was removed.
async fn records<B: Backend, T: DeserializeOwned>(
    backend: &B,
    kind: DocumentKind,
) -> Result<Vec<(String, Option<T>)>, BackendError> {
    // Each seeded record may have left one document more.
    let limit = RECORDS_MAX + SEEDED_ASSIGNMENTS.len();
    let found = backend.documents(kind, DocumentPage::After(None), limit).await?;
    let read = |document: Document| {
        let kept = serde_json::from_str(document.body.as_deref().unwrap_or("\"removed\""))?;
        let record = match kept {
            Kept::Is(record) => Some(record),
            Kept::Removed => None,
        };
        Ok((document.id, record))
    };
    let read: Result<_, serde_json::Error> = found.into_iter().map(read).collect();
    read.map_err(unreadable)
}

/// Whether a document of roles can be read under its id: what is imported has to be.
pub(crate) fn is_record_of_roles(kind: DocumentKind, id: &str, body: &str) -> bool {
    match kind {
        DocumentKind::RoleDefinition => {
            is_kept::<RoleDefinition>(body, |role| role.id.to_string() == id)
        }
        DocumentKind::RoleAssignment => {
            is_kept::<RoleAssignment>(body, |one| one.id.to_string() == id)
        }
        DocumentKind::AuditEvent
        | DocumentKind::DeviceLabels
        | DocumentKind::DeviceCategory
        | DocumentKind::CompliancePolicy
        | DocumentKind::DeviceConfiguration
        | DocumentKind::OperationApprovalRequest
        | DocumentKind::OperationApprovalPolicy
        | DocumentKind::Identity => false,
    }
}

fn is_kept<T: DeserializeOwned>(body: &str, is_called: impl Fn(&T) -> bool) -> bool {
    match serde_json::from_str(body) {
        Ok(Kept::Is(record)) => is_called(&record),
        Ok(Kept::Removed) => true,
        Err(_unreadable) => false,
    }
}

impl Change {
    fn document(&self) -> Result<Document, serde_json::Error> {
        let (kind, id, body) = match self {
            Self::Define(role) => (
                DocumentKind::RoleDefinition,
                role.id,
                Some(serde_json::to_string(&Kept::Is(role))?),
            ),
            Self::Undefine(id) => (DocumentKind::RoleDefinition, *id, None),
            Self::Assign(assignment) => {
                let body = serde_json::to_string(&Kept::Is(assignment))?;
                (DocumentKind::RoleAssignment, assignment.id, Some(body))
            }
            Self::Unassign(id) => {
                let seeded = SEEDED_ASSIGNMENTS.iter().any(|seeded| seeded.id == *id);
                let removed = serde_json::to_string(&Kept::<()>::Removed)?;
                (DocumentKind::RoleAssignment, *id, seeded.then_some(removed))
            }
        };
        Ok(Document { kind, id: id.to_string(), body })
    }
}

fn unreadable(error: serde_json::Error) -> BackendError {
    BackendError(Box::new(error))
}
