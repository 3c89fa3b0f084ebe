//! Numbers as people read them.

use crate::judge::Unit;

/// A whole number with thin groups of three: `12 345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A latency with its unit, to three figures: `850 µs`, `31.0 ms`, `2.41 s`, `3.2 min`.
pub(crate) fn ms(ms: f64) -> String {
    let magnitude = ms.abs();
    if magnitude == 0.0 {
        "0 s".to_owned()
    } else if magnitude < 0.9995 {
        format!("{:.0} µs", ms * 1_000.0)
    } else if magnitude < 999.5 {
        format!("{} ms", figures(ms))
    } else if magnitude < 119_500.0 {
        format!("{} s", figures(ms / 1_000.0))
    } else {
        format!("{} min", figures(ms / 60_000.0))
    }
}

/// A span in seconds with its unit.
pub(crate) fn seconds(seconds: f64) -> String {
    ms(seconds * 1_000.0)
}

/// An instant of the run, as a clock that started with it shows it: `6:40`, `1:02:03`.
pub(crate) fn clock(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from a float stops at the ends of the integer"
    )]
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3_600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A number with its unit, without zeros at its end: `10 ms` for `10.0 ms`.
pub(crate) fn round(text: &str) -> String {
    let (number, unit) = text.split_once(' ').map_or((text, None), |(n, unit)| (n, Some(unit)));
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    unit.map_or_else(|| number.to_owned(), |unit| format!("{number} {unit}"))
}

/// A size in bytes with its unit, in powers of 1,000.
pub(crate) fn bytes(bytes: f64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.into_iter().find(|(size, _name)| bytes.abs() >= *size);
    match unit {
        Some((size, name)) => format!("{} {name}", figures(bytes / size)),
        None => format!("{bytes:.0} B"),
    }
}

/// A size of whole bytes.
pub(crate) fn size(whole: u64) -> String {
    bytes(whole as f64)
}

/// A span of whole milliseconds.
pub(crate) fn span(whole: u64) -> String {
    ms(whole as f64)
}

/// A share from 0 to 1 in percent.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        format!("{percent:.2} %")
    } else {
        format!("{} %", figures(percent))
    }
}

/// A measured value in its unit.
pub(crate) fn in_unit(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ms => ms(value),
        Unit::Count => whole(value),
        Unit::Share => percent(value),
        Unit::PerSecond => format!("{}/s", figures(value)),
        Unit::Bytes => bytes(value),
        Unit::BytesPerHour => format!("{}/h", bytes(value)),
    }
}

/// A number to three figures, without decimals that say nothing.
pub(crate) fn figures(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude >= 100.0 {
        whole(number)
    } else if magnitude >= 10.0 {
        format!("{number:.1}")
    } else if magnitude == 0.0 {
        "0".to_owned()
    } else {
        format!("{number:.2}")
    }
}

fn whole(number: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from a float stops at the ends of the integer"
    )]
    let grouped = count(number.abs().round() as u64);
    if number < 0.0 { format!("-{grouped}") } else { grouped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_figures_and_a_unit() {
        assert_eq!(count(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!([ms(0.85), ms(31.007), ms(2_412.0)], ["850 µs", "31.0 ms", "2.41 s"]);
        assert_eq!([ms(192_000.0), ms(999.7)], ["3.20 min", "1.00 s"]);
        assert_eq!([ms(0.0), clock(400.0), clock(3_723.0)], ["0 s", "6:40", "1:02:03"]);
        assert_eq!([round("10.0 ms"), round("0.50"), round("100 s")], ["10 ms", "0.5", "100 s"]);
        assert_eq!([bytes(999.0), bytes(5_300_000_000.0)], ["999 B", "5.30 GB"]);
        assert_eq!([percent(0.001), percent(0.97), percent(0.0)], ["0.10 %", "97.0 %", "0 %"]);
        assert_eq!(in_unit(-3_600_000.0, Unit::BytesPerHour), "-3.60 MB/h");
    }
}
