//! When something was asked for, as logs write it.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::cli::span;

/// What the times of a trace count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Clock {
    /// They are dates.
    Calendar,
    /// They are spans since some beginning.
    Elapsed,
}

/// When something was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct When {
    /// What it counts from.
    pub(crate) clock: Clock,
    /// Microseconds; of a date, since 1970.
    micros: i64,
}

impl When {
    /// Reads a date, a span or a number of seconds. A date without an offset is one of UTC.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(seconds) = number(text) {
            return Some(Self { clock: Clock::Elapsed, micros: micros(seconds)? });
        }
        if let Some(date) = date(text) {
            return Some(Self { clock: Clock::Calendar, micros: date.as_microsecond() });
        }
        Some(Self { clock: Clock::Elapsed, micros: micros(span(text).ok()?)? })
    }

    /// How long after `earlier`; `None` if it is not after it, or on another clock.
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        let micros = self.micros.checked_sub(earlier.micros)?;
        let micros = u64::try_from(micros).ok().filter(|_| self.clock == earlier.clock)?;
        Some(Duration::from_micros(micros))
    }

    /// The time of the same clock that a bound means: a span on a clock of dates counts from
    /// `first`. `None` for a date on a clock of spans.
    pub(crate) fn bound(self, first: Self) -> Option<Self> {
        match (self.clock, first.clock) {
            (Clock::Calendar, Clock::Elapsed) => None,
            (Clock::Elapsed, Clock::Calendar) => {
                let micros = first.micros.checked_add(self.micros)?;
                Some(Self { clock: Clock::Calendar, micros })
            }
            (Clock::Calendar, Clock::Calendar) | (Clock::Elapsed, Clock::Elapsed) => Some(self),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.clock, Timestamp::from_microsecond(self.micros)) {
            (Clock::Calendar, Ok(date)) => write!(f, "{date}"),
            (Clock::Calendar | Clock::Elapsed, _) => write!(f, "{}us", self.micros),
        }
    }
}

/// A number of seconds; a float says a microsecond of this century exactly.
fn number(text: &str) -> Option<Duration> {
    let digit = |byte: &u8| byte.is_ascii_digit();
    let seconds: f64 = text.as_bytes().first().filter(|byte| digit(byte)).and(text.parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn micros(span: Duration) -> Option<i64> {
    let rounded = span.checked_add(Duration::from_nanos(500))?;
    i64::try_from(rounded.as_micros()).ok()
}

fn date(text: &str) -> Option<Timestamp> {
    let without_offset = |text: &str| {
        let date: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(date).ok()
    };
    text.parse().ok().or_else(|| without_offset(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elapsed(micros: i64) -> Option<When> {
        Some(When { clock: Clock::Elapsed, micros })
    }

    #[test]
    fn a_time_is_a_date_a_span_or_a_number_of_seconds() {
        let eight = When::parse("2026-03-02T08:00:00Z").unwrap();
        for text in
            ["2026-03-02T09:00:00+01:00", "2026-03-02 08:00:00", "2026-03-02T08:00:00.0000000Z"]
        {
            assert_eq!(When::parse(text), Some(eight), "{text}");
        }
        let later = When::parse("2026-03-02T08:00:01.1234567Z").unwrap();
        assert_eq!(later.since(eight), Some(Duration::from_micros(1_123_456)));
        assert_eq!(eight.since(later), None);
        assert_eq!(eight.to_string(), "2026-03-02T08:00:00Z");
        assert_eq!(When::parse("12ms"), elapsed(12_000));
        assert_eq!(When::parse("3.5s"), elapsed(3_500_000));
        assert_eq!(When::parse("0.000003"), elapsed(3));
        assert_eq!(When::parse("1760000000.123457"), elapsed(1_760_000_000_123_457));
        assert_eq!(When::parse("3/2/2026, 8:00:00 AM"), None);
        for text in ["", "soon", "-1", "nan", "inf", "1e300", "-5s"] {
            assert_eq!(When::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_span_is_a_bound_of_a_trace_of_dates() {
        let first = When::parse("2026-03-02T08:00:00Z").unwrap();
        let bound = When::parse("1h").unwrap().bound(first).unwrap();
        assert_eq!(bound.to_string(), "2026-03-02T09:00:00Z");
        assert_eq!(first.bound(bound), Some(first));
        assert_eq!(first.bound(When::parse("1h").unwrap()), None);
    }
}
