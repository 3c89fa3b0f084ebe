//! What can go wrong, per operation.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use muster_protocol::DeviceId;

/// A cause, shared by all the commits it made fail.
pub type Source = Arc<dyn Error + Send + Sync>;

/// Why a transaction was not committed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The record has moved on, is there already, or its hardware is enrolled under another id.
    /// Load and decide again.
    #[error("device {device} was changed meanwhile")]
    Conflict {
        /// Whose write it was.
        device: DeviceId,
    },
    /// The token has moved on or is there already. Load and decide again.
    #[error("the enrolment token was changed meanwhile")]
    TokenConflict,
    /// Too many commits wait; nothing was written.
    #[error("too many commits wait for the store")]
    Full,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The medium failed, or the transaction contradicts itself. Load before deciding again.
    #[error("failed to write to the store")]
    Failed {
        /// Why.
        #[source]
        source: Source,
    },
}

/// A transaction that no state of the store can take: the caller is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("a write for device {device} carries rows of another device")]
    Foreign { device: DeviceId },
    #[error("a command of device {device} has the id or the sequence of another command")]
    Clash { device: DeviceId },
}

impl From<BatchError> for CommitError {
    fn from(cause: BatchError) -> Self {
        Self::Failed { source: Arc::new(cause) }
    }
}

/// Why something could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The medium failed.
    #[error("failed to read from the store")]
    Failed {
        /// Why.
        #[source]
        source: Source,
    },
    /// A row is there but does not hold what it should.
    #[error("the store holds a {what} that cannot be read")]
    Corrupt {
        /// What kind of row.
        what: &'static str,
        /// Why.
        #[source]
        source: Source,
    },
}

impl LoadError {
    pub(crate) fn failed(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed { source: Arc::new(cause) }
    }

    pub(crate) fn corrupt(what: &'static str, cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Corrupt { what, source: Arc::new(cause) }
    }
}

impl From<rusqlite::Error> for LoadError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::failed(cause)
    }
}

/// Why a store file could not be opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be made, or its mode cannot be set.
    #[error("failed to create or protect the store file {}", path.display())]
    Create {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// Something else than a file is in the way.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Which path.
        path: PathBuf,
    },
    /// The file is damaged or belongs to another program.
    #[error("{} is not a muster store, or is damaged", path.display())]
    NotAStore {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Source,
    },
    /// A newer muster has written the file.
    #[error(
        "{} has schema version {found}, this muster knows up to {known}: use a newer muster",
        path.display()
    )]
    NewerSchema {
        /// Which file.
        path: PathBuf,
        /// The file's version.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// Anything else, for example a file that stays locked.
    #[error("failed to open the store {}", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Source,
    },
}
