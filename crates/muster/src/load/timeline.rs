//! When a moment of the plan comes, on a plan that can be stopped and played faster or slower.

use std::time::{Duration, Instant};

use muster_protocol::Timestamp;
use muster_transport::FaultCourse;

use super::control::{PACE_MAX, PACE_MIN};

/// Percent of a pace that is the plan's own.
const OWN_PACE: u32 = 100;

/// The moments of the plan in the time of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// A moment at which the plan stood here.
    anchor: Instant,
    here: Timestamp,
    percent: u32,
    course: Course,
}

/// Whether the plan goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    Plays,
    Stands,
}

/// How a plan is played just now, for whoever looks on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tempo {
    /// In percent of its own pace.
    pub(crate) percent: u32,
    pub(crate) course: Course,
}

/// As every plan is at first.
impl Default for Tempo {
    fn default() -> Self {
        Self { percent: OWN_PACE, course: Course::Plays }
    }
}

impl Timeline {
    /// A plan that begins at `start`, at its own pace.
    pub(crate) const fn from(start: Instant) -> Self {
        Self { anchor: start, here: Timestamp::ZERO, percent: OWN_PACE, course: Course::Plays }
    }

    /// When a moment comes; `None` while the plan stands still.
    pub(crate) fn instant(&self, at: Timestamp) -> Option<Instant> {
        match self.course {
            Course::Stands => None,
            Course::Plays => {
                let ahead = at.since(self.here).saturating_mul(OWN_PACE) / self.percent;
                self.anchor.checked_add(ahead)
            }
        }
    }

    /// When a moment comes that has not come yet; `None` of one that has, and while the plan stands.
    pub(crate) fn ahead(&self, at: Timestamp) -> Option<Instant> {
        self.instant(at).filter(|_instant| at > self.here)
    }

    /// How it is played.
    pub(crate) const fn tempo(&self) -> Tempo {
        Tempo { percent: self.percent, course: self.course }
    }

    /// The same for the faults of a fleet.
    pub(crate) fn of_faults(&self) -> FaultCourse {
        FaultCourse {
            from: self.anchor.into(),
            at: self.here.since(Timestamp::ZERO),
            percent: match self.course {
                Course::Plays => self.percent,
                Course::Stands => 0,
            },
        }
    }

    /// Stops the plan.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.anchor_at(now);
        self.course = Course::Stands;
    }

    /// Lets it go on.
    pub(crate) fn resume(&mut self, now: Instant) {
        if self.course == Course::Stands {
            (self.anchor, self.course) = (self.anchor.max(now), Course::Plays);
        }
    }

    /// Plays the rest at another pace.
    pub(crate) fn pace(&mut self, now: Instant, percent: u32) {
        self.anchor_at(now);
        self.percent = percent.clamp(PACE_MIN, PACE_MAX);
    }

    fn anchor_at(&mut self, now: Instant) {
        if self.course == Course::Plays {
            let passed: Duration = now.saturating_duration_since(self.anchor);
            self.here = self.here.after(passed.saturating_mul(self.percent) / OWN_PACE);
            // What is changed before the beginning does not bring it forward.
            self.anchor = self.anchor.max(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn second(second: u64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_plan_at_its_own_pace_comes_when_it_says() {
        let start = Instant::now();
        assert_eq!(Timeline::from(start).instant(second(7)), Some(start + 7 * SECOND));
    }

    #[test]
    fn what_comes_after_a_pause_comes_later_by_as_much() {
        let start = Instant::now();
        let mut timeline = Timeline::from(start);
        timeline.pause(start + 2 * SECOND);
        assert_eq!(timeline.instant(second(7)), None);
        timeline.pause(start + 3 * SECOND);
        timeline.resume(start + 12 * SECOND);
        timeline.resume(start + 13 * SECOND);
        assert_eq!(timeline.instant(second(7)), Some(start + 17 * SECOND));
    }

    #[test]
    fn at_twice_the_pace_the_rest_takes_half_the_time() {
        let start = Instant::now();
        let mut timeline = Timeline::from(start);
        timeline.pace(start + 4 * SECOND, 200);
        assert_eq!(timeline.instant(second(10)), Some(start + 7 * SECOND));
        timeline.pace(start + 5 * SECOND, 50);
        assert_eq!(timeline.instant(second(10)), Some(start + 13 * SECOND));
        timeline.pace(start + 5 * SECOND, 0);
        assert_eq!(timeline.instant(second(7)), Some(start + 15 * SECOND));
    }

    #[test]
    fn what_is_changed_before_the_beginning_does_not_bring_it_forward() {
        let start = Instant::now() + 60 * SECOND;
        let mut timeline = Timeline::from(start);
        timeline.pace(start - 5 * SECOND, 200);
        assert_eq!(timeline.instant(Timestamp::ZERO), Some(start));
        timeline.pause(start - 4 * SECOND);
        timeline.resume(start - 3 * SECOND);
        assert_eq!(timeline.instant(second(8)), Some(start + 4 * SECOND));
    }

    #[test]
    fn faults_of_a_fleet_stand_still_and_go_on_with_the_plan() {
        let start = Instant::now();
        let mut timeline = Timeline::from(start);
        timeline.pause(start + 2 * SECOND);
        let (from, at) = ((start + 2 * SECOND).into(), 2 * SECOND);
        assert_eq!(timeline.of_faults(), FaultCourse { from, at, percent: 0 });
        timeline.resume(start + 5 * SECOND);
        timeline.pace(start + 6 * SECOND, 150);
        let (from, at) = ((start + 6 * SECOND).into(), 3 * SECOND);
        assert_eq!(timeline.of_faults(), FaultCourse { from, at, percent: 150 });
    }

    #[test]
    fn a_moment_that_has_come_is_not_ahead_whatever_is_changed_later() {
        let start = Instant::now();
        let mut timeline = Timeline::from(start);
        timeline.pause(start + 2 * SECOND);
        assert_eq!(timeline.ahead(second(7)), None, "nobody knows");
        timeline.resume(start + 12 * SECOND);
        assert_eq!(timeline.ahead(second(2)), None);
        assert_eq!(timeline.ahead(second(7)), Some(start + 17 * SECOND));
    }
}
