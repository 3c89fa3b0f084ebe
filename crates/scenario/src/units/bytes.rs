//! Amounts of memory.

use alloc::format;

use super::fixed;
use crate::error::Problem;

/// Units with their bytes. Longer ones come first: all of them end with `B`.
const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Reads an amount such as `500MB` or `2GiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, Problem> {
    read(text).ok_or_else(|| {
        let why = "an amount of memory is a number with its unit";
        let fix = "write kB, MB, GB, KiB, MiB or GiB after it, such as 500MB";
        Problem::new(format!("`{text}` is no amount of memory"), why, fix)
    })
}

/// Reads how fast an amount grows, such as `10MB/h`.
pub(crate) fn bytes_per_hour(text: &str) -> Result<u64, Problem> {
    text.strip_suffix("/h").and_then(read).ok_or_else(|| {
        let why = "growth is an amount of memory an hour";
        let fix = "write it with its unit, such as 10MB/h";
        Problem::new(format!("`{text}` is no growth"), why, fix)
    })
}

fn read(text: &str) -> Option<u64> {
    let (number, unit) = UNITS.iter().find_map(|(unit, bytes)| {
        let number = text.strip_suffix(unit)?;
        Some((fixed(number, 3)?, *bytes))
    })?;
    u64::try_from(u128::from(number) * u128::from(unit) / 1_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_of_memory_has_its_unit() {
        assert_eq!(bytes("500MB"), Ok(500_000_000));
        assert_eq!(bytes("1.5GiB"), Ok(1_610_612_736));
        assert_eq!(bytes("12B"), Ok(12));
        assert_eq!(bytes_per_hour("10MB/h"), Ok(10_000_000));
        for text in ["500", "MB", "500mb", "-1MB", ""] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert!(bytes_per_hour("10MB").is_err());
    }
}
