//! Reports.

use crate::operation::table::OperationId::Exports;
use crate::operation::table::{Operation, get, post};
use crate::rbac::role::RoleAction::ReadDevices;
use crate::rbac::scope::Permission::ManagedDevicesRead;
use crate::resources::exports::ExportOperation::{Create, List, Show};

pub(super) const ROWS: &[Operation] = &[
    get(Exports(List), management!("reports/exportJobs")).asks(ManagedDevicesRead, ReadDevices),
    post(Exports(Create), management!("reports/exportJobs")).asks(ManagedDevicesRead, ReadDevices),
    get(Exports(Show), management!("reports/exportJobs/{deviceManagementExportJobId}"))
        .asks(ManagedDevicesRead, ReadDevices),
];
