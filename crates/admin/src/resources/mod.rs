//! Resources of the tenant beside devices.

pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod audit_entry;
pub(crate) mod categories;
pub(crate) mod exports;
pub(crate) mod policies;
