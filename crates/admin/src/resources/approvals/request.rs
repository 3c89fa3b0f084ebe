//! Requests for approval: what was asked, by whom, and what became of it.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApprovalError;
use super::policy::{ApprovalPolicy, PolicyType};
use crate::devices::managed_device::date_time;
use crate::identity::principal::Principal;
use crate::identity::tenant::Tenant;

/// How long a request may be decided on and carried out.
///
/// Source: Microsoft Intune, Multi Admin Approval: 3 days.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(3 * 24);

/// How long a request can be seen after it was changed last.
///
/// Source: Microsoft Intune, Multi Admin Approval: up to 30 days.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApprovalRequest {
    pub(super) id: Uuid,
    requested_at: jiff::Timestamp,
    modified_at: jiff::Timestamp,
    requestor: Party,
    approver: Option<Party>,
    status: Status,
    justification: String,
    decision: Option<String>,
    /// Who may decide, as the policy said then.
    approver_groups: Vec<Uuid>,
    pub(super) operation: Operation,
}

/// A protected operation. Two that are equal do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(super) policy_type: PolicyType,
    /// Such as `wipe`.
    pub(super) name: String,
    /// The ids of what it is done to, in their order.
    pub(super) objects: Vec<String>,
    /// What they are called.
    pub(super) object_name: String,
    /// All else that decides what it does.
    pub(super) payload: Value,
}

/// What became of a request. That it has expired is seen by the clock and never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
    NeedsApproval,
    Approved,
    Rejected,
    Cancelled,
    Completed,
    Expired,
}

/// What can be done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Approve,
    Reject,
    /// An approval is taken back.
    CancelApproval,
    /// The request is taken back.
    CancelMine,
    /// What was asked for is done.
    Complete,
}

/// Who asked or decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    application: Named,
    user: Option<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    id: Uuid,
    display_name: String,
}

impl Operation {
    /// A change of roles or of who holds them.
    pub(crate) const fn on_roles(
        name: String,
        objects: Vec<String>,
        object_name: String,
        payload: Value,
    ) -> Self {
        Self { policy_type: PolicyType::Role, name, objects, object_name, payload }
    }
}

impl Status {
    #[cfg(test)]
    const ALL: [Self; 6] = [
        Self::NeedsApproval,
        Self::Approved,
        Self::Rejected,
        Self::Cancelled,
        Self::Completed,
        Self::Expired,
    ];

    /// Source: Microsoft Graph beta, enumeration `operationApprovalRequestStatus`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NeedsApproval => "needsApproval",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
            Self::Expired => "expired",
        }
    }

    const fn is_open(self) -> bool {
        match self {
            Self::NeedsApproval | Self::Approved => true,
            Self::Rejected | Self::Cancelled | Self::Completed | Self::Expired => false,
        }
    }
}

impl Step {
    #[cfg(test)]
    const ALL: [Self; 5] =
        [Self::Approve, Self::Reject, Self::CancelApproval, Self::CancelMine, Self::Complete];

    /// As the audit log names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::CancelApproval | Self::CancelMine => "cancel",
            Self::Complete => "complete",
        }
    }

    /// The status after it; `None` if it cannot be done.
    const fn from(self, status: Status) -> Option<Status> {
        match (self, status) {
            (Self::Approve, Status::NeedsApproval) => Some(Status::Approved),
            (Self::Reject, Status::NeedsApproval) => Some(Status::Rejected),
            (Self::CancelApproval, Status::Approved)
            | (Self::CancelMine, Status::NeedsApproval | Status::Approved) => {
                Some(Status::Cancelled)
            }
            (Self::Complete, Status::Approved) => Some(Status::Completed),
            (
                Self::Approve
                | Self::Reject
                | Self::CancelApproval
                | Self::CancelMine
                | Self::Complete,
                _,
            ) => None,
        }
    }
}

impl Party {
    fn of(principal: &Principal) -> Self {
        let named = |id, name: &str| Named { id, display_name: name.to_owned() };
        Self {
            application: named(principal.application.id, &principal.application.name),
            user: principal.user.as_ref().map(|user| named(user.id, &user.name)),
        }
    }

    /// As Graph shows an `identitySet`.
    fn shown(&self) -> Value {
        json!({ "application": self.application, "device": null, "user": self.user })
    }
}

