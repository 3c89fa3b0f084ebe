//! Records at rest: SQLite and memory behind one interface, with grouped durable commits.
//!
//! A shell loads a record, lets `muster-control` decide, and commits what changed in one
//! [`Transaction`] guarded by the record's [`Revision`]. A lost race is a conflict: load and
//! decide again. The answer to a commit comes after it is durable.
//!
//! No other crate knows SQL.

mod batch;
mod counts;
mod disk;
mod error;
mod memory;
mod row;
mod rows;
mod sqlite;
mod store;
mod transaction;

pub use counts::{Counts, StateCounts};
pub use disk::DiskFaults;
pub use error::{CommitError, LoadError, OpenError, Source};
pub use store::Store;
pub use transaction::{
    DeviceRow, DeviceWrite, DocumentPage, DocumentWrite, Revision, Stored, TokenWrite, Transaction,
};
