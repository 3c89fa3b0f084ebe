//! Approvals by a second administrator.

use crate::operation::table::Verb::{self, Delete, Get, Patch, Post};
use crate::operation::table::{Operation, OperationId};
use crate::rbac::role::RoleAction::{
    CreateAccessPolicies, DecideApprovals, DeleteAccessPolicies, ReadAccessPolicies,
    UpdateAccessPolicies,
};
use crate::rbac::scope::Permission::{ConfigurationRead, ConfigurationReadWrite};
use crate::resources::approvals::ApprovalOperation;

/// The path of one access policy.
macro_rules! policy {
    () => {
        management!("operationApprovalPolicies/{operationApprovalPolicyId}")
    };
}

/// A path of one approval request.
macro_rules! request {
    ($rest:literal) => {
        concat!("deviceManagement/operationApprovalRequests/{operationApprovalRequestId}", $rest)
    };
}

pub(super) const ROWS: &[Operation] = &[
    approval(Get, ApprovalOperation::ListPolicies, management!("operationApprovalPolicies")),
    approval(Post, ApprovalOperation::CreatePolicy, management!("operationApprovalPolicies")),
    approval(Get, ApprovalOperation::ShowPolicy, policy!()),
    approval(Patch, ApprovalOperation::UpdatePolicy, policy!()),
    approval(Delete, ApprovalOperation::DeletePolicy, policy!()),
    approval(Get, ApprovalOperation::ListRequests, management!("operationApprovalRequests")),
    approval(Get, ApprovalOperation::ShowRequest, request!("")),
    approval(Post, ApprovalOperation::Approve, request!("/approve")),
    approval(Post, ApprovalOperation::Reject, request!("/reject")),
    approval(Post, ApprovalOperation::CancelApproval, request!("/cancelApproval")),
    approval(
        Post,
        ApprovalOperation::CancelMine,
        management!("operationApprovalRequests/cancelMyRequest"),
    ),
];

/// Something with access policies and approval requests.
const fn approval(verb: Verb, operation: ApprovalOperation, path: &'static str) -> Operation {
    let row = Operation::new(verb, OperationId::Approvals(operation), path).beta();
    match operation {
        ApprovalOperation::ListPolicies
        | ApprovalOperation::ShowPolicy
        | ApprovalOperation::ListRequests
        | ApprovalOperation::ShowRequest => row.asks(ConfigurationRead, ReadAccessPolicies),
        ApprovalOperation::CreatePolicy => row.asks(ConfigurationReadWrite, CreateAccessPolicies),
        ApprovalOperation::UpdatePolicy => row.asks(ConfigurationReadWrite, UpdateAccessPolicies),
        ApprovalOperation::DeletePolicy => row.asks(ConfigurationReadWrite, DeleteAccessPolicies),
        ApprovalOperation::Approve
        | ApprovalOperation::Reject
        | ApprovalOperation::CancelApproval => row.asks(ConfigurationReadWrite, DecideApprovals),
        ApprovalOperation::CancelMine => row.needs(ConfigurationReadWrite),
    }
}
