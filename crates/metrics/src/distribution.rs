//! A histogram as Prometheus takes it: how many at most as long as each bound.

use std::time::Duration;

/// The bounds of every histogram of spans: 1 ms to 10 min, which is where commands end. What is
/// longer stands above the last.
///
/// Fixed bounds rather than quantiles: they can be added up over processes and taken for any window
/// of time, which quantiles of a whole life cannot.
pub const BOUNDS: [Duration; 17] = [
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(600),
];

/// How long many things took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// How many lay between the bound before and this one, in the order of [`BOUNDS`].
    within: [u64; BOUNDS.len()],
    /// How many were longer than the last bound.
    longer: u64,
    total: Duration,
}

impl Distribution {
    /// Adds `count` spans of this length.
    pub fn add(&mut self, span: Duration, count: u64) {
        let place = BOUNDS.iter().position(|bound| span <= *bound);
        let counted = match place.and_then(|place| self.within.get_mut(place)) {
            Some(within) => within,
            None => &mut self.longer,
        };
        *counted = counted.saturating_add(count);
        let times = u32::try_from(count).unwrap_or(u32::MAX);
        self.total = self.total.saturating_add(span.saturating_mul(times));
    }

    /// All of them together.
    #[must_use]
    pub const fn total(&self) -> Duration {
        self.total
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.within.iter().sum::<u64>().saturating_add(self.longer)
    }

    /// Each bound in seconds, the last one infinite, and how many lie between it and the one before.
    pub(crate) fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS.iter().map(Duration::as_secs_f64).chain([f64::INFINITY]);
        bounds.zip(self.within.iter().copied().chain([self.longer])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_below_the_first_bound_it_does_not_pass() {
        let mut distribution = Distribution::default();
        distribution.add(Duration::from_millis(5), 2);
        distribution.add(Duration::from_micros(5_001), 1);
        distribution.add(Duration::from_secs(601), 1);
        let counts: Vec<u64> = distribution.buckets().iter().map(|(_bound, n)| *n).collect();
        assert_eq!(counts[..4], [0, 0, 2, 1]);
        assert_eq!(counts.last(), Some(&1));
        assert_eq!(distribution.count(), 4);
        assert_eq!(distribution.total(), Duration::from_micros(601_015_001));
    }

    #[test]
    fn bounds_only_grow() {
        assert!(BOUNDS.is_sorted());
    }
}
