//! Latency as a histogram with three significant figures.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest latency told apart from longer ones: one hour.
const LATENCY_US_MAX: u64 = 3_600_000_000;

/// A growing set of latencies. Longer ones than an hour count as an hour.
#[derive(Clone, Debug)]
pub struct Latency {
    histogram: Histogram<u64>,
}

/// What is said of a set of latencies, in milliseconds. Zero if the set is empty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatencySummary {
    /// Half are at most this.
    pub p50: f64,
    /// 99 in a hundred are at most this.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// How many.
    pub count: u64,
}

impl Default for Latency {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LATENCY_US_MAX, 3)
            .expect("constant bounds that the histogram accepts");
        Self { histogram }
    }
}

impl Latency {
    /// Adds one latency.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_US_MAX);
        self.histogram.saturating_record(micros.max(1));
    }

    /// Sums up what was recorded so far.
    #[must_use]
    pub fn summary(&self) -> LatencySummary {
        let quantile = |q: f64| millis(self.histogram.value_at_quantile(q));
        LatencySummary {
            p50: quantile(0.50),
            p99: quantile(0.99),
            max: millis(self.histogram.max()),
            count: self.histogram.len(),
        }
    }
}

/// Microseconds as milliseconds with two decimals.
fn millis(micros: u64) -> f64 {
    let hundredths = u32::try_from(micros / 10).unwrap_or(u32::MAX);
    f64::from(hundredths) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_hundred_latencies_stand_where_they_should() {
        let mut latency = Latency::default();
        for ms in 1..=100 {
            latency.record(Duration::from_millis(ms));
        }
        let summary = latency.summary();
        assert!((49.9..=50.1).contains(&summary.p50), "{summary:?}");
        assert!((98.9..=99.1).contains(&summary.p99), "{summary:?}");
        assert_eq!(summary.count, 100);
    }

    #[test]
    fn nothing_recorded_is_zero_not_a_panic() {
        assert_eq!(Latency::default().summary().p99, 0.0);
    }
}
