//! The server's clock: where run time and wall time meet.

use std::time::{Duration, UNIX_EPOCH};

use muster_protocol::Timestamp;
use muster_transport::Skew;
use tokio::time::Instant;

/// Tells run time that goes on over restarts and never runs backwards within one.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    epoch_unix_us: u64,
    started: Instant,
    started_at: Timestamp,
    skew: Skew,
}

impl Clock {
    /// The clock of a run whose data folder was made at this wall time, in the time of `skew`.
    #[must_use]
    pub(crate) fn since_epoch(epoch_unix_us: u64, skew: Skew) -> Self {
        let started_at = Timestamp::from_micros(unix_us(&skew).saturating_sub(epoch_unix_us));
        Self { epoch_unix_us, started: Instant::now(), started_at, skew }
    }

    /// Run time now.
    #[must_use]
    pub(crate) fn now(&self) -> Timestamp {
        self.started_at.after(self.started.elapsed()).after(self.skew.ahead())
    }

    /// How far this clock is ahead of the machine's.
    #[must_use]
    pub(crate) const fn skew(&self) -> &Skew {
        &self.skew
    }

    /// The wall time of a point in run time, in microseconds since 1970.
    #[must_use]
    pub(crate) const fn unix_us(&self, at: Timestamp) -> u64 {
        self.epoch_unix_us.saturating_add(at.as_micros())
    }
}

/// Wall time now as nobody has moved it, in microseconds since 1970.
pub(crate) fn unix_us(skew: &Skew) -> u64 {
    let since = skew.machine().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
