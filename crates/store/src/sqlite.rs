//! A SQLite file: one thread writes, a few connections read.

mod read;
mod readers;
mod schema;
mod write;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::disk::DiskFaults;
use crate::error::{CommitError, LoadError, OpenError};
use crate::rows::Rows;
use readers::Readers;
use writer::{Job, Writer};

/// Commits that may wait for the writer: eight full groups, a fraction of a second of work. Beyond
/// it whoever brings new work is told [`CommitError::Full`] rather than made to wait ever longer;
/// who has to finish work waits for room, before all who come later.
const WAITING_MAX: usize = 8 * writer::GROUP_MAX;

#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    jobs: mpsc::Sender<Job>,
    readers: Readers,
    groups: Arc<AtomicU64>,
    disk: DiskFaults,
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = schema::open_writer(path)?;
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let groups = Arc::new(AtomicU64::new(0));
        let disk = DiskFaults::default();
        let writer =
            Writer { connection, waiting, groups: Arc::clone(&groups), disk: disk.clone() };
        // The thread ends by itself: on `close`, or when the last handle is gone.
        thread::Builder::new()
            .name("muster-store".to_owned())
            .spawn(|| writer.run())
            .map_err(|cause| schema::failed(path, cause))?;
        Ok(Self { jobs, readers: Readers::new(path), groups, disk })
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job::Commit { batch, answer }).map_err(|refused| match refused {
            TrySendError::Full(_) => CommitError::Full,
            TrySendError::Closed(_) => CommitError::Closed,
        })?;
        answered.await.unwrap_or(Err(CommitError::Closed))
    }

    pub(crate) async fn commit_in_turn(&self, batch: Batch) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.jobs.send(Job::Commit { batch, answer }).await;
        sent.map_err(|_closed| CommitError::Closed)?;
        answered.await.unwrap_or(Err(CommitError::Closed))
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Rows) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        self.readers.read(query).await
    }

    pub(crate) fn groups(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }

    pub(crate) fn disk(&self) -> DiskFaults {
        self.disk.clone()
    }

    pub(crate) async fn close(&self) {
        self.readers.close();
        let (done, closed) = oneshot::channel();
        // An error on either side means that the writer has gone already.
        if self.jobs.send(Job::Close { done }).await.is_ok() {
            let _gone = closed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    /// A store with room for one job, which is taken, and where its jobs arrive.
    fn full() -> (Sqlite, mpsc::Receiver<Job>) {
        let (jobs, waiting) = mpsc::channel(1);
        let groups = Arc::new(AtomicU64::new(0));
        let (readers, disk) = (Readers::new(Path::new("never opened")), DiskFaults::default());
        let store = Sqlite { jobs, readers, groups, disk };
        let (done, _closed) = oneshot::channel();
        assert!(store.jobs.try_send(Job::Close { done }).is_ok());
        (store, waiting)
    }

    #[tokio::test]
    async fn a_commit_beyond_the_bound_is_refused_at_once() {
        let (store, _waiting) = full();
        let refusal = store.commit(Batch::default()).await;
        assert!(matches!(refusal, Err(CommitError::Full)), "{refusal:?}");
    }

    #[tokio::test]
    async fn a_commit_in_turn_waits_for_room_and_goes_before_what_comes_later() {
        let (store, mut waiting) = full();
        let mut in_turn = pin!(store.commit_in_turn(Batch::default()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(in_turn.as_mut().poll(&mut context).is_pending());
        assert!(matches!(waiting.recv().await, Some(Job::Close { .. })));
        let refusal = store.commit(Batch::default()).await;
        assert!(matches!(refusal, Err(CommitError::Full)), "the room that came is taken");
        assert!(in_turn.as_mut().poll(&mut context).is_pending());
        let Some(Job::Commit { answer, .. }) = waiting.recv().await else {
            panic!("the commit was to come");
        };
        assert!(answer.send(Ok(())).is_ok());
        assert!(in_turn.await.is_ok());
    }
}
