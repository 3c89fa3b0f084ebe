//! Latency as a histogram with three significant figures, that knows what are only lower bounds.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest latency told apart from longer ones: a day.
pub(crate) const LATENCY_US_MAX: u64 = 24 * 3_600 * 1_000_000;

/// Significant figures of the histograms of a whole phase.
pub(crate) const FINE: u8 = 3;

/// Significant figures of the histograms of a time slice: a percent is enough for a curve.
pub(crate) const COARSE: u8 = 2;

/// A set of latencies from a microsecond to a day, of a size that does not grow with their number.
///
/// A latency that is only known to be *at least* so long, because the wait was cut off, is
/// *censored*: it counts at the value where it was cut off, and every quantile at or above the
/// shortest censored value is a lower bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    pub(crate) histogram: Histogram<u32>,
    pub(crate) censored: u64,
    /// The shortest censored value, in microseconds.
    pub(crate) censored_from: Option<u64>,
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

/// A quantile of a [`Latency`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantile {
    /// This many, or the share asked for, are at most so long.
    pub latency: Duration,
    /// Whether the true value may be longer.
    pub bound: Bound,
}

/// How sure a quantile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Measured.
    Exact,
    /// At least: waits were cut off at or below it.
    AtLeast,
}

impl Default for Latency {
    fn default() -> Self {
        Self::with_figures(FINE)
    }
}

impl Latency {
    /// An empty set for a time slice: two significant figures.
    pub(crate) fn coarse() -> Self {
        Self::with_figures(COARSE)
    }

    /// The same with room for latencies up to a second, in memory that is really there.
    pub(crate) fn roomy() -> Self {
        let mut roomy = Self::coarse();
        roomy.record(Duration::from_secs(1));
        roomy.clear();
        roomy
    }

    /// Forgets everything and keeps its room.
    pub(crate) fn clear(&mut self) {
        self.histogram.reset();
        (self.censored, self.censored_from) = (0, None);
    }

    fn with_figures(figures: u8) -> Self {
        let histogram = Histogram::new(figures).expect("two or three figures are allowed");
        Self { histogram, censored: 0, censored_from: None }
    }

    /// Adds a measured latency. Shorter than a microsecond counts as one, longer than a day as a day.
    pub fn record(&mut self, latency: Duration) {
        self.recorded(micros(latency));
    }

    /// Adds a latency that was cut off: at least so long.
    pub fn record_censored(&mut self, at_least: Duration) {
        let value = micros(at_least);
        self.recorded(value);
        self.censored += 1;
        self.censored_from = Some(self.censored_from.map_or(value, |from| from.min(value)));
    }

    fn recorded(&mut self, micros: u64) {
        self.histogram.record(micros).expect("a histogram that resizes itself takes any value");
    }

    /// Adds all of another set.
    pub fn add(&mut self, other: &Self) {
        let added = self.histogram.add(&other.histogram);
        added.expect("histograms that resize themselves take any other");
        self.censored = self.censored.saturating_add(other.censored);
        let both = self.censored_from.into_iter().chain(other.censored_from);
        self.censored_from = both.min();
    }

    /// Every latency recorded so far, to three figures, and how often.
    pub fn spans(&self) -> impl Iterator<Item = (Duration, u64)> {
        let recorded = self.histogram.iter_recorded();
        recorded.map(|at| {
            let span = Duration::from_micros(at.value_iterated_to());
            (span, u64::from(at.count_at_value()))
        })
    }

    /// Sums up what was recorded so far.
    #[must_use]
    pub fn summary(&self) -> LatencySummary {
        let told = |quantile: Option<Quantile>| quantile.map_or(0.0, |q| millis(q.latency));
        LatencySummary {
            p50: told(self.quantile(0.50)),
            p99: told(self.quantile(0.99)),
            max: told(self.max()),
            count: self.count(),
        }
    }

    /// How many latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// How many of them were cut off.
    #[must_use]
    pub const fn censored(&self) -> u64 {
        self.censored
    }

    /// The latency that the share `q`, 0 to 1, do not exceed; `None` of an empty set.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        (self.count() > 0).then(|| self.told(self.histogram.value_at_quantile(q)))
    }

    /// The longest; `None` of an empty set.
    #[must_use]
    pub fn max(&self) -> Option<Quantile> {
        (self.count() > 0).then(|| self.told(self.histogram.max()))
    }

    fn told(&self, value: u64) -> Quantile {
        let value = value.min(self.histogram.max()).min(LATENCY_US_MAX);
        let cut_off = self.censored_from.map(|from| self.histogram.lowest_equivalent(from));
        let bound = match cut_off {
            Some(from) if value >= from => Bound::AtLeast,
            Some(_) | None => Bound::Exact,
        };
        Quantile { latency: Duration::from_micros(value), bound }
    }
}

fn micros(latency: Duration) -> u64 {
    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    micros.clamp(1, LATENCY_US_MAX)
}

/// A latency in milliseconds, to the hundredth.
pub(crate) fn millis(latency: Duration) -> f64 {
    let hundredths = u32::try_from(latency.as_micros() / 10).unwrap_or(u32::MAX);
    f64::from(hundredths) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn hundred() -> Latency {
        let mut latency = Latency::default();
        for ms in 1..=100 {
            latency.record(MS * ms);
        }
        latency
    }

    #[test]
    fn a_quantile_is_true_to_three_figures() {
        let p99 = hundred().quantile(0.99).unwrap();
        assert!((MS * 99..MS * 100).contains(&p99.latency), "{p99:?}");
        assert_eq!(p99.bound, Bound::Exact);
    }

    #[test]
    fn a_wait_that_was_cut_off_makes_the_tail_a_lower_bound_and_nothing_below_it() {
        let mut latency = hundred();
        latency.record_censored(MS * 90);
        let bound = |q| latency.quantile(q).unwrap().bound;
        assert_eq!((bound(0.5), bound(0.95)), (Bound::Exact, Bound::AtLeast));
        assert_eq!(latency.max().unwrap().bound, Bound::AtLeast);
    }

    #[test]
    fn nothing_recorded_has_no_quantile_and_sums_up_to_zero() {
        assert_eq!(Latency::default().quantile(0.5), None);
        assert_eq!(Latency::default().summary().p99, 0.0);
    }

    #[test]
    fn two_sets_added_are_the_set_of_both() {
        let (mut low, mut high, mut both) =
            (Latency::default(), Latency::default(), Latency::default());
        for ms in 1..=50 {
            low.record(MS * ms);
            high.record_censored(MS * ms * 1_000);
            both.record(MS * ms);
            both.record_censored(MS * ms * 1_000);
        }
        low.add(&high);
        assert_eq!(low, both);
    }

    #[test]
    fn no_latency_is_too_short_or_too_long_to_be_recorded() {
        let mut latency = Latency::default();
        latency.record(Duration::ZERO);
        latency.record(Duration::MAX);
        assert_eq!(latency.count(), 2);
        assert_eq!(latency.max().unwrap().latency, Duration::from_secs(24 * 3_600));
    }
}
