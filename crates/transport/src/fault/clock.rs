//! The time that windows of faults count in.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

/// Percent of a pace that is the machine's own.
const OWN_PACE: u32 = 100;

/// How far faults are in their time: a clock that begins when it is told to, may stand still, and
/// may go faster or slower than the machine's. Every clone is the same clock.
///
/// What a fault does within its windows, such as a delay, takes the machine's time.
#[derive(Clone, Debug, Default)]
pub struct FaultClock(Arc<RwLock<Option<FaultCourse>>>);

/// How a [`FaultClock`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultCourse {
    /// From this instant on. If it is to come and `at` is zero, the clock begins then.
    pub from: Instant,
    /// How far the clock is at that instant.
    pub at: Duration,
    /// How fast it goes, in percent of the machine's pace; at 0 it stands still.
    pub percent: u32,
}

impl FaultClock {
    /// A clock that nobody has told to begin: no window is open.
    #[must_use]
    pub fn waiting() -> Self {
        Self::default()
    }

    /// A clock that begins at an instant, at the machine's pace.
    #[must_use]
    pub fn since(from: Instant) -> Self {
        let clock = Self::waiting();
        clock.go(FaultCourse { from, at: Duration::ZERO, percent: OWN_PACE });
        clock
    }

    /// Has the clock go like this, whatever it did.
    pub fn go(&self, course: FaultCourse) {
        // A panic elsewhere leaves one course or the other.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(course);
    }

    /// How far the clock is at an instant; `None` while it has not begun.
    #[must_use]
    pub fn elapsed(&self, now: Instant) -> Option<Duration> {
        let FaultCourse { from, at, percent } = self.course()?;
        if now < from && at.is_zero() {
            return None;
        }
        let passed = now.saturating_duration_since(from);
        Some(at.saturating_add(passed.saturating_mul(percent) / OWN_PACE))
    }

    /// When the clock is so far; `None` if nobody knows, because it has not begun or stands still.
    #[must_use]
    pub fn instant(&self, elapsed: Duration) -> Option<Instant> {
        let FaultCourse { from, at, percent } = self.course()?;
        let Some(ahead) = elapsed.checked_sub(at).filter(|ahead| !ahead.is_zero()) else {
            return Some(from);
        };
        from.checked_add(ahead.saturating_mul(OWN_PACE).checked_div(percent)?)
    }

    fn course(&self) -> Option<FaultCourse> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn course(from: Instant, at: u32, percent: u32) -> FaultCourse {
        FaultCourse { from, at: at * SECOND, percent }
    }

    #[tokio::test]
    async fn a_clock_that_has_not_begun_says_nothing() {
        let (clock, now) = (FaultClock::waiting(), Instant::now());
        assert_eq!((clock.elapsed(now), clock.instant(SECOND)), (None, None));
        clock.go(course(now + 9 * SECOND, 0, 100));
        assert_eq!(clock.elapsed(now + 8 * SECOND), None);
        assert_eq!(clock.elapsed(now + 9 * SECOND), Some(Duration::ZERO));
        assert_eq!(clock.instant(SECOND), Some(now + 10 * SECOND), "though it is known when");
    }

    #[tokio::test]
    async fn a_clock_stands_still_and_goes_on_at_another_pace() {
        let (clock, now) = (FaultClock::waiting(), Instant::now());
        clock.go(course(now, 4, 0));
        assert_eq!(clock.elapsed(now + 60 * SECOND), Some(4 * SECOND));
        assert_eq!(clock.instant(5 * SECOND), None);
        assert_eq!(clock.instant(4 * SECOND), Some(now), "that has been");
        clock.go(course(now + 60 * SECOND, 4, 200));
        assert_eq!(clock.elapsed(now + 63 * SECOND), Some(10 * SECOND));
        assert_eq!(clock.instant(10 * SECOND), Some(now + 63 * SECOND));
        assert_eq!(clock.elapsed(now), Some(4 * SECOND), "and never goes back");
    }

    #[tokio::test]
    async fn all_clones_are_one_clock() {
        let (clock, now) = (FaultClock::waiting(), Instant::now());
        let clone = clock.clone();
        clock.go(course(now, 1, 100));
        assert_eq!(clone.elapsed(now + SECOND), Some(2 * SECOND));
    }

    #[tokio::test]
    async fn the_end_of_time_does_not_overflow() {
        let clock = FaultClock::since(Instant::now());
        assert!(clock.instant(Duration::MAX).is_none_or(|never| never > Instant::now()));
    }
}
