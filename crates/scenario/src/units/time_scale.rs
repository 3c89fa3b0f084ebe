//! By how much a run is faster than its scenario.

use alloc::format;

use super::{Span, fixed};
use crate::error::Problem;

/// How long the spans of a scenario are in a run: 0.1 makes six seconds of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeScale {
    millionths: u64,
}

/// From a thousandth to a thousand times.
const MILLIONTHS: core::ops::RangeInclusive<u64> = 1_000..=1_000_000_000;

impl TimeScale {
    /// As the scenario says.
    pub const REAL: Self = Self { millionths: 1_000_000 };

    /// Reads a factor such as 0.1.
    ///
    /// # Errors
    /// If it is no number from 0.001 to 1000.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let millionths = fixed(text, 6).filter(|factor| MILLIONTHS.contains(factor));
        millionths.map(|millionths| Self { millionths }).ok_or_else(|| {
            let fix = "write a factor from 0.001 to 1000, such as 0.1";
            Problem::new(format!("`{text}` is no scale of time"), "", fix)
        })
    }

    /// The span at this scale.
    #[must_use]
    pub fn of(self, span: Span) -> Span {
        let micros = span.as_micros().saturating_mul(u128::from(self.millionths)) / 1_000_000;
        Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_with_the_scale() {
        let tenth = TimeScale::parse("0.1").unwrap();
        assert_eq!(tenth.of(Span::from_secs(60)), Span::from_secs(6));
        assert_eq!(TimeScale::REAL.of(Span::from_secs(60)), Span::from_secs(60));
        for text in ["0", "0.0001", "1001", "-1", "fast", ""] {
            assert!(TimeScale::parse(text).is_err(), "{text}");
        }
    }
}
