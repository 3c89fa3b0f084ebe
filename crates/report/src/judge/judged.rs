//! One threshold with what it came to.

use std::fmt;

use muster_scenario::{Comparison, Limit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a threshold came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// Nobody can tell.
    Inconclusive,
}

impl Outcome {
    /// The word in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The unit of a value and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// A number of things.
    Count,
    /// A share from 0 to 1.
    Share,
    /// Things a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Bytes an hour.
    BytesPerHour,
}

impl Unit {
    pub(super) const fn of(limit: Limit) -> Self {
        match limit {
            Limit::Span(_) => Self::Ms,
            Limit::Count(_) => Self::Count,
            Limit::Share(_) => Self::Share,
            Limit::Rate(_) => Self::PerSecond,
            Limit::Bytes(_) => Self::Bytes,
            Limit::BytesPerHour(_) => Self::BytesPerHour,
        }
    }

    /// A number of the base unit, as this unit tells it: only seconds are told otherwise.
    pub(super) const fn told(self, number: f64) -> f64 {
        match self {
            Self::Ms => number * 1_000.0,
            Self::Count | Self::Share | Self::PerSecond | Self::Bytes | Self::BytesPerHour => {
                number
            }
        }
    }
}

/// A threshold with what was measured and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// As the scenario has it, for example `p99(total) < 50ms`.
    pub text: String,
    /// What it came to.
    pub outcome: Outcome,
    /// What was measured, in `unit`; none if there was nothing to measure.
    pub value: Option<f64>,
    /// Whether the value is a lower bound, because waits were cut off.
    pub at_least: bool,
    /// The limit, in `unit`.
    pub limit: f64,
    /// The unit of value and limit.
    pub unit: Unit,
    /// The phase it is about; none if it is about all but warm-ups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Why it came to that, or how it was measured, where the numbers do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What was measured, in the base unit of the metric.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// Measured.
    Exactly(f64),
    /// At least so much.
    AtLeast(f64),
    /// Nothing to measure, and why.
    Nothing(&'static str),
}

impl Reading {
    pub(super) const fn value(&self) -> Option<f64> {
        match self {
            Self::Exactly(value) | Self::AtLeast(value) => Some(*value),
            Self::Nothing(_) => None,
        }
    }

    pub(super) const fn note(&self) -> Option<&'static str> {
        match self {
            Self::Exactly(_) | Self::AtLeast(_) => None,
            Self::Nothing(why) => Some(why),
        }
    }

    /// The worse of two, where more is worse; what was measured before what was not.
    pub(super) fn worse(self, other: Self) -> Self {
        match (self.value(), other.value()) {
            (Some(one), Some(two)) if two > one => other,
            (None, Some(_)) => other,
            (Some(_) | None, Some(_) | None) => self,
        }
    }

    /// What it comes to: a lower bound decides only where more cannot change it.
    pub(super) fn outcome(&self, comparison: Comparison, limit: f64) -> Outcome {
        match *self {
            Self::Nothing(_) => Outcome::Inconclusive,
            Self::Exactly(value) if comparison.holds(value, limit) => Outcome::Pass,
            Self::Exactly(_) => Outcome::Fail,
            Self::AtLeast(value) => {
                let holds = comparison.holds(value, limit);
                match (comparison, holds) {
                    (Comparison::AtLeast | Comparison::Above, true) => Outcome::Pass,
                    (Comparison::Below | Comparison::AtMost | Comparison::Equal, false)
                        if value >= limit =>
                    {
                        Outcome::Fail
                    }
                    (_, _) => Outcome::Inconclusive,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_bound_decides_only_what_more_cannot_change() {
        let outcome = |value, comparison| Reading::AtLeast(value).outcome(comparison, 10.0);
        assert_eq!(outcome(12.0, Comparison::Below), Outcome::Fail);
        assert_eq!(outcome(8.0, Comparison::Below), Outcome::Inconclusive);
        assert_eq!(outcome(12.0, Comparison::AtLeast), Outcome::Pass);
        assert_eq!(outcome(8.0, Comparison::AtLeast), Outcome::Inconclusive);
        assert_eq!(outcome(8.0, Comparison::Equal), Outcome::Inconclusive);
        assert_eq!(outcome(12.0, Comparison::Equal), Outcome::Fail);
    }

    #[test]
    fn nothing_measured_is_neither_good_nor_bad() {
        let nothing = Reading::Nothing("no samples");
        assert_eq!(nothing.outcome(Comparison::Below, 10.0), Outcome::Inconclusive);
        assert_eq!(nothing.clone().worse(Reading::Exactly(1.0)), Reading::Exactly(1.0));
    }
}
