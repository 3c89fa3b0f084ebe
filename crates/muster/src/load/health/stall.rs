//! Whether the event loop of the devices turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How often the loop is asked to turn.
const EVERY: Duration = Duration::from_millis(20);

/// The longest an event loop did not turn when it should have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stall {
    longest_us: Arc<AtomicU64>,
}

impl Stall {
    /// Watches the loop it is run on. Does not end.
    pub(crate) async fn watch(self) {
        loop {
            let asked = Instant::now();
            sleep(EVERY).await;
            let late = asked.elapsed().saturating_sub(EVERY);
            let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
            self.longest_us.fetch_max(micros, Ordering::Relaxed);
        }
    }

    /// Begins anew.
    pub(crate) fn forget(&self) {
        self.longest_us.store(0, Ordering::Relaxed);
    }

    /// The longest so far.
    pub(crate) fn max(&self) -> Duration {
        Duration::from_micros(self.longest_us.load(Ordering::Relaxed))
    }
}
