//! Where a protected operation has to show its approval.

use muster_control::Action;
use muster_protocol::DeviceId;
use serde_json::json;
use uuid::Uuid;

use super::book::{OPEN_MAX, REQUESTS_MAX, Using, document, request, requests};
use super::error::ApprovalError;
use super::header::SentApproval;
use super::policy::{ApprovalPolicy, PolicyType};
use super::request::{ApprovalRequest, Operation, Step};
use crate::backend::{Backend, Document, DocumentKind};
use crate::http::context::{Context, read};
use crate::http::errors::ApiError;
use crate::resources::audit_entry::{AuditKind, Audited, Change, Deed};

/// An operation that may be done.
#[derive(Debug)]
pub(crate) struct Approved<'a> {
    /// What belongs into the transaction of the operation: the end of its approval.
    pub(crate) kept: Vec<Document>,
    using: Option<Using<'a>>,
}

impl Approved<'_> {
    /// An operation that nobody has to approve.
    pub(crate) const fn freely() -> Self {
        Self { kept: Vec::new(), using: None }
    }

    /// Notes what became of the operation. As long as nobody knows, its code stays held.
    pub(crate) fn settle<T>(self, outcome: &Result<T, ApiError>) {
        let unknown = matches!(outcome, Err(ApiError::SubmitDeadline | ApiError::ReadDeadline));
        if let (Some(using), false) = (self.using, unknown) {
            using.release();
        }
    }
}

impl<'a, B: Backend> Context<'a, B> {
    /// Lets an action pass, if nobody has to approve it or somebody has.
    ///
    /// # Errors
    /// [`ApiError::Approval`] with what to do for it; [`ApiError`] if records cannot be read.
    pub(crate) async fn approved_action(
        &self,
        devices: &[DeviceId],
        name: &str,
        action: &Action,
    ) -> Result<Approved<'a>, ApiError> {
        let Some(policy_type) = PolicyType::of(action.kind()) else {
            return Ok(Approved::freely());
        };
        let mut objects: Vec<String> = devices.iter().map(DeviceId::to_string).collect();
        objects.sort_unstable();
        let operation = Operation {
            policy_type,
            name: action.kind().graph_name().to_owned(),
            objects,
            object_name: name.to_owned(),
            payload: json!(action),
        };
        self.approved(operation).await
    }

    /// Lets an operation pass, if nobody has to approve it or somebody has.
    ///
    /// # Errors
    /// As [`Self::approved_action`].
    pub(crate) async fn approved(&self, operation: Operation) -> Result<Approved<'a>, ApiError> {
        let policies = read(self.books.approvals.policies(self.backend)).await?;
        let protects = |policy: &&ApprovalPolicy| policy.policy_type == operation.policy_type;
        let Some(policy) = policies.iter().find(protects) else {
            return Ok(Approved::freely());
        };
        match &self.call.approval {
            SentApproval::Nothing => Err(ApprovalError::HeaderRequired.into()),
            SentApproval::Unreadable(fault) => Err(ApprovalError::Header(*fault).into()),
            SentApproval::Justification(why) => {
                let asked = self.ask(policy, operation, why.clone()).await?;
                Err(ApprovalError::Required(asked).into())
            }
            SentApproval::Code(code) => self.redeem(*code, &operation).await,
        }
    }

    /// Asks for an approval; durable when it returns.
    async fn ask(
        &self,
        policy: &ApprovalPolicy,
        operation: Operation,
        why: String,
    ) -> Result<Uuid, ApiError> {
        let _one_at_a_time = self.books.approvals.changing.lock().await;
        let known = read(requests(self.backend)).await?;
        let now = self.wall_now();
        let open = || known.iter().filter(|request| request.is_open(now));
        let same = |one: &&ApprovalRequest| one.operation == operation && one.is_of(self.principal);
        if let Some(asked) = open().find(same) {
            return Err(ApprovalError::AlreadyAsked(asked.id).into());
        }
        if open().count() >= OPEN_MAX {
            return Err(ApprovalError::TooMany.into());
        }
        self.throttled()?;
        let id = Uuid::from_bytes(*self.backend.new_command_id()?.as_bytes());
        let made = ApprovalRequest::made(id, now, self.principal, policy, (operation, why));
        let mut kept = self.written(&made, Deed::Create)?;
        kept.extend(old(&known, now).map(|request| Document {
            kind: DocumentKind::OperationApprovalRequest,
            id: request.id.to_string(),
            body: None,
        }));
        read(self.backend.keep(kept)).await?;
        Ok(id)
    }

    /// Uses an approval up.
    async fn redeem(&self, code: Uuid, operation: &Operation) -> Result<Approved<'a>, ApiError> {
        let using = self.books.approvals.hold(self.backend.now(), code)?;
        match self.redeemed(code, operation).await {
            Ok(kept) => Ok(Approved { kept, using: Some(using) }),
            Err(refused) => {
                using.release();
                Err(refused)
            }
        }
    }

    async fn redeemed(&self, code: Uuid, operation: &Operation) -> Result<Vec<Document>, ApiError> {
        let found = read(request(self.backend, code)).await?.ok_or(ApprovalError::NoSuchCode)?;
        if found.operation != *operation {
            return Err(ApprovalError::OtherOperation.into());
        }
        let by = (self.principal, self.tenant);
        let done = found.step(Step::Complete, self.wall_now(), by, None)?;
        self.written(&done, Deed::Action(Step::Complete.name()))
    }

    /// A request as it is written, with the entry of the audit log.
    pub(super) fn written(
        &self,
        request: &ApprovalRequest,
        deed: Deed,
    ) -> Result<Vec<Document>, ApiError> {
        let entry = self.audit(&Audited {
            deed,
            kind: AuditKind::OperationApprovalRequest,
            id: &request.id.to_string(),
            name: &request.operation.object_name,
            changes: vec![
                Change::new("PayloadOperation", None, Some(request.operation.name.clone())),
                Change::new("Status", None, Some(request.status(self.wall_now()).name().into())),
            ],
        })?;
        let kind = DocumentKind::OperationApprovalRequest;
        Ok(vec![document(kind, request.id, request)?, entry])
    }

    pub(super) fn wall_now(&self) -> jiff::Timestamp {
        self.backend.wall(self.backend.now())
    }
}

/// Requests that make room for a new one: those nobody sees any more, and as many of the oldest
/// closed ones as it takes.
fn old(known: &[ApprovalRequest], now: jiff::Timestamp) -> impl Iterator<Item = &ApprovalRequest> {
    let surplus = (known.len() + 1).saturating_sub(REQUESTS_MAX);
    let closed = known.iter().filter(move |request| !request.is_open(now)).enumerate();
    let gone = closed.filter(move |(place, request)| *place < surplus || request.is_stale(now));
    gone.map(|(_place, request)| request)
}
