//! The one thread that writes: groups what waits into one durable transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

use super::write::{self, WriteError};
use crate::batch::Batch;
use crate::disk::DiskFaults;
use crate::error::{CommitError, Source};

/// Most transactions in one group: from a thousand on, the flush no longer counts and only the
/// wait of the first grows.
pub(super) const GROUP_MAX: usize = 1_000;

/// What the thread is asked.
pub(super) enum Job {
    Commit { batch: Batch, answer: Answer },
    Close { done: oneshot::Sender<()> },
}

type Answer = oneshot::Sender<Result<(), CommitError>>;

/// What a group came to: an answer for each batch, or none of it is written.
type GroupOutcome = Result<Vec<Result<(), CommitError>>, rusqlite::Error>;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) waiting: mpsc::Receiver<Job>,
    pub(super) groups: Arc<AtomicU64>,
    pub(super) disk: DiskFaults,
}

impl Writer {
    /// Works until the store is closed or its last handle is gone.
    pub(super) fn run(mut self) {
        let mut jobs = Vec::new();
        let mut closers = Vec::new();
        while self.waiting.blocking_recv_many(&mut jobs, GROUP_MAX) > 0 {
            let (batches, answers) = self.sort(jobs.drain(..), &mut closers);
            if !batches.is_empty() {
                self.commit(&batches, answers);
            }
        }
        checkpoint(&self.connection);
        drop(self.connection);
        for done in closers {
            let _caller_gone = done.send(());
        }
    }

    /// Parts work from the wish to stop. After that wish only what waits already is still done.
    fn sort(
        &mut self,
        jobs: impl Iterator<Item = Job>,
        closers: &mut Vec<oneshot::Sender<()>>,
    ) -> (Vec<Batch>, Vec<Answer>) {
        let mut work = (Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Commit { batch, answer } => {
                    work.0.push(batch);
                    work.1.push(answer);
                }
                Job::Close { done } => {
                    self.waiting.close();
                    closers.push(done);
                }
            }
        }
        work
    }

    fn commit(&mut self, batches: &[Batch], answers: Vec<Answer>) {
        let written = self.disk.meet().and_then(|()| commit_group(&mut self.connection, batches));
        match written {
            Ok(outcomes) => {
                self.groups.fetch_add(1, Ordering::Relaxed);
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    let _caller_gone = answer.send(outcome);
                }
            }
            Err(cause) => {
                warn!(error = %cause, commits = batches.len(), "a group of commits failed");
                let source: Source = Arc::new(cause);
                for answer in answers {
                    let failed = CommitError::Failed { source: Arc::clone(&source) };
                    let _caller_gone = answer.send(Err(failed));
                }
            }
        }
    }
}

/// Writes a group in one transaction.
///
/// Nearly always everything fits. A savepoint keeps a copy of each page it touches, so batches
/// only get one each when the group has turned out to hold one that does not fit.
fn commit_group(connection: &mut Connection, batches: &[Batch]) -> GroupOutcome {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for batch in batches {
        match write::apply(&transaction, batch) {
            Ok(()) => {}
            Err(WriteError::Refused(_)) => {
                transaction.rollback()?;
                return commit_carefully(connection, batches);
            }
            Err(WriteError::Broken(cause)) => return Err(cause),
        }
    }
    transaction.commit()?;
    Ok(batches.iter().map(|_batch| Ok(())).collect())
}

/// The same with each batch in a savepoint: one that does not fit leaves the others alone.
fn commit_carefully(connection: &mut Connection, batches: &[Batch]) -> GroupOutcome {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outcomes = batches.iter().map(|batch| apply_or_undo(&transaction, batch));
    let outcomes = outcomes.collect::<GroupOutcome>()?;
    transaction.commit()?;
    Ok(outcomes)
}

fn apply_or_undo(
    connection: &Connection,
    batch: &Batch,
) -> rusqlite::Result<Result<(), CommitError>> {
    execute(connection, "SAVEPOINT batch")?;
    let outcome = match write::apply(connection, batch) {
        Ok(()) => Ok(()),
        Err(WriteError::Refused(refusal)) => {
            execute(connection, "ROLLBACK TO batch")?;
            Err(refusal)
        }
        Err(WriteError::Broken(cause)) => return Err(cause),
    };
    execute(connection, "RELEASE batch")?;
    Ok(outcome)
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(|_rows| ())
}

/// Folds the log into the file. Everything is durable without it: it only tidies up.
fn checkpoint(connection: &Connection) {
    let outcome = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()));
    if let Err(cause) = outcome {
        debug!(error = %cause, "no checkpoint at close");
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::thread;

    use super::super::schema;
    use super::*;

    fn job(value: &str) -> (Job, oneshot::Receiver<Result<(), CommitError>>) {
        let batch = Batch::of_meta("key".to_owned(), value.to_owned());
        let (answer, answered) = oneshot::channel();
        (Job::Commit { batch, answer }, answered)
    }

    #[test]
    fn what_waits_is_committed_in_one_group() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join("muster.db")).unwrap();
        let (jobs, waiting) = mpsc::channel(8);
        let groups = Arc::new(AtomicU64::new(0));
        let disk = DiskFaults::default();
        let writer = Writer { connection, waiting, groups: Arc::clone(&groups), disk };
        let answers = ["one", "two", "three"].map(|value| {
            let (job, answer) = job(value);
            jobs.blocking_send(job).unwrap();
            answer
        });
        drop(jobs);
        writer.run();
        for answer in answers {
            answer.blocking_recv().unwrap().unwrap();
        }
        assert_eq!(groups.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_full_disk_fails_its_group_and_nothing_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join("muster.db")).unwrap();
        // No page more than the empty tables have.
        connection.pragma_update(None, "max_page_count", 1).unwrap();
        let (jobs, waiting) = mpsc::channel(8);
        let groups = Arc::new(AtomicU64::new(0));
        let disk = DiskFaults::default();
        let writer = Writer { connection, waiting, groups: Arc::clone(&groups), disk };

        let (small, small_answer) = job("small");
        let (large, large_answer) = job(&"large".repeat(100_000));
        jobs.blocking_send(small).unwrap();
        jobs.blocking_send(large).unwrap();
        let thread = thread::spawn(|| writer.run());
        for answer in [small_answer, large_answer] {
            let failure = answer.blocking_recv().unwrap().unwrap_err();
            assert!(matches!(failure, CommitError::Failed { .. }), "{failure:?}");
            assert!(failure.source().unwrap().to_string().contains("full"), "{failure:?}");
        }

        let (next, next_answer) = job("next");
        jobs.blocking_send(next).unwrap();
        next_answer.blocking_recv().unwrap().unwrap();
        drop(jobs);
        thread.join().unwrap();
        assert_eq!(groups.load(Ordering::Relaxed), 1);
    }
}
