//! Access policies and approval requests at rest, and what is just being done with them.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use muster_protocol::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::error::ApprovalError;
use super::policy::{ApprovalPolicy, PolicyType};
use super::request::ApprovalRequest;
use crate::backend::{Backend, BackendError, Document, DocumentKind, DocumentPage};
use crate::http::errors::ApiError;

/// How long a copy of the policies is believed. A change made here ends it at once; this bounds
/// what a change whose request was given up may leave behind.
const COPY_KEPT_FOR: Duration = Duration::from_secs(5);

/// How long a code is held for an operation of which nobody knows whether it was done. Longer
/// than any command takes to become durable.
const IN_USE_FOR: Duration = Duration::from_mins(1);

/// Requests that are kept, open ones included.
pub(super) const REQUESTS_MAX: usize = 2000;

/// Requests that may be open at a time.
pub(super) const OPEN_MAX: usize = 1000;

/// Policies and requests of a tenant, read from its records when they are needed.
#[derive(Debug, Default)]
pub(crate) struct Approvals {
    copy: RwLock<Option<Copied>>,
    /// One change at a time: each decides on what the one before it left.
    pub(super) changing: tokio::sync::Mutex<()>,
    /// Codes whose operation is under way.
    in_use: Mutex<BTreeMap<Uuid, Timestamp>>,
}

#[derive(Clone, Debug)]
struct Copied {
    at: Timestamp,
    policies: Arc<Vec<ApprovalPolicy>>,
}

/// A code that nobody else can use meanwhile.
#[derive(Debug)]
pub(super) struct Using<'a> {
    approvals: &'a Approvals,
    code: Uuid,
}

impl Approvals {
    /// The policies now.
    ///
    /// # Errors
    /// [`BackendError`] if they cannot be read.
    pub(super) async fn policies<B: Backend>(
        &self,
        backend: &B,
    ) -> Result<Arc<Vec<ApprovalPolicy>>, BackendError> {
        let now = backend.now();
        if let Some(policies) = self.copied(now) {
            return Ok(policies);
        }
        let kind = DocumentKind::OperationApprovalPolicy;
        // There is one of each type at most.
        let limit = PolicyType::ALL.len();
        let policies = Arc::new(records(backend, kind, limit).await?);
        self.believe(Some(Copied { at: now, policies: Arc::clone(&policies) }));
        Ok(policies)
    }

    /// Forgets the copy: the policies were changed.
    pub(crate) fn forget(&self) {
        self.believe(None);
    }

    /// Holds a code for one operation.
    ///
    /// # Errors
    /// [`ApprovalError::InUse`] if another has it.
    pub(super) fn hold(&self, now: Timestamp, code: Uuid) -> Result<Using<'_>, ApprovalError> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.retain(|_code, since| now < since.after(IN_USE_FOR));
        if in_use.contains_key(&code) {
            return Err(ApprovalError::InUse);
        }
        in_use.insert(code, now);
        Ok(Using { approvals: self, code })
    }

    fn copied(&self, now: Timestamp) -> Option<Arc<Vec<ApprovalPolicy>>> {
        let copy = self.copy.read().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            copy.as_ref().filter(|copy| now >= copy.at && now < copy.at.after(COPY_KEPT_FOR));
        fresh.map(|copy| Arc::clone(&copy.policies))
    }

    fn believe(&self, copy: Option<Copied>) {
        *self.copy.write().unwrap_or_else(PoisonError::into_inner) = copy;
    }
}

impl Using<'_> {
    /// Gives the code free: it is known what became of the operation.
    pub(super) fn release(self) {
        let mut in_use = self.approvals.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.remove(&self.code);
    }
}

/// Every request that is kept, oldest first.
///
/// # Errors
/// [`BackendError`] if they cannot be read.
pub(super) async fn requests<B: Backend>(
    backend: &B,
) -> Result<Vec<ApprovalRequest>, BackendError> {
    records(backend, DocumentKind::OperationApprovalRequest, REQUESTS_MAX).await
}

/// One request.
///
/// # Errors
/// [`BackendError`] if it cannot be read.
pub(super) async fn request<B: Backend>(
    backend: &B,
    id: Uuid,
) -> Result<Option<ApprovalRequest>, BackendError> {
    let kind = DocumentKind::OperationApprovalRequest;
    let found = backend.document(kind, &id.to_string()).await?;
    found.map(|document| record(&document)).transpose()
}

async fn records<B: Backend, T: DeserializeOwned>(
    backend: &B,
    kind: DocumentKind,
    limit: usize,
) -> Result<Vec<T>, BackendError> {
    let found = backend.documents(kind, DocumentPage::After(None), limit).await?;
    found.iter().map(record).collect()
}

fn record<T: DeserializeOwned>(document: &Document) -> Result<T, BackendError> {
    let read = serde_json::from_str(document.body.as_deref().unwrap_or_default());
    read.map_err(|cause| BackendError(Box::new(cause)))
}

/// Whether a document can be read as a policy under its id: what is imported has to be.
pub(crate) fn is_approval_policy(id: &str, body: &str) -> bool {
    let read = serde_json::from_str::<ApprovalPolicy>(body);
    read.is_ok_and(|policy| policy.id.to_string() == id)
}

/// Whether a document can be read as a request under its id.
pub(crate) fn is_approval_request(id: &str, body: &str) -> bool {
    let read = serde_json::from_str::<ApprovalRequest>(body);
    read.is_ok_and(|request| request.id.to_string() == id)
}

/// A record as it is written.
///
/// # Errors
/// [`ApiError::Read`] if it cannot be: not with the records there are.
pub(super) fn document<T: Serialize>(
    kind: DocumentKind,
    id: Uuid,
    record: &T,
) -> Result<Document, ApiError> {
    let body = serde_json::to_string(record).map_err(|cause| BackendError(Box::new(cause)))?;
    Ok(Document { kind, id: id.to_string(), body: Some(body) })
}
