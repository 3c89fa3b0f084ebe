//! Policies at rest.

use core::error::Error;

use serde_json::Value;
use uuid::Uuid;

use crate::backend::{Backend, BackendError, Document, DocumentPage};
use crate::devices::managed_device::date_time;
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::resources::audit_entry::{AuditKind, Audited, Change, Deed};
use crate::resources::policies::family::Family;
use crate::resources::policies::fault::PolicyFault;
use crate::resources::policies::record::PolicyRecord;

/// Most policies of a family a tenant may have.
const POLICIES_MAX: usize = 1000;

/// Keeps changes of policies apart: each decides on what the one before it left.
#[derive(Debug, Default)]
pub(crate) struct PolicyBook {
    changing: tokio::sync::Mutex<()>,
}

/// What was decided on a policy.
pub(super) struct Decision {
    pub(super) deed: Deed,
    /// The policy before; `None` if it is new.
    pub(super) before: Option<PolicyRecord>,
    /// The policy from now on; `None` if it goes.
    pub(super) after: Option<PolicyRecord>,
}

impl PolicyBook {
    /// Decides on a policy and makes the decision durable, with its entry in the audit log.
    ///
    /// # Errors
    /// [`ApiError`] if the decision is no, or it cannot be written.
    pub(super) async fn change<B: Backend>(
        &self,
        context: &Context<'_, B>,
        family: Family,
        decide: impl FnOnce(PolicyRecord, String) -> Result<Decision, ApiError> + Send,
    ) -> Result<Option<PolicyRecord>, ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        let found = one(context, family).await?;
        let decision = decide(found, present(context))?;
        keep(context, family, decision).await
    }

    /// Adds a policy.
    ///
    /// # Errors
    /// [`ApiError`] if there are too many, or it cannot be written.
    pub(super) async fn add<B: Backend>(
        &self,
        context: &Context<'_, B>,
        family: Family,
        made: PolicyRecord,
    ) -> Result<Option<PolicyRecord>, ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        if all(context, family).await?.len() >= POLICIES_MAX {
            return Err(PolicyFault::Full.into());
        }
        let decision = Decision { deed: Deed::Create, before: None, after: Some(made) };
        keep(context, family, decision).await
    }
}

/// The present moment, as policies have it.
pub(super) fn present<B: Backend>(context: &Context<'_, B>) -> String {
    date_time(context.backend.wall(context.backend.now()))
}

async fn keep<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
    decision: Decision,
) -> Result<Option<PolicyRecord>, ApiError> {
    let Decision { deed, before, after } = decision;
    let Some(named) = before.as_ref().or(after.as_ref()) else {
        return Ok(None);
    };
    let id = named.id.to_string();
    let body = after.as_ref().map(serde_json::to_string).transpose().map_err(unreadable)?;
    let changes = match (&before, &after) {
        (Some(before), Some(after)) => changes(before, after),
        (Some(_), None) | (None, _) => Vec::new(),
    };
    let (kind, name) = (audited(family), named.display_name.as_str());
    let entry = context.audit(&Audited { deed, kind, id: &id, name, changes })?;
    let document = Document { kind: family.document(), id, body };
    read(context.backend.keep(vec![document, entry])).await?;
    Ok(after)
}

fn changes(before: &PolicyRecord, after: &PolicyRecord) -> Vec<Change> {
    let mut changes = before.changes_to(after);
    if before.assignments != after.assignments {
        let text =
            |policy: &PolicyRecord| Some(Value::from(policy.shown_assignments()).to_string());
        changes.push(Change::new("assignments", text(before), text(after)));
    }
    changes
}

const fn audited(family: Family) -> AuditKind {
    match family {
        Family::Compliance => AuditKind::DeviceCompliancePolicy,
        Family::Configuration => AuditKind::DeviceConfiguration,
    }
}

/// All policies of a family, the oldest first.
///
/// # Errors
/// [`ApiError`] if they cannot be read.
pub(super) async fn all<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
) -> Result<Vec<PolicyRecord>, ApiError> {
    let page = DocumentPage::After(None);
    let found = read(context.backend.documents(family.document(), page, POLICIES_MAX)).await?;
    let mut policies = found.iter().map(policy).collect::<Result<Vec<_>, _>>()?;
    policies.sort_by(|one, other| (&one.created, one.id).cmp(&(&other.created, other.id)));
    Ok(policies)
}

/// The policy the path names.
///
/// # Errors
/// [`ApiError::Unknown`] if there is none, or it cannot be read.
pub(super) async fn one<B: Backend>(
    context: &Context<'_, B>,
    family: Family,
) -> Result<PolicyRecord, ApiError> {
    let unknown = || ApiError::Unknown(family.entity());
    let id = context.route.keys.first().and_then(|key| key.parse::<Uuid>().ok());
    let id = id.ok_or_else(unknown)?.to_string();
    let found = read(context.backend.document(family.document(), &id)).await?;
    Ok(policy(&found.ok_or_else(unknown)?)?)
}

/// Whether a document can be read as a policy under its id: what is imported has to be.
pub(crate) fn is_policy(family: Family, id: &str, body: &str) -> bool {
    let read = serde_json::from_str::<PolicyRecord>(body);
    read.is_ok_and(|policy| policy.kind.family == family && policy.id.to_string() == id)
}

fn policy(document: &Document) -> Result<PolicyRecord, BackendError> {
    serde_json::from_str(document.body.as_deref().unwrap_or_default()).map_err(unreadable)
}

fn unreadable(error: impl Error + Send + Sync + 'static) -> BackendError {
    BackendError(Box::new(error))
}
