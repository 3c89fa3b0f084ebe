//! A fault injector: a disk that takes its time, or has no room.
//!
//! It stands before the one thread that writes, as a disk does: what waits meanwhile is written
//! together afterwards. A disk that nothing ails costs two looks a flush.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::ffi;

/// What ails the disk below a store. Clones are of the same disk; can be changed at any time.
///
/// A store in memory has no disk: nothing of this concerns it.
#[derive(Clone, Debug, Default)]
pub struct DiskFaults(Arc<Ailments>);

#[derive(Debug, Default)]
struct Ailments {
    slow_by_us: AtomicU64,
    is_full: AtomicBool,
}

impl DiskFaults {
    /// From now on every flush takes this much longer; zero mends it.
    pub fn slow(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.0.slow_by_us.store(micros, Ordering::Relaxed);
    }

    /// From now on there is no room for anything: every commit fails.
    pub fn fill(&self) {
        self.0.is_full.store(true, Ordering::Relaxed);
    }

    /// From now on there is room again.
    pub fn make_room(&self) {
        self.0.is_full.store(false, Ordering::Relaxed);
    }

    /// What the writer meets at the disk before it writes. Blocks its thread, as a slow disk does.
    ///
    /// # Errors
    /// What SQLite says of a full disk.
    pub(crate) fn meet(&self) -> Result<(), rusqlite::Error> {
        let delay = Duration::from_micros(self.0.slow_by_us.load(Ordering::Relaxed));
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        if self.0.is_full.load(Ordering::Relaxed) {
            let full = ffi::Error::new(ffi::SQLITE_FULL);
            return Err(rusqlite::Error::SqliteFailure(full, None));
        }
        Ok(())
    }
}
