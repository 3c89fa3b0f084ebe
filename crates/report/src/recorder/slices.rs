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
    /// Takes in counts and latencies of another; levels are the caller's.
    fn absorb(&mut self, mut other: Self, spare: &mut Spare) {
        self.funnel.add(&other.funnel);
        self.errors = self.errors.saturating_add(other.errors);
        for stage in Stage::ALL {
            spare.join(self.stages.slot(stage), other.stages.slot(stage).take());
        }
        spare.join(&mut self.lag, other.lag);
    }
}

fn coarse() -> Box<Latency> {
    Box::new(Latency::coarse())
}

/// Histograms made before they are needed: a run takes no more memory the longer it lasts, and one
/// that looks at its own memory does not see its instruments grow.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "they go to a slice and come back as they are")]
struct Spare(Vec<Box<Latency>>);

impl Spare {
    /// Enough for all slices there can be.
    fn for_all() -> Self {
        let histograms = SLICES_MAX * (Stage::ALL.len() + 1);
        Self((0..histograms).map(|_nth| Box::new(Latency::roomy())).collect())
    }

    fn take(&mut self) -> Box<Latency> {
        self.0.pop().unwrap_or_else(coarse)
    }

    /// Adds one histogram to another, and keeps what is left over.
    fn join(&mut self, mine: &mut Option<Box<Latency>>, theirs: Option<Box<Latency>>) {
        match (mine, theirs) {
            (_, None) => {}
            (mine @ None, theirs) => *mine = theirs,
            (Some(mine), Some(mut theirs)) => {
                mine.add(&theirs);
                theirs.clear();
                self.0.push(theirs);
            }
        }
    }
}

/// What is spare is nobody's second time.
impl Clone for Spare {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// And no part of what was recorded.
impl PartialEq for Spare {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// All slices since the start of the run, without gaps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slices {
    width_us: u64,
    items: Vec<Slice>,
    spare: Spare,
}

impl Default for Slices {
    fn default() -> Self {
        Self { width_us: FIRST_WIDTH_US, items: Vec::new(), spare: Spare::default() }
    }
}

impl Slices {
    /// Slices that have all the memory they will ever need, some 40 MB.
    pub(crate) fn with_room() -> Self {
        Self { spare: Spare::for_all(), ..Self::default() }
    }

    /// The latencies of a stage in the slice that holds an instant.
    pub(crate) fn latency(&mut self, at: Timestamp, stage: Stage) -> &mut Latency {
        let place = self.place(at);
        let spare = &mut self.spare;
        self.items[place].stages.slot(stage).get_or_insert_with(|| spare.take())
    }

    /// How late the generator was in the slice that holds an instant.
    pub(crate) fn lag(&mut self, at: Timestamp) -> &mut Latency {
        let place = self.place(at);
        let spare = &mut self.spare;
        self.items[place].lag.get_or_insert_with(|| spare.take())
    }

    /// Slices as they were written; `None` of a width or number they cannot have.
    pub(crate) fn restored(width_us: u64, items: Vec<Slice>) -> Option<Self> {
        let doublings = width_us.checked_div(FIRST_WIDTH_US)?;
        let possible = doublings.is_power_of_two() && width_us == doublings * FIRST_WIDTH_US;
        let spare = Spare::default();
        (possible && items.len() <= SLICES_MAX).then_some(Self { width_us, items, spare })
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
        let place = self.place(at);
        &mut self.items[place]
    }

    fn place(&mut self, at: Timestamp) -> usize {
        while at.as_micros() / self.width_us >= SLICES_MAX as u64 {
            self.widen();
        }
        let place = usize::try_from(at.as_micros() / self.width_us).expect("fewer than the most");
        if place >= self.items.len() {
            self.items.resize_with(place + 1, Slice::default);
        }
        place
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
        for (mine, theirs) in self.items.iter_mut().zip(other.items) {
            mine.gauges.join(theirs.gauges);
            mine.absorb(theirs, &mut self.spare);
        }
    }

    /// Joins pairs: half as many slices, each twice as long.
    fn widen(&mut self) {
        self.width_us = self.width_us.saturating_mul(2);
        let mut wider = Vec::with_capacity(self.items.len().div_ceil(2));
        let mut items = std::mem::take(&mut self.items).into_iter();
        while let Some(mut first) = items.next() {
            if let Some(second) = items.next() {
                first.gauges.meet(second.gauges);
                first.absorb(second, &mut self.spare);
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
            slices.at(second(at)).funnel.count(Step::Stored, 1);
            slices.latency(second(at), Stage::Total).record(Duration::from_millis(at + 1));
        }
        slices
    }

    #[test]
    fn slices_with_room_need_no_more_however_long_the_run() {
        let mut slices = Slices { items: Vec::with_capacity(SLICES_MAX), ..Slices::with_room() };
        for at in (0..20_000).map(second) {
            for stage in Stage::ALL {
                slices.latency(at, stage).record(Duration::from_millis(1));
            }
            slices.lag(at).record(Duration::from_micros(1));
        }
        let used: usize = slices.items.iter().map(|slice| slice.stages.iter().count() + 1).sum();
        assert_eq!(used + slices.spare.0.len(), SLICES_MAX * (Stage::ALL.len() + 1));
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
