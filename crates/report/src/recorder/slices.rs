//! The run in slices of time, at most six hundred of them however long it is.

use muster_protocol::Timestamp;
use muster_scenario::Stage;

use crate::by_stage::ByStage;
use crate::funnel::Funnel;
use crate::latency::Latency;

use super::Gauges;

/// Most slices. When they are full, pairs are joined and a slice is twice as long.
pub(crate) const SLICES_MAX: usize = 600;

/// How long a slice is at first, in microseconds: a second.
const FIRST_WIDTH_US: u64 = 1_000_000;

/// What happened in one slice of time, by when it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Slice {
    pub(crate) funnel: Funnel,
    pub(crate) errors: u64,
    pub(crate) gauges: Gauges,
    pub(crate) stages: ByStage<Box<Latency>>,
    pub(crate) lag: Option<Box<Latency>>,
}

impl Slice {
    pub(crate) fn latency(&mut self, stage: Stage) -> &mut Latency {
        self.stages.slot(stage).get_or_insert_with(coarse)
    }

    pub(crate) fn lag_mut(&mut self) -> &mut Latency {
        self.lag.get_or_insert_with(coarse)
    }

    /// Adds counts and latencies of another; levels are the caller's.
    fn add(&mut self, other: &Self) {
        self.funnel.add(&other.funnel);
        self.errors = self.errors.saturating_add(other.errors);
        for (stage, latency) in other.stages.iter() {
            self.latency(stage).add(latency);
        }
        if let Some(lag) = &other.lag {
            self.lag_mut().add(lag);
        }
    }
}

fn coarse() -> Box<Latency> {
    Box::new(Latency::coarse())
}

/// All slices since the start of the run, without gaps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slices {
    width_us: u64,
    items: Vec<Slice>,
}

impl Default for Slices {
    fn default() -> Self {
        Self { width_us: FIRST_WIDTH_US, items: Vec::new() }
    }
}

impl Slices {
    /// Slices as they were written; `None` of a width or number they cannot have.
    pub(crate) fn restored(width_us: u64, items: Vec<Slice>) -> Option<Self> {
        let doublings = width_us.checked_div(FIRST_WIDTH_US)?;
        let possible = doublings.is_power_of_two() && width_us == doublings * FIRST_WIDTH_US;
        (possible && items.len() <= SLICES_MAX).then_some(Self { width_us, items })
    }

    /// How long each slice is, in microseconds.
    pub(crate) const fn width_us(&self) -> u64 {
        self.width_us
    }

    pub(crate) fn items(&self) -> &[Slice] {
        &self.items
    }

    /// The slice that holds an instant.
    pub(crate) fn at(&mut self, at: Timestamp) -> &mut Slice {
        while at.as_micros() / self.width_us >= SLICES_MAX as u64 {
            self.widen();
        }
        let place = usize::try_from(at.as_micros() / self.width_us).expect("fewer than the most");
        if place >= self.items.len() {
            self.items.resize_with(place + 1, Slice::default);
        }
        &mut self.items[place]
    }

    /// The last slice that is over at an instant.
    pub(crate) fn before(&self, now: Timestamp) -> Option<&Slice> {
        let place = (now.as_micros() / self.width_us).checked_sub(1)?;
        self.items.get(usize::try_from(place).ok()?)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        while self.width_us < other.width_us {
            self.widen();
        }
        while other.width_us < self.width_us {
            other.widen();
        }
        if self.items.len() < other.items.len() {
            self.items.resize_with(other.items.len(), Slice::default);
        }
        for (mine, theirs) in self.items.iter_mut().zip(&other.items) {
            mine.add(theirs);
            mine.gauges.join(theirs.gauges);
        }
    }

    /// Joins pairs: half as many slices, each twice as long.
    fn widen(&mut self) {
        self.width_us = self.width_us.saturating_mul(2);
        let mut wider = Vec::with_capacity(self.items.len().div_ceil(2));
        let mut items = std::mem::take(&mut self.items).into_iter();
        while let Some(mut first) = items.next() {
            if let Some(second) = items.next() {
                first.add(&second);
                first.gauges.meet(second.gauges);
            }
            wider.push(first);
        }
        self.items = wider;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funnel::Step;
    use std::time::Duration;

    fn second(second: u64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn filled(seconds: u64) -> Slices {
        let mut slices = Slices::default();
        for at in 0..seconds {
            let slice = slices.at(second(at));
            slice.funnel.count(Step::Stored, 1);
            slice.latency(Stage::Total).record(Duration::from_millis(at + 1));
        }
        slices
    }

    #[test]
    fn a_run_of_any_length_has_at_most_six_hundred_slices_and_loses_nothing() {
        for seconds in [1, 599, 600, 601, 1_200, 1_201, 20_000] {
            let slices = filled(seconds);
            assert!(slices.items().len() <= SLICES_MAX, "{seconds}");
            let stored: u64 = slices.items().iter().map(|slice| slice.funnel.stored).sum();
            assert_eq!(stored, seconds);
        }
    }

    #[test]
    fn an_instant_at_the_end_of_time_still_finds_a_slice() {
        let mut slices = filled(10);
        slices.at(Timestamp::from_micros(u64::MAX)).errors += 1;
        assert!(slices.items().len() <= SLICES_MAX);
    }

    #[test]
    fn slices_of_different_widths_merge_at_the_wider() {
        let (mut short, long) = (filled(10), filled(1_000));
        short.merge(&long);
        assert_eq!(short.width_us(), 2_000_000);
        assert_eq!(short.items()[0].funnel.stored, 4);
        assert_eq!(short.items().len(), 500);
    }
}
