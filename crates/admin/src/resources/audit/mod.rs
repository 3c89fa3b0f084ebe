//! The audit log, for those who may read it.
//!
//! Its entries are documents in the order of time. They are read in chunks, newest first unless
//! asked otherwise, so that a log of a million takes no more memory than one of a thousand.

mod best;
mod log;
mod purge;
mod remote_action;
mod schema;
mod sight;
mod span;
mod walk;

pub(crate) use log::{AuditOperation, answer};
pub use purge::{Purged, purge_audit_log};
