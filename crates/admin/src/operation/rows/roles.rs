//! Roles, their assignments and what they allow.

use crate::operation::table::Verb::{Delete, Get, Patch, Post};
use crate::operation::table::{Operation, OperationId, Parity, Verb};
use crate::rbac::resource::RoleOperation;
use crate::rbac::role::RoleAction::{
    AssignRoles, CreateRoles, DeleteRoles, ReadRoles, UpdateRoles,
};
use crate::rbac::scope::Permission::{RbacRead, RbacReadWrite};

/// Something with roles: what it asks of a role follows from what it does.
const fn roles(verb: Verb, operation: RoleOperation, path: &'static str) -> Operation {
    let row = Operation::new(verb, OperationId::Roles(operation), path);
    match operation {
        RoleOperation::ListDefinitions
        | RoleOperation::ShowDefinition
        | RoleOperation::ListAssignments
        | RoleOperation::ListAssignmentsOf
        | RoleOperation::ShowAssignment
        | RoleOperation::EffectivePermissions => row.asks(RbacRead, ReadRoles),
        RoleOperation::ListOperations | RoleOperation::ShowOperation => {
            Operation { parity: Parity::Static, ..row }.asks(RbacRead, ReadRoles)
        }
        RoleOperation::CreateDefinition => row.asks(RbacReadWrite, CreateRoles),
        RoleOperation::UpdateDefinition => row.asks(RbacReadWrite, UpdateRoles),
        RoleOperation::DeleteDefinition => row.asks(RbacReadWrite, DeleteRoles),
        RoleOperation::CreateAssignment
        | RoleOperation::UpdateAssignment
        | RoleOperation::DeleteAssignment => row.asks(RbacReadWrite, AssignRoles),
    }
}

pub(super) const ROWS: &[Operation] = &[
    roles(Get, RoleOperation::ListDefinitions, management!("roleDefinitions")),
    roles(Post, RoleOperation::CreateDefinition, management!("roleDefinitions")),
    roles(Get, RoleOperation::ShowDefinition, management!("roleDefinitions/{roleDefinitionId}")),
    roles(
        Patch,
        RoleOperation::UpdateDefinition,
        management!("roleDefinitions/{roleDefinitionId}"),
    ),
    roles(
        Delete,
        RoleOperation::DeleteDefinition,
        management!("roleDefinitions/{roleDefinitionId}"),
    ),
    roles(Get, RoleOperation::ListAssignments, management!("roleAssignments")),
    roles(Post, RoleOperation::CreateAssignment, management!("roleAssignments")),
    roles(Get, RoleOperation::ShowAssignment, management!("roleAssignments/{roleAssignmentId}")),
    roles(
        Patch,
        RoleOperation::UpdateAssignment,
        management!("roleAssignments/{roleAssignmentId}"),
    ),
    roles(
        Delete,
        RoleOperation::DeleteAssignment,
        management!("roleAssignments/{roleAssignmentId}"),
    ),
    roles(
        Get,
        RoleOperation::ListAssignmentsOf,
        management!("roleDefinitions/{roleDefinitionId}/roleAssignments"),
    ),
    roles(Get, RoleOperation::ListOperations, management!("resourceOperations")),
    roles(
        Get,
        RoleOperation::ShowOperation,
        management!("resourceOperations/{resourceOperationId}"),
    ),
    Operation::new(
        Get,
        OperationId::Roles(RoleOperation::EffectivePermissions),
        management!("getEffectivePermissions(scope='{scope}')"),
    )
    .needs(RbacRead),
];
