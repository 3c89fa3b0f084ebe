//! Latencies as a report tells them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::latency::{Bound, Latency, Quantile};

/// The quantiles of a report, by name.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// Quantiles of a set of latencies, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Half are at most this.
    pub p50: f64,
    /// 90 in a hundred are at most this.
    pub p90: f64,
    /// 95 in a hundred are at most this.
    pub p95: f64,
    /// 99 in a hundred are at most this.
    pub p99: f64,
    /// 999 in a thousand are at most this.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// How many.
    pub count: u64,
    /// How many of them were cut off: the wait was given up, the latency is at least so long.
    pub censored: u64,
    /// Which of the figures are lower bounds for that reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_least: Vec<String>,
}

impl Figures {
    /// The figures of a set; `None` of an empty one.
    pub(crate) fn of(latency: &Latency) -> Option<Self> {
        let max = latency.max()?;
        let quantiles = QUANTILES.map(|(name, q)| (name, latency.quantile(q).unwrap_or(max)));
        let bounded = quantiles.iter().copied().chain([("max", max)]);
        let at_least = bounded.filter(|(_name, quantile)| quantile.bound == Bound::AtLeast);
        let [p50, p90, p95, p99, p999] = quantiles.map(|(_name, quantile)| told(quantile));
        Some(Self {
            p50,
            p90,
            p95,
            p99,
            p999,
            max: told(max),
            count: latency.count(),
            censored: latency.censored(),
            at_least: at_least.map(|(name, _quantile)| name.to_owned()).collect(),
        })
    }
}

fn told(quantile: Quantile) -> f64 {
    exact_millis(quantile.latency)
}

/// A latency in milliseconds, to the microsecond.
pub(crate) fn exact_millis(latency: Duration) -> f64 {
    latency.as_micros() as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_is_told_as_a_lower_bound() {
        let mut latency = Latency::default();
        for ms in 1..=98 {
            latency.record(Duration::from_millis(ms));
        }
        for _cut_off in 0..2 {
            latency.record_censored(Duration::from_secs(30));
        }
        let figures = Figures::of(&latency).unwrap();
        assert_eq!((figures.count, figures.censored), (100, 2));
        assert_eq!(figures.at_least, ["p99", "p999", "max"]);
    }

    #[test]
    fn nothing_has_no_figures() {
        assert_eq!(Figures::of(&Latency::default()), None);
    }
}
