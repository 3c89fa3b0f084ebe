//! The connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::{read, schema};
use crate::error::LoadError;
use crate::rows::Rows;

/// Reads at the same time: they share the cores with everything else and are short.
const READERS_MAX: usize = 2;

/// Opens connections when they are needed and keeps them.
#[derive(Clone, Debug)]
pub(super) struct Readers(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        let permits = Arc::new(Semaphore::new(READERS_MAX));
        Self(Arc::new(Pool { path: path.to_owned(), permits, idle: Mutex::default() }))
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Rows) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        let permit = Arc::clone(&self.0.permits).acquire_owned().await;
        let permit = permit.map_err(|_closed| LoadError::Closed)?;
        let pool = Arc::clone(&self.0);
        let work = spawn_blocking(move || {
            let outcome = pool.read(query);
            drop(permit);
            outcome
        });
        work.await.map_err(LoadError::failed)?
    }

    pub(super) fn close(&self) {
        self.0.permits.close();
        self.0.idle().clear();
    }
}

impl Pool {
    /// Runs a query on one snapshot of the file.
    fn read<T>(
        &self,
        query: impl FnOnce(&dyn Rows) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        let mut connection = self.take()?;
        let outcome = read::on_snapshot(&mut connection, query);
        if !self.permits.is_closed() {
            self.idle().push(connection);
        }
        outcome
    }

    fn take(&self) -> Result<Connection, LoadError> {
        let idle = self.idle().pop();
        Ok(idle.map_or_else(|| schema::open_reader(&self.path), Ok)?)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
