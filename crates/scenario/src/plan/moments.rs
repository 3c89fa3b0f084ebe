//! All sources of moments, merged into one stream in the order of time.

use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

use muster_protocol::Timestamp;

use super::moment::Moment;
use super::{Plan, source, timeline};

/// Moments of one origin, in the order of time.
pub(super) type Source<'a> = Box<dyn Iterator<Item = Moment> + Send + 'a>;

/// The moments of a plan, in the order of time.
///
/// At one instant phases come first, then faults, then works in the order of the scenario.
pub struct Moments<'a> {
    sources: Vec<Source<'a>>,
    /// The next moment of each source that has one.
    heads: BinaryHeap<Reverse<Head>>,
}

/// The next moment of a source.
struct Head {
    moment: Moment,
    source: usize,
}

impl Head {
    fn rank(&self) -> (Timestamp, usize) {
        (self.moment.at, self.source)
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl<'a> Moments<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let end = plan.ends();
        let phases: Source<'a> = Box::new(timeline::moments_of_phases(&plan.phases).into_iter());
        let faults = plan.faults.iter().enumerate().map(|(index, fault)| -> Source<'a> {
            Box::new(timeline::moments_of_fault(index, fault, end))
        });
        let works = (0..plan.scenario.works.len()).map(|work| -> Source<'a> {
            Box::new(source::of_work(plan, work).take_while(move |moment| moment.at < end))
        });
        let sources = core::iter::once(phases).chain(faults).chain(works).collect();
        let mut moments = Self { sources, heads: BinaryHeap::new() };
        for source in 0..moments.sources.len() {
            moments.refill(source);
        }
        moments
    }

    fn refill(&mut self, source: usize) {
        if let Some(moment) = self.sources[source].next() {
            self.heads.push(Reverse(Head { moment, source }));
        }
    }
}

impl Iterator for Moments<'_> {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        let Reverse(Head { moment, source }) = self.heads.pop()?;
        self.refill(source);
        Some(moment)
    }
}
