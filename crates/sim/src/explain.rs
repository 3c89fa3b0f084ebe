//! When a failure became inevitable: what was decided by then is kept, the rest is drawn anew.

use alloc::vec::Vec;

use muster_protocol::{Seed, Timestamp};

use crate::invariant::Violation;
use crate::log::Keep;
use crate::plan::{Act, Plan, What};
use crate::shrink::Patience;
use crate::world::{Ending, World};

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Moments looked at between the start and the failure.
    pub moments: usize,
    /// Futures drawn from each.
    pub futures: u32,
}

impl Default for Depth {
    fn default() -> Self {
        Self { moments: 16, futures: 40 }
    }
}

/// How often the same promise is broken if everything until a moment stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    /// The moment.
    pub at: Timestamp,
    /// Futures that break the promise.
    pub broken: u32,
    /// Futures drawn.
    pub of: u32,
}

impl Odds {
    /// Whether every future broke the promise.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        self.of > 0 && self.broken == self.of
    }
}

/// What came of looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// How the plan fails.
    pub violation: Violation,
    /// The odds over virtual time.
    pub odds: Vec<Odds>,
    /// From this moment on every future failed; `None` if even the last moment left a way out.
    pub inevitable_at: Option<Timestamp>,
}

/// Re-runs `plan` from prefixes with fresh chance.
///
/// A prefix keeps every act up to its moment. What comes later happens in the same order at other
/// moments, and delays and back-offs are drawn anew. `None` if the plan keeps its promises.
pub fn explain(plan: &Plan, depth: Depth, patience: &mut impl Patience) -> Option<Explained> {
    let outcome = World::run(plan.clone(), Keep::All);
    let Ending::Broken(violation) = outcome.ending else { return None };
    let mut times: Vec<Timestamp> = outcome.log.entries().map(|entry| entry.at).collect();
    times.extend(plan.acts.iter().map(|act| act.at).filter(|at| *at <= violation.at));
    times.push(Timestamp::ZERO);
    times.sort_unstable();
    times.dedup();
    let mut search = Search { plan, violation: &violation, futures: depth.futures, patience };
    let mut odds = search.survey(&times, depth.moments);
    let inevitable_at = search.narrow(&times, &mut odds);
    Some(Explained { violation, odds, inevitable_at })
}

struct Search<'a, P> {
    plan: &'a Plan,
    violation: &'a Violation,
    futures: u32,
    patience: &'a mut P,
}

impl<P: Patience> Search<'_, P> {
    /// The odds at moments spread over all there are, first and last included.
    fn survey(&mut self, times: &[Timestamp], moments: usize) -> Vec<Odds> {
        let last = times.len() - 1;
        let steps = moments.clamp(2, times.len().max(2)) - 1;
        let mut indices: Vec<usize> = (0..=steps).map(|step| last * step / steps).collect();
        indices.dedup();
        indices.into_iter().filter_map(|index| self.odds(times[index])).collect()
    }

    /// Looks closer between the last moment with a way out and the first without.
    fn narrow(&mut self, times: &[Timestamp], odds: &mut Vec<Odds>) -> Option<Timestamp> {
        let open = odds.iter().rposition(|point| !point.is_certain());
        let first = open.map_or(0, |index| index + 1);
        let mut certain = times.binary_search(&odds.get(first)?.at).ok()?;
        let mut uncertain = match open {
            Some(index) => times.binary_search(&odds[index].at).ok()?,
            None => return Some(times[certain]),
        };
        while certain - uncertain > 1 {
            let middle = uncertain.midpoint(certain);
            let Some(point) = self.odds(times[middle]) else { break };
            if point.is_certain() {
                certain = middle
            } else {
                uncertain = middle
            }
            odds.push(point);
        }
        odds.sort_by_key(|point| point.at);
        Some(times[certain])
    }

    /// `None` if there is no time to draw a single future.
    fn odds(&mut self, at: Timestamp) -> Option<Odds> {
        let (mut broken, mut of) = (0, 0);
        for draw in 0..self.futures {
            if !self.patience.has_time() {
                break;
            }
            of += 1;
            let future = future(self.plan, at, u64::from(draw));
            match World::run(future, Keep::Nothing).ending {
                Ending::Broken(found) if found.invariant == self.violation.invariant => broken += 1,
                Ending::Broken(_) | Ending::Kept => {}
            }
        }
        (of > 0).then_some(Odds { at, broken, of })
    }
}

/// The plan up to `at`, and another future.
fn future(plan: &Plan, at: Timestamp, draw: u64) -> Plan {
    let mut acts: Vec<Act> = plan.acts.clone();
    acts.sort_by_key(|act| act.at);
    let kept = acts.partition_point(|act| act.at <= at);
    let left = plan.calm_at.since(at);
    let mut draws = Seed::root(plan.seed).child("future", draw).stream();
    let mut moments: Vec<Timestamp> =
        acts[kept..].iter().map(|_act| at.after(draws.duration_below(left))).collect();
    moments.sort_unstable();
    for (act, moment) in acts[kept..].iter_mut().zip(moments) {
        act.at = moment;
    }
    acts.insert(kept, Act { at, what: What::FreshChance { draw } });
    Plan { acts, ..plan.clone() }
}
