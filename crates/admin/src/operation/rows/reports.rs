//! Reports.

use crate::operation::table::Verb::{Get, Post};
use crate::operation::table::{Operation, unserved};
use crate::rbac::scope::Permission::ManagedDevicesRead;

const EXPORTS: &str = "there are no export jobs; page through managedDevices with $select instead";

pub(super) const ROWS: &[Operation] = &[
    unserved(Get, management!("reports/exportJobs"), EXPORTS).needs(ManagedDevicesRead),
    unserved(Post, management!("reports/exportJobs"), EXPORTS).needs(ManagedDevicesRead),
    unserved(Get, management!("reports/exportJobs/{deviceManagementExportJobId}"), EXPORTS)
        .needs(ManagedDevicesRead),
];
