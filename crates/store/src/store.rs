//! One handle for either kind of store.

use std::path::Path;

use muster_control::{CommandRecord, DeviceRecord, EnrolmentTokenRecord};
use muster_protocol::{CommandId, DeviceId, SerialNumber};

use crate::batch::Batch;
use crate::counts::Counts;
use crate::disk::DiskFaults;
use crate::error::{CommitError, LoadError, OpenError};
use crate::memory::Memory;
use crate::row;
use crate::rows::{Row, Rows};
use crate::sqlite::Sqlite;
use crate::transaction::{DocumentPage, Revision, Stored, Transaction};

/// Where records are kept. Clones are cheap and share the same records.
#[derive(Clone, Debug)]
pub struct Store(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Sqlite(Sqlite),
    Memory(Memory),
}

impl Store {
    /// Opens a SQLite file, or makes one, readable by its owner only.
    ///
    /// Blocks on the file; several processes may have it open.
    ///
    /// # Errors
    /// [`OpenError`]; a file that cannot be used is left as it is.
    pub fn sqlite(path: &Path) -> Result<Self, OpenError> {
        Sqlite::open(path).map(|store| Self(Kind::Sqlite(store)))
    }

    /// An empty store that lives as long as its handles.
    #[must_use]
    pub fn memory() -> Self {
        Self(Kind::Memory(Memory::default()))
    }

    /// Writes a transaction and waits until it is durable.
    ///
    /// Returns the new revisions, in the order of `transaction.devices`.
    /// Cancel safe: no; a commit that is not waited for may still happen.
    ///
    /// # Errors
    /// [`CommitError`]; nothing of the transaction is visible then. Only after
    /// [`CommitError::Failed`] of a failing disk may it come to light when the file is opened
    /// anew: load before deciding again.
    pub async fn commit(&self, transaction: Transaction) -> Result<Vec<Revision>, CommitError> {
        let revisions = revisions_after(&transaction);
        self.apply(Batch::of(transaction)?).await?;
        Ok(revisions)
    }

    /// The same for what has to be written, however much waits: it waits for room instead of being
    /// refused. Callers bound themselves, as each device does that waits for its last write.
    ///
    /// # Errors
    /// [`CommitError`], never [`CommitError::Full`].
    pub async fn commit_in_turn(
        &self,
        transaction: Transaction,
    ) -> Result<Vec<Revision>, CommitError> {
        let revisions = revisions_after(&transaction);
        let batch = Batch::of(transaction)?;
        match &self.0 {
            Kind::Sqlite(store) => store.commit_in_turn(batch).await,
            Kind::Memory(store) => store.commit(batch),
        }?;
        Ok(revisions)
    }