impl ApprovalRequest {
    /// A request of now.
    pub(super) fn made(
        id: Uuid,
        now: jiff::Timestamp,
        principal: &Principal,
        policy: &ApprovalPolicy,
        (operation, justification): (Operation, String),
    ) -> Self {
        Self {
            id,
            requested_at: now,
            modified_at: now,
            requestor: Party::of(principal),
            approver: None,
            status: Status::NeedsApproval,
            justification,
            decision: None,
            approver_groups: policy.approver_groups.clone(),
            operation,
        }
    }

    /// What has become of it by now.
    pub(super) fn status(&self, now: jiff::Timestamp) -> Status {
        if self.status.is_open() && now >= self.expires_at() {
            Status::Expired
        } else {
            self.status
        }
    }

    fn expires_at(&self) -> jiff::Timestamp {
        self.requested_at.checked_add(OPEN_FOR).unwrap_or(jiff::Timestamp::MAX)
    }

    /// Whether something may still be done about it.
    pub(super) fn is_open(&self, now: jiff::Timestamp) -> bool {
        self.status(now).is_open()
    }

    /// Whether it is so old that nobody sees it any more.
    pub(super) fn is_stale(&self, now: jiff::Timestamp) -> bool {
        !self.is_open(now) && now.duration_since(self.modified_at) > SHOWN_FOR
    }

    /// Takes a step of somebody who may.
    ///
    /// # Errors
    /// [`ApprovalError`] if they may not, or it is too late.
    pub(super) fn step(
        mut self,
        step: Step,
        now: jiff::Timestamp,
        (principal, tenant): (&Principal, &Tenant),
        decision: Option<String>,
    ) -> Result<Self, ApprovalError> {
        match step {
            Step::Approve | Step::Reject | Step::CancelApproval => {
                self.may_decide(principal, tenant)?;
                self.approver = Some(Party::of(principal));
                self.decision = decision;
            }
            Step::CancelMine if !self.is_of(principal) => return Err(ApprovalError::NotYours),
            Step::Complete if !self.is_of(principal) => return Err(ApprovalError::OtherRequestor),
            Step::CancelMine | Step::Complete => {}
        }
        let status = self.status(now);
        self.status = match (step, status, step.from(status)) {
            (_, _, Some(next)) => next,
            (Step::Complete, Status::NeedsApproval, None) => {
                return Err(ApprovalError::Required(self.id));
            }
            (_, _, None) => return Err(ApprovalError::Status(status)),
        };
        self.modified_at = now;
        Ok(self)
    }

    /// Whether it is of the same person in the same application.
    pub(super) fn is_of(&self, principal: &Principal) -> bool {
        let asked = Party::of(principal);
        let user = |party: &Party| party.user.as_ref().map(|user| user.id);
        self.requestor.application.id == asked.application.id
            && user(&self.requestor) == user(&asked)
    }

    fn may_decide(&self, principal: &Principal, tenant: &Tenant) -> Result<(), ApprovalError> {
        let user = principal.user.as_ref().ok_or(ApprovalError::OnlyPeople)?.id;
        if self.requestor.user.as_ref().is_some_and(|asked| asked.id == user) {
            return Err(ApprovalError::Own);
        }
        let mut groups = self.approver_groups.iter().filter_map(|id| tenant.group(*id));
        let is_approver = groups.any(|group| group.members.contains(&user));
        if is_approver { Ok(()) } else { Err(ApprovalError::NotAnApprover) }
    }

    /// As Graph shows it.
    pub(super) fn shown(&self, now: jiff::Timestamp) -> Value {
        json!({
            "@odata.type": "#microsoft.graph.operationApprovalRequest",
            "id": self.id.to_string(),
            "requestId": self.id.to_string(),
            "requestDateTime": date_time(self.requested_at),
            "expirationDateTime": date_time(self.expires_at()),
            "lastModifiedDateTime": date_time(self.modified_at),
            "requestor": self.requestor.shown(),
            "approver": self.approver.as_ref().map(Party::shown),
            "status": self.status(now).name(),
            "requestJustification": self.justification,
            "approvalJustification": self.decision,
            "requiredOperationApprovalPolicyTypes": [self.operation.policy_type.name()],
            "payloadOperation": self.operation.name,
            "payloadId": self.operation.objects.join(","),
            "payloadName": self.operation.object_name,
        })
    }
}

#[cfg(test)]
mod tests;
