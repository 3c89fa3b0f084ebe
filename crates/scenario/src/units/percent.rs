//! Shares, written as percent.

use alloc::format;
use core::fmt;

use muster_protocol::seed::Stream;

use super::fixed;
use crate::error::Problem;
use crate::text::FromText;

/// A share, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

/// A quantile of a distribution, in millionths: 990,000 is the 99th percentile.
pub type Quantile = Percent;

impl Percent {
    /// Everything.
    pub const ALL: Self = Self(1_000_000);

    /// Nothing.
    pub const NONE: Self = Self(0);

    /// So many millionths; everything if there are more.
    #[must_use]
    pub const fn per_million(hits: u32) -> Self {
        if hits > Self::ALL.0 { Self::ALL } else { Self(hits) }
    }

    /// How many of a million.
    #[must_use]
    pub const fn hits(self) -> u32 {
        self.0
    }

    /// Reads a share such as 10%.
    ///
    /// # Errors
    /// If it is no number of percent from 0 to 100 with its sign.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::from_text(text)
    }

    /// As a number from 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / f64::from(Self::ALL.0)
    }

    /// Whether one draw falls into this share.
    pub(crate) fn hits_by(self, draws: &mut Stream) -> bool {
        draws.chance(u64::from(self.0), u64::from(Self::ALL.0))
    }

    /// Reads a number of percent without its sign, such as 99.9.
    pub(crate) fn of_number(text: &str) -> Option<Self> {
        let hits = u32::try_from(fixed(text, 4)?).ok()?;
        (hits <= Self::ALL.0).then_some(Self(hits))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 10_000.0)
    }
}

impl FromText for Percent {
    const NAME: &'static str = "Percent";
    const DESCRIPTION: &'static str = "A share in percent, from 0% to 100%, with four decimals.";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]{1,4})?%$";

    fn from_text(text: &str) -> Result<Self, Problem> {
        text.strip_suffix('%').and_then(Self::of_number).ok_or_else(|| {
            let why = "a share is a number of percent, at most 100%, with four decimals";
            let fix = "write it with its sign, such as \"5%\" or \"0.1%\"";
            Problem::new(format!("`{text}` is no share"), why, fix)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_share_is_written_in_percent() {
        for (text, hits) in [("5%", 50_000), ("0.1%", 1_000), ("100%", 1_000_000), ("0%", 0)] {
            let share = Percent::from_text(text).unwrap();
            assert_eq!(share.hits(), hits);
            assert_eq!(share.to_string(), text);
        }
        for text in ["5", "101%", "-1%", "0.00001%", "%", "", "5 %"] {
            assert!(Percent::from_text(text).is_err(), "{text}");
        }
    }
}
