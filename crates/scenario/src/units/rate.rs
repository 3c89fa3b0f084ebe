//! How often something happens.

use alloc::format;
use core::fmt;

use super::fixed;
use crate::error::Problem;
use crate::text::FromText;

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate {
    /// Times a second: finite, from 0 to a million.
    pub per_second: f64,
}

/// Highest rate a scenario may ask for, a second.
const RATE_MAX: f64 = 1_000_000.0;

/// Units with their seconds.
const UNITS: [(&str, f64); 4] = [("/s", 1.0), ("/m", 60.0), ("/h", 3_600.0), ("/d", 86_400.0)];

impl Rate {
    /// So many times as often.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self { per_second: self.per_second * factor }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.per_second)
    }
}

impl FromText for Rate {
    const NAME: &'static str = "Rate";
    const DESCRIPTION: &'static str = "How often, with its unit: /s, /m, /h or /d.";
    const PATTERN: &'static str = r"^[0-9][0-9_]*(\.[0-9]+)?/(s|m|h|d)$";

    fn from_text(text: &str) -> Result<Self, Problem> {
        read(text).ok_or_else(|| {
            let why = "a rate is a number with its unit, a million a second at most";
            let fix = "write /s, /m, /h or /d after it, such as \"50/s\"";
            Problem::new(format!("`{text}` is no rate"), why, fix)
        })
    }
}

fn read(text: &str) -> Option<Rate> {
    let (number, seconds) = UNITS.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(unit)?;
        Some((fixed(number, 6)?, *seconds))
    })?;
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 it is too high anyway")]
    let per_second = number as f64 / 1_000_000.0 / seconds;
    (per_second <= RATE_MAX).then_some(Rate { per_second })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_with_its_unit() {
        for (text, per_second) in
            [("50/s", 50.0), ("10_000/s", 10_000.0), ("30/m", 0.5), ("0/s", 0.0), ("2.5/s", 2.5)]
        {
            let rate = Rate::from_text(text).unwrap();
            assert!((rate.per_second - per_second).abs() < 1e-9, "{text}");
        }
        for text in ["50", "50 /s", "-1/s", "/s", "2000000/s", "50/y", "nan/s", "inf/s"] {
            assert!(Rate::from_text(text).is_err(), "{text}");
        }
    }
}