    /// The record of a device with its live commands, those that still show a passcode, and the
    /// latest of each action.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load(&self, device: DeviceId) -> Result<Option<Stored>, LoadError> {
        let query = move |rows: &dyn Rows| {
            rows.device(device)?.map(|row| restore(rows, device, &row)).transpose()
        };
        self.read(query).await
    }

    /// Up to `limit` records in order of id, beginning behind `after`.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load_all(
        &self,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<Stored>, LoadError> {
        let query = move |rows: &dyn Rows| {
            let page = rows.devices(after, limit)?;
            page.iter().map(|(device, row)| restore(rows, *device, row)).collect()
        };
        self.read(query).await
    }

    /// The one enrolled record of this hardware.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn enrolled_by_serial(
        &self,
        serial: &SerialNumber,
    ) -> Result<Option<DeviceId>, LoadError> {
        let serial = serial.clone();
        self.read(move |rows| rows.enrolled(&serial)).await
    }

    /// The enrolment token with this SHA-256.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn token(
        &self,
        hash: [u8; 32],
    ) -> Result<Option<(EnrolmentTokenRecord, Revision)>, LoadError> {
        self.read(move |rows| rows.token(hash)?.map(|row| token(&row)).transpose()).await
    }

    /// Every enrolment token, in order of hash.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn tokens(&self) -> Result<Vec<(EnrolmentTokenRecord, Revision)>, LoadError> {
        self.read(|rows| rows.tokens()?.iter().map(token).collect()).await
    }

    /// The latest `limit` commands of a device, newest first.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn history(
        &self,
        device: DeviceId,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, LoadError> {
        self.read(move |rows| row::commands(&rows.history(device, limit)?)).await
    }

    /// A command as it was written last.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn command(&self, id: CommandId) -> Result<Option<CommandRecord>, LoadError> {
        let query =
            move |rows: &dyn Rows| rows.command(id)?.map(|body| row::command(&body)).transpose();
        self.read(query).await
    }

    /// Totals over all rows, counted one by one: for the end of a run, not for every second.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn counts(&self) -> Result<Counts, LoadError> {
        self.read(|rows| rows.counts()).await
    }

    /// Up to `limit` documents of a kind: ids and texts.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn documents(
        &self,
        kind: &'static str,
        page: DocumentPage,
        limit: usize,
    ) -> Result<Vec<(String, String)>, LoadError> {
        self.read(move |rows| rows.documents(kind, &page, limit)).await
    }

    /// The text of a document.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn document(
        &self,
        kind: &'static str,
        id: &str,
    ) -> Result<Option<String>, LoadError> {
        let id = id.to_owned();
        self.read(move |rows| rows.document(kind, &id)).await
    }

    /// A value kept beside the records, such as the start of the run.
    ///
    /// Cancel safe: yes.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn meta(&self, key: &str) -> Result<Option<String>, LoadError> {
        let key = key.to_owned();
        self.read(move |rows| rows.meta(&key)).await
    }

    /// Keeps a value beside the records and waits until it is durable; replaces an earlier one.
    ///
    /// Cancel safe: no; it may be kept without being waited for.
    ///
    /// # Errors
    /// [`CommitError`], never a conflict.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<(), CommitError> {
        self.apply(Batch::of_meta(key.to_owned(), value.to_owned())).await
    }

    /// How many groups of transactions have become durable through this handle and its clones.
    #[must_use]
    pub fn groups(&self) -> u64 {
        match &self.0 {
            Kind::Sqlite(store) => store.groups(),
            Kind::Memory(store) => store.groups(),
        }
    }

    /// What ails the disk below it; a store in memory has a disk that it never uses.
    #[must_use]
    pub fn disk(&self) -> DiskFaults {
        match &self.0 {
            Kind::Sqlite(store) => store.disk(),
            Kind::Memory(_store) => DiskFaults::default(),
        }
    }

    /// Commits what waits, then closes the store for every clone.
    ///
    /// Cancel safe: no; dropped half-way it may leave the writer running, with reads refused.
    pub async fn close(self) {
        match &self.0 {
            Kind::Sqlite(store) => store.close().await,
            Kind::Memory(store) => store.close(),
        }
    }

    async fn apply(&self, batch: Batch) -> Result<(), CommitError> {
        match &self.0 {
            Kind::Sqlite(store) => store.commit(batch).await,
            Kind::Memory(store) => store.commit(batch),
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Rows) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        match &self.0 {
            Kind::Sqlite(store) => store.read(query).await,
            Kind::Memory(store) => store.read(query),
        }
    }
}

fn revisions_after(transaction: &Transaction) -> Vec<Revision> {
    transaction.devices.iter().map(|write| Revision::after(write.expected)).collect()
}

fn restore(rows: &dyn Rows, device: DeviceId, stored: &Row) -> Result<Stored, LoadError> {
    let commands = row::commands(&rows.kept_commands(device)?)?;
    let record = DeviceRecord::restore(row::device(&stored.body)?, commands);
    Ok(Stored { record, revision: stored.revision })
}

fn token(stored: &Row) -> Result<(EnrolmentTokenRecord, Revision), LoadError> {
    Ok((row::token(&stored.body)?, stored.revision))
}
