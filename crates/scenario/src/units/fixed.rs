//! Decimal numbers without rounding.

/// Reads digits with at most one point among them, `_` between digits as TOML allows it, as a
/// whole number of the given decimal place: `1.5` with three places is 1,500.
///
/// `None` if it is no such number, has more places, or does not fit.
pub(crate) fn fixed(text: &str, places: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let length = u32::try_from(fraction.len()).ok().filter(|length| *length <= places.max(1))?;
    let scale = 10_u64.pow(places);
    let fraction = match places {
        0 => digits(fraction).filter(|rest| *rest == 0)?,
        _ => digits(fraction)? * 10_u64.pow(places - length),
    };
    digits(whole)?.checked_mul(scale)?.checked_add(fraction)
}

fn digits(text: &str) -> Option<u64> {
    let ends_well = |end: Option<char>| end.is_some_and(|letter| letter.is_ascii_digit());
    if !ends_well(text.chars().next()) || !ends_well(text.chars().last()) || text.contains("__") {
        return None;
    }
    text.chars().filter(|letter| *letter != '_').try_fold(0_u64, |number, letter| {
        number.checked_mul(10)?.checked_add(u64::from(letter.to_digit(10)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_number_is_read_without_rounding() {
        assert_eq!(fixed("1.5", 3), Some(1_500));
        assert_eq!(fixed("10_000", 0), Some(10_000));
        assert_eq!(fixed("0.0001", 4), Some(1));
        assert_eq!(fixed("7.0", 0), Some(7));
    }

    #[test]
    fn what_is_no_number_or_does_not_fit_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1_", "_1", "1__0", "0.00001", "١"] {
            assert_eq!(fixed(text, 4), None, "{text}");
        }
        assert_eq!(fixed("18446744073709551615", 4), None);
        assert_eq!(fixed("7.5", 0), None);
    }
}
