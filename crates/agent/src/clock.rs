//! The fleet's clock: points of the run for the devices, instants for the timers.

use std::time::Duration;

use muster_protocol::Timestamp;
use muster_transport::Skew;
use tokio::time::Instant;

/// Maps the runtime's clock to the time of the run.
///
/// Devices keep deadlines in their state. A fleet that resumes therefore goes on with the time of
/// the run in which its state was made, rather than from zero.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    base: Timestamp,
    skew: Skew,
}

impl Clock {
    /// Starts now, `elapsed` into the run.
    pub(crate) fn start(elapsed: Duration, skew: Skew) -> Self {
        Self { origin: Instant::now(), base: Timestamp::ZERO.after(elapsed), skew }
    }

    /// When the fleet started.
    pub(crate) const fn started(&self) -> Timestamp {
        self.base
    }

    /// How far the fleet's time is ahead of the machine's.
    pub(crate) const fn skew(&self) -> &Skew {
        &self.skew
    }

    /// This moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.base.after(self.origin.elapsed()).after(self.skew.ahead())
    }

    /// The instant of a point of the run; one that is over comes at once.
    pub(crate) fn instant(&self, at: Timestamp) -> Instant {
        let span = at.since(self.base.after(self.skew.ahead()));
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
        let clock = Clock::start(Duration::from_secs(60), Skew::default());
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(clock.now(), Timestamp::from_micros(65_000_000));
        assert_eq!(clock.instant(clock.now()), Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_time_was_moved_past_is_due_at_once() {
        let skew = Skew::default();
        let clock = Clock::start(Duration::ZERO, skew.clone());
        let deadline = clock.now().after(Duration::from_secs(86_400));
        assert!(clock.instant(deadline) > Instant::now());
        skew.advance(Duration::from_secs(100_000));
        assert!(clock.now() > deadline);
        assert!(clock.instant(deadline) <= Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_time_is_far_away_and_does_not_overflow() {
        let clock = Clock::start(Duration::ZERO, Skew::default());
        assert!(clock.instant(Timestamp::from_micros(u64::MAX)) > Instant::now());
    }
}
