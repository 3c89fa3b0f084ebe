//! Resources of the tenant beside devices.

pub(crate) mod audit_entry;
