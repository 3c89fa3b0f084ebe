//! The fleet's clock: points of the run for the devices, instants for the timers.

use std::time::Duration;

use muster_protocol::Timestamp;
use tokio::time::Instant;

/// Maps the runtime's clock to the time of the run.
///
/// Devices keep deadlines in their state. A fleet that resumes therefore goes on with the time of
/// the run in which its state was made, rather than from zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    base: Timestamp,
}

impl Clock {
    /// Starts now, `elapsed` into the run.
    pub(crate) fn start(elapsed: Duration) -> Self {
        Self { origin: Instant::now(), base: Timestamp::ZERO.after(elapsed) }
    }

    /// This moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.base.after(self.origin.elapsed())
    }

    /// The instant of a point of the run; one that is over comes at once.
    pub(crate) fn instant(&self, at: Timestamp) -> Instant {
        let span = at.since(self.base);
        // Beyond what the clock can hold is as good as never: a day, then look again.
        let fallback = Duration::from_secs(86_400);
        self.origin.checked_add(span).unwrap_or_else(|| Instant::now() + fallback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_resumed_clock_goes_on_where_the_run_stood() {
        let clock = Clock::start(Duration::from_secs(60));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), Timestamp::from_micros(65_000_000));
        assert_eq!(clock.instant(clock.now()), Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_time_is_far_away_and_does_not_overflow() {
        let clock = Clock::start(Duration::ZERO);
        assert!(clock.instant(Timestamp::from_micros(u64::MAX)) > Instant::now());
    }
}
