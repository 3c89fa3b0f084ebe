//! What faults mean for one device.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::{Seed, Timestamp};
use muster_transport::{FaultyLink, LinkCounters, LinkRule, LinkTotals, Rate, Window};
use tokio::time::Instant;

use super::{DeviceFault, FleetFault, PathFault, WhatFails};

/// Odds are of this many.
const MILLION: u64 = 1_000_000;

/// The faults of a fleet and what their chance comes from.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    faults: Vec<FleetFault>,
    seed: Seed,
    start: Instant,
    counters: Arc<LinkCounters>,
}

impl FaultPlan {
    /// Counts time from now on.
    pub(crate) fn start(faults: Vec<FleetFault>, seed: Seed) -> Self {
        Self { faults, seed, start: Instant::now(), counters: Arc::default() }
    }

    /// What was done to datagrams.
    pub(crate) fn totals(&self) -> LinkTotals {
        self.counters.totals()
    }

    /// What the device with this index has to bear, if anything. `began` is the start in the
    /// time of the run.
    pub(crate) fn trouble(&self, index: u32, began: Timestamp) -> Option<Box<Trouble>> {
        let mut rules = Vec::new();
        let (mut answers, mut moves) = (Vec::new(), Vec::new());
        for (nth, fault) in self.faults.iter().enumerate() {
            let seed = self.stream_of(nth, fault).child("device", u64::from(index));
            if !hits(seed.child("share", 0), fault.share) {
                continue;
            }
            let window = fault.window;
            match fault.what {
                WhatFails::Link(fault, direction) => {
                    rules.push(LinkRule { fault, direction, window });
                }
                WhatFails::Path(path) => {
                    moves.push(Moves { path, window, next: next(window, Duration::ZERO, began) });
                }
                WhatFails::Answer(fault, rate) => {
                    answers.push(Answers { fault, rate, window, seed })
                }
            }
        }
        let link = (!rules.is_empty() || !moves.is_empty()).then(|| self.link(index, &rules));
        let is_any = link.is_some() || !answers.is_empty();
        is_any.then(|| {
            Box::new(Trouble {
                link,
                answers,
                moves,
                answered: 0,
                start: self.start,
                began,
                durable: None,
            })
        })
    }

    fn link(&self, index: u32, rules: &[LinkRule]) -> FaultyLink {
        let seed = self.seed.child("link", u64::from(index));
        FaultyLink::new(seed, rules, self.start, Arc::clone(&self.counters))
    }

    /// The seed of a fault: its name, and how many of that name come before it.
    fn stream_of(&self, nth: usize, fault: &FleetFault) -> Seed {
        let name = fault.what.name();
        let before = self.faults.iter().take(nth).filter(|other| other.what.name() == name).count();
        self.seed.child(name, u64::try_from(before).unwrap_or(u64::MAX))
    }
}

/// Everything that goes wrong with one device.
pub(crate) struct Trouble {
    link: Option<FaultyLink>,
    answers: Vec<Answers>,
    moves: Vec<Moves>,
    /// Answers so far.
    answered: u64,
    start: Instant,
    began: Timestamp,
    /// What a crash leaves, if there may be one.
    durable: Option<Vec<u8>>,
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trouble").field("answered", &self.answered).finish_non_exhaustive()
    }
}

struct Answers {
    fault: DeviceFault,
    rate: Rate,
    window: Window,
    seed: Seed,
}

struct Moves {
    path: PathFault,
    window: Window,
    next: Option<Timestamp>,
}

/// What goes wrong with one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerFault {
    /// First of all it takes this long.
    pub(crate) slow: Duration,
    /// Then this happens, if anything.
    pub(crate) fault: Option<DeviceFault>,
}

impl AnswerFault {
    /// All is well.
    pub(crate) const NONE: Self = Self { slow: Duration::ZERO, fault: None };
}

/// What is to be done about the port of a device.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) path: PathFault,
    pub(crate) link: FaultyLink,
}

impl Trouble {
    /// The link of the device, if its datagrams are not left alone.
    pub(crate) const fn link(&self) -> Option<&FaultyLink> {
        self.link.as_ref()
    }

