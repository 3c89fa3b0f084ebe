//! Points in time as the service counts them.

use core::fmt;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};

/// The beginning of the count.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// Nanoseconds in a tick.
const NANOS_PER_TICK: i128 = 100;

/// Ticks in a second.
const TICKS_PER_SECOND: i64 = 10_000_000;

/// A point in time in UTC, years 1 to 9999, in ticks of 100 ns: the precision of Graph.
///
/// [`jiff::Timestamp`] ends a day before the "for ever" of the service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    /// 0001-01-01T00:00:00Z, which stands for "never".
    pub(crate) const NEVER: Self = Self(-621_355_968_000_000_000);

    /// 9999-12-31T23:59:59Z, which stands for "without end".
    pub(crate) const FOR_EVER: Self = Self(2_534_023_007_990_000_000);

    /// The tick a time stamp falls into.
    pub(crate) fn of(at: jiff::Timestamp) -> Self {
        // In 64 bits: lists ask this of every device.
        let parts = i64::from(at.subsec_nanosecond()).div_euclid(100);
        Self(at.as_second() * TICKS_PER_SECOND + parts)
    }

    /// From a date and time in UTC; `None` outside the years 1 to 9999.
    pub(crate) fn from_civil(at: DateTime) -> Option<Self> {
        let years = 1..=9999;
        let fits = years.contains(&at.year());
        fits.then(|| Self::from_nanos(at.duration_since(EPOCH).as_nanos()))
    }

    /// The ticks since 1970, as they stand in a skip token.
    pub(crate) const fn ticks(self) -> i64 {
        self.0
    }

    /// The other way; `None` outside the years 1 to 9999.
    pub(crate) fn from_ticks(ticks: i64) -> Option<Self> {
        (Self::NEVER.0..=Self::FOR_EVER.0 + 9_999_999).contains(&ticks).then_some(Self(ticks))
    }

    /// In the calendar; `None` where that has no room for it.
    pub(crate) fn timestamp(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_nanosecond(i128::from(self.0) * NANOS_PER_TICK).ok()
    }

    fn from_nanos(nanos: i128) -> Self {
        Self(i64::try_from(nanos.div_euclid(NANOS_PER_TICK)).unwrap_or(i64::MAX))
    }

    fn civil(self) -> DateTime {
        let nanos = i128::from(self.0) * NANOS_PER_TICK;
        EPOCH.saturating_add(SignedDuration::from_nanos_i128(nanos))
    }
}

/// As Graph writes it: no fraction if there is none, seven digits at most.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.civil();
        let (year, month, day) = (at.year(), at.month(), at.day());
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        let ticks = self.0.rem_euclid(TICKS_PER_SECOND);
        if ticks != 0 {
            write!(f, ".{}", format!("{ticks:07}").trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_and_for_ever_are_written_as_the_service_writes_them() {
        assert_eq!(Moment::NEVER.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Moment::FOR_EVER.to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Moment::from_civil(date(1, 1, 1).at(0, 0, 0, 0)), Some(Moment::NEVER));
    }

    #[test]
    fn a_fraction_has_no_zeros_at_its_end_and_seven_digits_at_most() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:01Z"),
            (500_000_000, "1970-01-01T00:00:01.5Z"),
            (123_456_789, "1970-01-01T00:00:01.1234567Z"),
        ] {
            let at = jiff::Timestamp::new(1, nanos).unwrap();
            assert_eq!(Moment::of(at).to_string(), text);
        }
    }

    #[test]
    fn a_time_before_1970_falls_into_the_tick_before_it() {
        for (nanos, ticks) in [(-1, -1), (-100, -1), (-101, -2), (-1_000_000_050, -10_000_001)] {
            let at = jiff::Timestamp::from_nanosecond(nanos).unwrap();
            assert_eq!(Moment::of(at).ticks(), ticks, "{nanos}");
        }
    }

    #[test]
    fn what_is_outside_the_calendar_is_no_moment() {
        assert_eq!(Moment::from_ticks(i64::MAX), None);
        assert_eq!(Moment::from_ticks(i64::MIN), None);
        assert_eq!(Moment::from_civil(date(0, 12, 31).at(0, 0, 0, 0)), None);
    }
}
