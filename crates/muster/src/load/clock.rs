//! The clock of a run: all instants are told from its beginning.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use muster_protocol::Timestamp;

/// Maps the machine's monotonic clock to the time of the run. What was before the run was at its
/// beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunClock {
    origin: Arc<OnceLock<Instant>>,
}

impl RunClock {
    /// The run begins at this instant. Only the first call counts.
    pub(crate) fn begin(&self, origin: Instant) {
        let _begun_already = self.origin.set(origin);
    }

    /// Whether the run has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.begins_within(Duration::ZERO)
    }

    /// Whether the run has begun so long from now; that of one whose beginning nobody knows has not.
    pub(crate) fn begins_within(&self, span: Duration) -> bool {
        self.origin.get().is_some_and(|origin| *origin <= Instant::now() + span)
    }

    /// This moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// A moment as a point of the run.
    pub(crate) fn at(&self, instant: Instant) -> Timestamp {
        let since = self.origin.get().map(|origin| instant.saturating_duration_since(*origin));
        Timestamp::ZERO.after(since.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_not_begun_because_it_is_known_when_it_will() {
        let (clock, second) = (RunClock::default(), Duration::from_secs(1));
        assert!(!clock.begins_within(3_600 * second));
        clock.begin(Instant::now() + 600 * second);
        assert!(!clock.has_begun());
        assert!(!clock.begins_within(500 * second));
        assert!(clock.begins_within(601 * second));
    }

    #[test]
    fn what_is_before_the_run_is_at_its_beginning() {
        let (clock, start) = (RunClock::default(), Instant::now());
        let later = start + Duration::from_millis(1_500);
        assert_eq!(clock.at(later), Timestamp::ZERO);
        clock.begin(start);
        clock.begin(later);
        assert_eq!(clock.at(later), Timestamp::from_micros(1_500_000));
        assert_eq!(clock.at(start - Duration::from_secs(1)), Timestamp::ZERO);
    }
}
