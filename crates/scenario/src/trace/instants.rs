//! Instants as text: exact to the microsecond, and as short as that can be said, because a
//! scenario has a million bytes.

use alloc::format;
use alloc::string::String;

use crate::units::Span;

/// How wide a line is.
const WIDTH: usize = 100;

/// Instants as the lines of an array.
pub(super) fn listed(instants: &[Span]) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for instant in instants {
        let item = format!("\"{}\",", written(*instant));
        if !line.is_empty() && line.len() + 1 + item.len() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line.clear();
        }
        line.push_str(if line.is_empty() { "  " } else { " " });
        line.push_str(&item);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}

/// A span in seconds, or in what is shorter to write.
pub(super) fn written(span: Span) -> String {
    let micros = span.as_micros();
    let seconds = decimal(micros, 1_000_000, 6, "s");
    let millis = decimal(micros, 1_000, 3, "ms");
    let shortest = [format!("{micros}us"), millis].into_iter().min_by_key(String::len);
    shortest.filter(|other| other.len() < seconds.len()).unwrap_or(seconds)
}

/// So many micros in a unit of `one`, without noughts at the end.
fn decimal(micros: u128, one: u128, places: usize, unit: &str) -> String {
    let (whole, rest) = (micros / one, micros % one);
    if rest == 0 {
        return format!("{whole}{unit}");
    }
    let rest = format!("{rest:0places$}");
    format!("{whole}.{}{unit}", rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FromText as _;

    #[test]
    fn a_span_is_written_as_short_as_it_is_exact() {
        for (micros, text) in [
            (0, "0s"),
            (7, "7us"),
            (12_000, "12ms"),
            (12_500, "12.5ms"),
            (1_700_000, "1.7s"),
            (90_000_000, "90s"),
            (86_400_123_456, "86400.123456s"),
            (1_000_001, "1.000001s"),
        ] {
            let span = Span::from_micros(micros);
            assert_eq!(written(span), text);
            assert_eq!(Span::from_text(text), Ok(span));
        }
    }

    #[test]
    fn lines_are_no_wider_than_a_page() {
        let instants: alloc::vec::Vec<Span> =
            (0..1_000).map(|nth| Span::from_micros(nth * nth * 7_919)).collect();
        let lines = listed(&instants);
        assert!(lines.lines().all(|line| line.len() <= WIDTH));
        assert!(lines.lines().count() < 200);
        assert_eq!(lines.matches(',').count(), 1_000);
    }
}
