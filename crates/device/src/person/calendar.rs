//! The time people live by, and how fast it runs.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use muster_protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds of a day of the calendar.
pub(super) const DAY: u64 = 86_400;

/// Days of the calendar before the run: whole weeks, and room to look back.
const DAYS_BEFORE: u64 = 28;

/// A second of the calendar, counted from a Monday at midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Moment(u64);

impl Moment {
    /// Midnight before a day.
    pub(super) const fn midnight(day: u64) -> Self {
        Self(day.saturating_mul(DAY))
    }

    pub(super) const fn after(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds since `earlier`; none if that is still to come.
    pub(super) const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The day it is on.
    pub(super) const fn day(self) -> u64 {
        self.0 / DAY
    }
}

/// How points of the run map to days and hours of people.
///
/// A run starts on a Monday at 08:00. A day may last less than a day, so that a life can be
/// watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    day_micros: u64,
    begins: Moment,
}

impl Calendar {
    /// The shortest day: below it a moment of a person's life would be lost in the clock's grain.
    pub const DAY_MIN: Duration = Duration::from_secs(1);

    /// Hour of the Monday at which a run starts: people are up, so that a fleet comes online.
    const FIRST_HOUR: u64 = 8;

    /// A calendar whose days are as long as days are.
    #[must_use]
    pub const fn real() -> Self {
        Self::of(DAY * 1_000_000)
    }

    /// A calendar whose days last `day_length`; `None` if that is less than [`Self::DAY_MIN`].
    #[must_use]
    pub fn new(day_length: Duration) -> Option<Self> {
        let micros = u64::try_from(day_length.as_micros()).unwrap_or(u64::MAX);
        (day_length >= Self::DAY_MIN).then(|| Self::of(micros))
    }

    /// The same calendar for a run that starts on the Monday at midnight.
    #[must_use]
    pub const fn from_midnight(self) -> Self {
        Self { begins: Moment::midnight(DAYS_BEFORE), ..self }
    }

    const fn of(day_micros: u64) -> Self {
        let begins = Moment::midnight(DAYS_BEFORE).after(Self::FIRST_HOUR * 3_600);
        Self { day_micros, begins }
    }

    /// Weekday and time of a point of the run, such as `Mon 08:00`.
    #[must_use]
    pub fn label(self, now: Timestamp) -> String {
        const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let moment = self.moment(now);
        let weekday = WEEKDAYS[usize::try_from(moment.day() % 7).unwrap_or(0)];
        let minutes = moment.since(Moment::midnight(moment.day())) / 60;
        format!("{weekday} {:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The point of the run at which this many hours of the calendar have passed.
    #[must_use]
    pub fn hours(self, hours: u64) -> Timestamp {
        self.timestamp(self.begins.after(hours.saturating_mul(3_600)))
    }

    /// The second of the calendar a point of the run falls into.
    pub(super) fn moment(self, now: Timestamp) -> Moment {
        let passed = u128::from(now.as_micros()) * u128::from(DAY) / u128::from(self.day_micros);
        self.begins.after(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    /// The first point of the run that falls into a second; the start for what was before.
    pub(super) fn timestamp(self, moment: Moment) -> Timestamp {
        let passed = u128::from(moment.since(self.begins)) * u128::from(self.day_micros);
        let micros = passed.div_ceil(u128::from(DAY));
        Timestamp::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_starts_on_a_monday_at_eight() {
        let start = Calendar::real().moment(Timestamp::ZERO);
        assert_eq!((start.day() % 7, start.0 % DAY), (0, 8 * 3_600));
        let midnight = Calendar::real().from_midnight().moment(Timestamp::ZERO);
        assert_eq!(midnight.0 % (7 * DAY), 0);
    }

    #[test]
    fn a_point_of_the_run_has_a_weekday_and_a_time() {
        let calendar = Calendar::new(Duration::from_secs(60)).unwrap();
        assert_eq!(calendar.label(Timestamp::ZERO), "Mon 08:00");
        assert_eq!(calendar.label(calendar.hours(16)), "Tue 00:00");
        assert_eq!(calendar.label(Timestamp::from_micros(6_061_500_000)), "Thu 08:36");
    }

    #[test]
    fn a_second_of_the_calendar_and_its_point_of_the_run_agree() {
        for day in [1, 7, 60, 3_601, DAY] {
            let calendar = Calendar::new(Duration::from_secs(day)).unwrap();
            for seconds in [0, 1, 59, 12_345, 8 * DAY + 1] {
                let moment = calendar.begins.after(seconds);
                assert_eq!(calendar.moment(calendar.timestamp(moment)), moment, "{day} {seconds}");
            }
        }
    }

    #[test]
    fn a_day_of_a_minute_brings_an_hour_in_two_and_a_half_seconds() {
        let calendar = Calendar::new(Duration::from_secs(60)).unwrap();
        assert_eq!(calendar.hours(1), Timestamp::from_micros(2_500_000));
    }

    #[test]
    fn a_day_shorter_than_a_second_is_none() {
        assert_eq!(Calendar::new(Duration::from_millis(999)), None);
        assert!(Calendar::new(Duration::MAX).is_some());
    }
}
