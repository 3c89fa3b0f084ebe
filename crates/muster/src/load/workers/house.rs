//! What several workers share: the server, a folder, the beginning.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::LEAD;
use super::arguments::Common;
use crate::cli::{LoadArgs, ThroughName};
use crate::load::begin::Begin;
use crate::load::health::{Drops, cores};
use crate::load::order::Order;
use crate::load::processors::{Half, Threads};
use crate::load::setting::folder;
use crate::load::target::Embedded;

/// Folder of what the workers write down, in the run's own.
const PARTS: &str = "workers";

/// How often it is counted what was dropped at the server's sockets: they go with a server that stops.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// The house of a run of several workers.
pub(super) struct House {
    /// Removed at the end, unless it is to be kept.
    _folder: Option<tempfile::TempDir>,
    path: PathBuf,
    /// The run's own server; `None` if it runs already.
    server: Option<Arc<Embedded>>,
    /// When the run begins, if somebody has said so.
    fixed: Option<SystemTime>,
    workers: u32,
    /// What was dropped at the server's sockets, which no worker sees.
    drops: Arc<Mutex<Drops>>,
}

impl House {
    /// Starts the server, unless it runs already.
    pub(super) async fn open(args: &LoadArgs, order: &Order) -> anyhow::Result<Self> {
        let (folder, path) = folder(order)?;
        let server = match &order.address {
            Some(_elsewhere) => None,
            None => {
                let threads = Threads::of(Half::Any, order.server_threads);
                let how = (threads, ThroughName::Graph);
                Some(Arc::new(Embedded::open(&path.join("data"), how, None, None).await?))
            }
        };
        let fixed = args.start_at;
        let workers = args.workers.map_or(1, std::num::NonZero::get);
        let drops = Arc::default();
        Ok(Self { _folder: folder, path, server, fixed, workers, drops })
    }

    /// Whether the server is the run's own.
    pub(super) const fn is_own(&self) -> bool {
        self.server.is_some()
    }

    /// The command lines of the workers.
    pub(super) fn command_lines(
        &self,
        args: &LoadArgs,
        order: &Order,
        count: u32,
    ) -> Vec<Vec<OsString>> {
        let (data, out) = (self.path.join("data"), self.path.join(PARTS));
        let share = cores() / 2 / usize::try_from(count).unwrap_or(usize::MAX);
        let common = Common {
            args,
            order,
            data: self.server.is_some().then_some(data.as_path()),
            out: args.out.is_some().then_some(out.as_path()),
            fleet_threads: args.fleet_threads.map_or(share.max(1), NonZeroUsize::get),
        };
        (0..count).map(|index| common.of(index, count)).collect()
    }

    /// Where the workers write down what they find.
    pub(super) fn parts(&self) -> Vec<PathBuf> {
        (1..=self.workers).map(|nth| self.path.join(PARTS).join(nth.to_string())).collect()
    }

    /// When all begin, now that all are there: by this process's clock, and by that of all.
    ///
    /// # Errors
    /// If that was fixed and has passed.
    pub(super) fn begin(&self) -> anyhow::Result<(Instant, SystemTime)> {
        let at = self.fixed.unwrap_or_else(|| SystemTime::now() + LEAD);
        Ok((Begin::At(at).instant()?, at))
    }

    /// The run's own server; `None` if it is somebody else's.
    pub(super) fn server(&self) -> Option<Arc<Embedded>> {
        self.server.clone()
    }

    /// Counts what is dropped at the sockets of the run's own server, until the handle is dropped.
    pub(super) fn count_drops(&self) -> JoinSet<()> {
        let mut counting = JoinSet::new();
        if self.is_own() {
            *lock(&self.drops) = Drops::from_now_on();
            let drops = Arc::clone(&self.drops);
            counting.spawn(async move {
                loop {
                    sleep(COUNT_EVERY).await;
                    lock(&drops).count();
                }
            });
        }
        counting
    }

    /// Datagrams the kernel has dropped at the server's sockets since the plan began.
    pub(super) fn dropped(&self) -> u64 {
        let mut drops = lock(&self.drops);
        if self.is_own() {
            drops.count();
        }
        drops.total()
    }

    /// Stops the server.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self.server.and_then(Arc::into_inner) {
            Some(server) => server.close().await,
            None => Ok(()),
        }
    }
}

fn lock(drops: &Mutex<Drops>) -> MutexGuard<'_, Drops> {
    // A panic elsewhere leaves whole counts.
    drops.lock().unwrap_or_else(PoisonError::into_inner)
}
