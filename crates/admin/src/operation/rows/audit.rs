//! The audit log.

use crate::operation::table::{Operation, OperationId, get};
use crate::rbac::role::RoleAction::{ReadAudit, ReadDevices};
use crate::rbac::scope::Permission::{AppsRead, ManagedDevicesRead};
use crate::resources::audit::AuditOperation;

pub(super) const ROWS: &[Operation] = &[
    get(OperationId::Audit(AuditOperation::ListActions), management!("remoteActionAudits"))
        .asks(ManagedDevicesRead, ReadDevices)
        .beta(),
    audit(AuditOperation::List, management!("auditEvents")),
    audit(AuditOperation::Categories, management!("auditEvents/getAuditCategories()")),
    audit(
        AuditOperation::ActivityTypes,
        management!("auditEvents/getAuditActivityTypes(category='{category}')"),
    ),
    audit(AuditOperation::Show, management!("auditEvents/{auditEventId}")),
];

/// Something with the audit log.
const fn audit(operation: AuditOperation, path: &'static str) -> Operation {
    get(OperationId::Audit(operation), path).asks(AppsRead, ReadAudit)
}
