//! The export jobs of a server: kept in memory, a few at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use subtle::ConstantTimeEq as _;
use tokio::task::JoinSet;
use tracing::warn;

use crate::backend::Backend;
use crate::resources::exports::job::{Job, Owner, Status};
use crate::resources::exports::write::Commission;

/// Jobs that are kept; a new one takes the place of the oldest. Each may hold an archive.
const JOBS_MAX: usize = 16;

/// The jobs and what works on them. Dropped, it ends all work.
#[derive(Default)]
pub(crate) struct Exports {
    jobs: Arc<Jobs>,
    tasks: Mutex<JoinSet<()>>,
}

/// The jobs, the oldest first.
#[derive(Default)]
struct Jobs(Mutex<VecDeque<Job>>);

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, id: &str, status: Status) {
        if let Some(job) = self.lock().iter_mut().find(|job| job.id == id) {
            job.status = status;
        }
    }
}

impl Exports {
    /// Takes a job and has it worked on.
    pub(super) fn begin<B: Backend>(&self, mut job: Job, commission: Commission<B>) {
        let work = work(Arc::clone(&self.jobs), job.id.clone(), commission);
        let mut jobs = self.jobs.lock();
        job.task = Some(self.spawn(work));
        while jobs.len() >= JOBS_MAX {
            jobs.pop_front();
        }
        jobs.push_back(job);
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work)
    }

    /// What is said of each job of a client, the oldest first.
    pub(super) fn told<T>(&self, owner: Owner, now: Timestamp, tell: impl Fn(&Job) -> T) -> Vec<T> {
        let mut jobs = self.jobs.lock();
        jobs.retain(|job| now < job.expires_at());
        jobs.iter().filter(|job| job.owner == owner).map(tell).collect()
    }

    /// The archive behind a link, with the name of its report.
    pub(super) fn archive(
        &self,
        id: &str,
        secret: &str,
        now: Timestamp,
    ) -> Option<(String, Arc<Vec<u8>>)> {
        let jobs = self.jobs.lock();
        let job = jobs.iter().find(|job| job.id == id && now < job.expires_at())?;
        let opens: bool = job.secret.expose().as_bytes().ct_eq(secret.as_bytes()).into();
        match &job.status {
            Status::Completed(bytes) if opens => Some((job.id.clone(), Arc::clone(bytes))),
            Status::Completed(_) | Status::NotStarted | Status::InProgress | Status::Failed => None,
        }
    }

    /// Forgets all jobs.
    pub(crate) fn clear(&self) {
        self.jobs.lock().clear();
    }
}

async fn work<B: Backend>(jobs: Arc<Jobs>, id: String, commission: Commission<B>) {
    jobs.set(&id, Status::InProgress);
    let status = match commission.written(&id).await {
        Ok(bytes) => Status::Completed(Arc::new(bytes)),
        Err(error) => {
            let cause = core::error::Error::source(&error);
            warn!(job = id, %error, cause, "export job failed");
            Status::Failed
        }
    };
    jobs.set(&id, status);
}
