//! Spans of time with their units.

use alloc::format;
use core::time::Duration;

use super::fixed;
use crate::error::Problem;
use crate::text::FromText;

/// A span of time as it stands in a scenario.
pub type Span = Duration;

/// Longest span: a year. Sums of a few still fit everywhere.
const SPAN_MAX: Span = Span::from_secs(366 * 86_400);

/// Units with their microseconds. Those of two letters come first: `ms` ends with `s`.
const UNITS: [(&str, u64); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

impl FromText for Span {
    const NAME: &'static str = "Span";
    const DESCRIPTION: &'static str = "A span of time with its unit: us, ms, s, m, h or d.";
    const PATTERN: &'static str = r"^[0-9][0-9_]*(\.[0-9]+)?(us|ms|s|m|h|d)$";

    fn from_text(text: &str) -> Result<Self, Problem> {
        read(text).ok_or_else(|| {
            let why = match fixed(text, 6) {
                Some(_) => "a span needs its unit",
                None => "a span is a number with its unit, a year at most",
            };
            let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
            let example = if fixed(digits, 6).is_some() { digits } else { "30" };
            let fix = format!("write us, ms, s, m, h or d after it, such as \"{example}s\"");
            Problem::new(format!("`{text}` is no span of time"), why, fix)
        })
    }
}

fn read(text: &str) -> Option<Span> {
    let (number, micros) = UNITS.iter().find_map(|(unit, micros)| {
        let number = text.strip_suffix(unit)?;
        Some((fixed(number, 6)?, *micros))
    })?;
    let micros = u128::from(number) * u128::from(micros) / 1_000_000;
    let span = Span::from_micros(u64::try_from(micros).ok()?);
    (span <= SPAN_MAX).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_with_its_unit() {
        for (text, micros) in [
            ("250us", 250),
            ("20ms", 20_000),
            ("1.5s", 1_500_000),
            ("10m", 600_000_000),
            ("1h", 3_600_000_000),
            ("30d", 2_592_000_000_000),
            ("0s", 0),
        ] {
            assert_eq!(Span::from_text(text), Ok(Span::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn a_span_without_unit_is_refused_with_what_to_write() {
        let refused = Span::from_text("10").unwrap_err();
        assert_eq!(refused.why, "a span needs its unit");
        assert!(refused.fix.contains("\"10s\""), "{refused:?}");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "s", "10 s", "-1s", "1e3s", "400d", "10x", "1h30m", "99999999999999999d"] {
            assert!(Span::from_text(text).is_err(), "{text}");
        }
    }
}