    /// Decides over the next answer. The first fault in the order of the plan wins; slowness adds
    /// up.
    pub(crate) fn next_answer(&mut self) -> AnswerFault {
        let (index, since_start) = (self.answered, self.start.elapsed());
        self.answered += 1;
        let mut wrong = AnswerFault::NONE;
        for answers in &self.answers {
            let is_on = answers.window.contains(since_start);
            if !is_on || !hits(answers.seed.child("answer", index), answers.rate) {
                continue;
            }
            if let DeviceFault::Slow { by } = answers.fault {
                wrong.slow = wrong.slow.saturating_add(by);
            } else {
                wrong.fault.get_or_insert(answers.fault);
            }
        }
        wrong
    }

    /// When the device gets another port next.
    pub(crate) fn next_move(&self) -> Option<Timestamp> {
        self.moves.iter().filter_map(|moves| moves.next).min()
    }

    /// The move that is due, if one is.
    pub(crate) fn take_move(&mut self, now: Timestamp) -> Option<Move> {
        let link = self.link.clone()?;
        let began = self.began;
        let is_due = |moves: &&mut Moves| moves.next.is_some_and(|at| at <= now);
        let due = self.moves.iter_mut().find(is_due)?;
        // Strictly later: a window begins at its beginning.
        let since = now.since(began).saturating_add(Duration::from_micros(1));
        due.next = next(due.window, since, began);
        Some(Move { path: due.path, link })
    }

    /// Whether a crash may come, so that what is durable has to be known.
    pub(crate) fn may_crash(&self) -> bool {
        self.answers.iter().any(|answers| answers.fault == DeviceFault::Crash)
    }

    /// Takes note of what a crash would leave.
    pub(crate) fn keep(&mut self, durable: Vec<u8>) {
        self.durable = Some(durable);
    }

    /// What a crash leaves.
    pub(crate) fn durable(&self) -> Option<&[u8]> {
        self.durable.as_deref()
    }
}

/// When a window begins next, in the time of the run.
///
/// Ports change at beginnings: how long a window lasts bounds only how often.
fn next(window: Window, since_start: Duration, began: Timestamp) -> Option<Timestamp> {
    window.next_beginning(since_start).map(|span| began.after(span))
}

fn hits(seed: Seed, rate: Rate) -> bool {
    seed.stream().chance(u64::from(rate.hits()), MILLION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(faults: &[&str]) -> FaultPlan {
        FaultPlan::start(faults.iter().map(|text| text.parse().unwrap()).collect(), Seed::root(1))
    }

    fn hit(plan: &FaultPlan) -> Vec<bool> {
        (0..1_000).map(|index| plan.trouble(index, Timestamp::ZERO).is_some()).collect()
    }

    #[tokio::test]
    async fn a_share_of_the_devices_is_hit_the_same_one_for_the_same_seed() {
        let some = hit(&plan(&["crash share=20%"]));
        let count = some.iter().filter(|hit| **hit).count();
        assert!((150..250).contains(&count), "{count}");
        assert_eq!(hit(&plan(&["crash share=20%"])), some);
        assert_ne!(hit(&plan(&["slow by=1s share=20%"])), some);
        let beside = plan(&["loss rate=5% share=0%", "crash share=20%"]);
        assert_eq!(hit(&beside), some);
        assert!(hit(&plan(&[])).iter().all(|hit| !hit));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_slow_and_wrong_at_its_times_only() {
        let plan = plan(&["slow by=2s", "slow by=1s", "crash at=10s lasts=1s", "repeat-answer"]);
        let mut trouble = plan.trouble(0, Timestamp::ZERO).unwrap();
        let wrong = trouble.next_answer();
        assert_eq!(wrong.slow, Duration::from_secs(3));
        assert_eq!(wrong.fault, Some(DeviceFault::RepeatAnswer));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(trouble.next_answer().fault, Some(DeviceFault::Crash));
        assert!(trouble.may_crash());
    }

    #[tokio::test]
    async fn ports_change_once_for_each_beginning() {
        let began = Timestamp::from_micros(7);
        let mut trouble =
            plan(&["rebind at=1s every=2s", "migrate at=2s"]).trouble(0, began).unwrap();
        let mut at = began;
        let mut moves = Vec::new();
        while moves.len() < 4 {
            at = trouble.next_move().unwrap();
            moves.push((at.since(began).as_secs(), trouble.take_move(at).unwrap().path));
        }
        assert_eq!(
            moves,
            [
                (1, PathFault::Rebind),
                (2, PathFault::Migrate),
                (3, PathFault::Rebind),
                (5, PathFault::Rebind)
            ]
        );
        assert!(trouble.take_move(at).is_none());
    }
}
