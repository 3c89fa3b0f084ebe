//! The one thread that writes.

use std::io;
use std::thread::{self, JoinHandle};

use muster_protocol::{SerialNumber, encode_at_rest};
use redb::{Database, Table};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use super::{DEVICES, IDENTITIES, LOCKS, StateError, failed, row};
use crate::activation::ActivationRecords;

/// Changes that may wait for the thread. Beyond it devices wait before they ask, which slows
/// them to the pace of the disk; nothing is dropped.
const CHANGES_WAITING_MAX: usize = 1_024;

/// Changes in one transaction, so that the first of them is not held up for ever.
const CHANGES_AT_ONCE_MAX: usize = 1_024;

/// One device's new state.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) index: usize,
    /// The encoded device; `None` leaves what is there.
    pub(crate) snapshot: Option<Vec<u8>>,
    pub(crate) identity: IdentityChange,
}

/// What is to be made durable.
#[derive(Debug)]
enum Matter {
    Device(Box<Change>),
    /// What the vendor's activation service knows of one device.
    Lock(SerialNumber),
}

/// What happens to the kept identity.
#[derive(Debug)]
pub(crate) enum IdentityChange {
    Keep,
    Set(Vec<u8>),
    Remove,
}

struct Request {
    matter: Matter,
    done: oneshot::Sender<()>,
}

/// Hands changes to the thread.
#[derive(Debug)]
pub(crate) struct Writer {
    changes: mpsc::Sender<Request>,
    thread: JoinHandle<()>,
}

/// The part of a [`Writer`] that devices share.
#[derive(Clone, Debug)]
pub(crate) struct WriterHandle(mpsc::Sender<Request>);

/// A [`WriterHandle`] that does not keep the thread from ending.
#[derive(Clone, Debug)]
pub(crate) struct WeakWriter(mpsc::WeakSender<Request>);

impl WeakWriter {
    /// The handle, while the thread runs.
    pub(crate) fn upgrade(&self) -> Result<WriterHandle, StateError> {
        self.0.upgrade().map(WriterHandle).ok_or(StateError::WriterGone)
    }
}

impl Writer {
    pub(super) fn start(database: Database, records: ActivationRecords) -> io::Result<Self> {
        let (changes, waiting) = mpsc::channel(CHANGES_WAITING_MAX);
        let thread = thread::Builder::new()
            .name("muster-fleet-state".to_owned())
            .spawn(move || write_all(&database, &records, waiting))?;
        Ok(Self { changes, thread })
    }

    pub(crate) fn handle(&self) -> WriterHandle {
        WriterHandle(self.changes.clone())
    }

    /// Waits until everything handed over is written and the file is closed. The handles have to
    /// be gone, else this waits for them.
    pub(crate) fn finish(self) {
        drop(self.changes);
        if self.thread.join().is_err() {
            error!("the thread that writes the fleet's state panicked");
        }
    }
}

impl WriterHandle {
    pub(crate) fn downgrade(&self) -> WeakWriter {
        WeakWriter(self.0.downgrade())
    }

    /// Makes a change durable.
    ///
    /// Cancel safe: no. A dropped call may or may not have written.
    pub(crate) async fn write(&self, change: Change) -> Result<(), StateError> {
        self.ask(Matter::Device(Box::new(change))).await
    }

    /// Makes what the vendor's activation service knows of one device durable.
    ///
    /// Cancel safe: no, as for [`Self::write`].
    pub(crate) async fn write_lock(&self, serial: SerialNumber) -> Result<(), StateError> {
        self.ask(Matter::Lock(serial)).await
    }

    async fn ask(&self, matter: Matter) -> Result<(), StateError> {
        let (done, written) = oneshot::channel();
        let request = Request { matter, done };
        let sent = self.0.send(request).await;
        sent.map_err(|_gone| StateError::WriterGone)?;
        written.await.map_err(|_gone| StateError::WriterGone)
    }
}

fn write_all(
    database: &Database,
    records: &ActivationRecords,
    mut waiting: mpsc::Receiver<Request>,
) {
    let mut requests = Vec::new();
    while waiting.blocking_recv_many(&mut requests, CHANGES_AT_ONCE_MAX) > 0 {
        if let Err(cause) = write_batch(database, records, &requests) {
            // Whoever waits for an answer sees the channel end and stops with it.
            error!(error = &cause as &dyn std::error::Error, "failed to write the fleet's state");
            return;
        }
        for request in requests.drain(..) {
            // A device that was stopped meanwhile does not wait for its answer any more.
            let _gone = request.done.send(());
        }
    }
}

/// One transaction for all of them; redb makes it durable before `commit` returns.
fn write_batch(
    database: &Database,
    records: &ActivationRecords,
    requests: &[Request],
) -> Result<(), StateError> {
    let write = database.begin_write().map_err(failed("write"))?;
    {
        let mut devices = write.open_table(DEVICES).map_err(failed("write"))?;
        let mut identities = write.open_table(IDENTITIES).map_err(failed("write"))?;
        let mut locks = write.open_table(LOCKS).map_err(failed("write"))?;
        for Request { matter, .. } in requests {
            match matter {
                Matter::Device(change) => {
                    if let Some(snapshot) = &change.snapshot {
                        let row = row(change.index);
                        devices.insert(row, snapshot.as_slice()).map_err(failed("write"))?;
                    }
                    write_identity(&mut identities, change)?;
                }
                Matter::Lock(serial) => write_record(&mut locks, records, serial)?,
            }
        }
    }
    write.commit().map_err(failed("write"))
}

/// Writes the record as it is now: who asked first for an older one must not be written last.
fn write_record(
    locks: &mut Table<'_, &'static str, &'static [u8]>,
    records: &ActivationRecords,
    serial: &SerialNumber,
) -> Result<(), StateError> {
    let record = encode_at_rest(&records.of_device(serial));
    let record = record.map_err(|source| StateError::TooLarge { source })?;
    locks.insert(serial.as_str(), record.as_slice()).map(drop).map_err(failed("write"))
}

fn write_identity(
    identities: &mut Table<'_, u64, &'static [u8]>,
    change: &Change,
) -> Result<(), StateError> {
    let index = row(change.index);
    match &change.identity {
        IdentityChange::Keep => Ok(()),
        IdentityChange::Set(bytes) => {
            identities.insert(index, bytes.as_slice()).map(drop).map_err(failed("write"))
        }
        IdentityChange::Remove => identities.remove(index).map(drop).map_err(failed("write")),
    }
}
