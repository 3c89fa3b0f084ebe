//! Many worlds at once: one thread a core, results in the order of the seeds.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use muster_sim::{Ending, Keep, Swarm, Violation, World};

/// What to explore.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quest {
    /// How the worlds are drawn.
    pub(crate) swarm: Swarm,
    /// The first seed.
    pub(crate) from: u64,
    /// How many.
    pub(crate) seeds: u64,
    /// When to stop.
    pub(crate) until: Until,
}

/// When an exploration stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the first seed that breaks a promise.
    Broken,
    /// After the last seed.
    TheEnd,
}

/// How far an exploration is, and whether to go on: shared with whoever waits.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Worlds played.
    pub(crate) done: AtomicU64,
    /// Broken ones among them.
    pub(crate) broken: AtomicU64,
    /// Set to stop after the worlds under way.
    pub(crate) stop: AtomicBool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Explored {
    /// Worlds played.
    pub(crate) seeds: u64,
    /// Virtual time in all of them.
    pub(crate) virtual_time: Duration,
    /// The broken ones, the fastest first.
    pub(crate) found: Vec<Found>,
}

/// A world that breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its seed.
    pub(crate) seed: u64,
    /// Events until then: fewer are quicker to replay.
    pub(crate) events: u64,
    /// Which.
    pub(crate) violation: Violation,
}

/// A world that was played.
struct Played {
    seed: u64,
    virtual_time: Duration,
    found: Option<Found>,
}

/// Plays the worlds of `quest`; blocks until the end.
///
/// What is found does not depend on the number of cores: a seed counts only if every seed before
/// it was played, and none of them ended the exploration.
pub(crate) fn explore(quest: &Quest, progress: &Progress) -> Explored {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let next = AtomicU64::new(0);
    let played = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| work(quest, progress, &next, &played));
        }
    });
    let mut played = played.into_inner().unwrap_or_else(PoisonError::into_inner);
    played.sort_unstable_by_key(|world: &Played| world.seed);
    sum(played, quest.until)
}

fn work(quest: &Quest, progress: &Progress, next: &AtomicU64, played: &Mutex<Vec<Played>>) {
    while !progress.stop.load(Ordering::Relaxed) {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= quest.seeds {
            return;
        }
        let world = play(quest.swarm, quest.from.wrapping_add(index));
        progress.done.fetch_add(1, Ordering::Relaxed);
        if world.found.is_some() {
            progress.broken.fetch_add(1, Ordering::Relaxed);
            if quest.until == Until::Broken {
                progress.stop.store(true, Ordering::Relaxed);
            }
        }
        played.lock().unwrap_or_else(PoisonError::into_inner).push(world);
    }
}

fn play(swarm: Swarm, seed: u64) -> Played {
    let outcome = World::run(swarm.plan(seed), Keep::Nothing);
    let events = outcome.events;
    let found = match outcome.ending {
        Ending::Broken(violation) => Some(Found { seed, events, violation }),
        Ending::Kept => None,
    };
    let virtual_time = Duration::from_micros(outcome.at.as_micros());
    Played { seed, virtual_time, found }
}

fn sum(played: Vec<Played>, until: Until) -> Explored {
    let mut explored = Explored::default();
    for world in played {
        explored.seeds += 1;
        explored.virtual_time += world.virtual_time;
        let ends = world.found.is_some() && until == Until::Broken;
        explored.found.extend(world.found);
        if ends {
            break;
        }
    }
    explored.found.sort_by_key(|found| (found.events, found.seed));
    explored
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_sim::SwarmSize;

    fn quest(until: Until) -> Quest {
        Quest { swarm: Swarm::new(SwarmSize::default()), from: 0, seeds: 12, until }
    }

    #[test]
    fn every_seed_is_played_once() {
        let progress = Progress::default();
        let explored = explore(&quest(Until::TheEnd), &progress);
        assert_eq!((explored.seeds, progress.done.into_inner()), (12, 12));
        assert!(explored.virtual_time >= Duration::from_secs(12 * 3_600));
    }

    #[test]
    fn who_is_told_to_stop_plays_no_further_world() {
        let progress = Progress::default();
        progress.stop.store(true, Ordering::Relaxed);
        assert_eq!(explore(&quest(Until::TheEnd), &progress), Explored::default());
    }

    #[test]
    fn the_fastest_failure_comes_first() {
        let world = |seed, events| {
            let (invariant, at) = (muster_sim::Invariant::S1, muster_protocol::Timestamp::ZERO);
            let violation = Violation::new(invariant, at, 0, String::new());
            let found = Some(Found { seed, events, violation });
            Played { seed, virtual_time: Duration::ZERO, found }
        };
        let seeds = |until| {
            let found = sum(vec![world(1, 90), world(2, 10), world(3, 50)], until).found;
            found.into_iter().map(|found| found.seed).collect::<Vec<_>>()
        };
        assert_eq!(seeds(Until::TheEnd), [2, 3, 1]);
        assert_eq!(seeds(Until::Broken), [1]);
    }
}
