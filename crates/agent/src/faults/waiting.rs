//! Faults of one device that wait for their moment.

use std::time::Duration;

use muster_protocol::Seed;
use muster_protocol::fault::{Condition, Moment, Trigger};

use super::{DeviceFault, PathFault, WakeFault};

/// A fault that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Moments before this one do not count; in the time of the faults.
    pub(super) at: Duration,
    pub(super) trigger: Trigger,
    pub(super) strike: Strike,
    pub(super) seed: Seed,
    /// Moments so far.
    pub(super) seen: u32,
}

/// What a fault does when its moment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// The rule of the link with this number is on.
    Link {
        /// Which.
        rule: usize,
        /// For so long, or for ever.
        lasts: Option<Duration>,
    },
    /// The way of the device changes.
    Path(PathFault),
    /// The agent dies.
    Crash,
    /// The answers of a while go wrong, or the next one.
    Answer {
        /// How.
        fault: DeviceFault,
        /// For how long.
        lasts: Option<Duration>,
    },
    /// The pushes of a while go wrong, or the next one.
    Wake {
        /// How.
        fault: WakeFault,
        /// For how long.
        lasts: Option<Duration>,
    },
}

/// Whether a fault strikes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strikes {
    No,
    /// And is used up.
    Once,
    /// And may strike again.
    Again,
}

impl Waiting {
    fn at(&mut self, moment: Moment) -> Strikes {
        let (wanted, nth) = match self.trigger {
            Trigger::After(wanted) => (wanted, Some(1)),
            Trigger::Nth { moment, nth } => (moment, Some(nth.max(1))),
            Trigger::Odds { moment, .. } => (moment, None),
            Trigger::AtOnce | Trigger::When(_) => return Strikes::No,
        };
        if wanted != moment {
            return Strikes::No;
        }
        let number = self.seen;
        self.seen = number.saturating_add(1);
        match (self.trigger, nth) {
            (Trigger::Odds { hits, of, .. }, _) => {
                let mut chance = self.seed.child("moment", u64::from(number)).stream();
                if chance.chance(hits.into(), of.into()) { Strikes::Again } else { Strikes::No }
            }
            (_, Some(nth)) if self.seen == nth => Strikes::Once,
            (_, _) => Strikes::No,
        }
    }
}

/// What strikes at this moment of those whose time has come, in the order they were set.
pub(super) fn striking(waiting: &mut Vec<Waiting>, now: Duration, moment: Moment) -> Vec<Strike> {
    let mut striking = Vec::new();
    waiting.retain_mut(|it| {
        if it.at > now {
            return true;
        }
        let strikes = it.at(moment);
        if strikes != Strikes::No {
            striking.push(it.strike);
        }
        strikes != Strikes::Once
    });
    striking
}

/// The same for what waits for a state; used up with it.
pub(super) fn fulfilled(
    waiting: &mut Vec<Waiting>,
    now: Duration,
    holds: impl Fn(Condition) -> bool,
) -> Vec<Strike> {
    let mut striking = Vec::new();
    waiting.retain(|it| match it.trigger {
        Trigger::When(condition) if it.at <= now && holds(condition) => {
            striking.push(it.strike);
            false
        }
        Trigger::When(_)
        | Trigger::AtOnce
        | Trigger::After(_)
        | Trigger::Nth { .. }
        | Trigger::Odds { .. } => true,
    });
    striking
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1);

    fn waiting(trigger: Trigger) -> Vec<Waiting> {
        let seed = Seed::root(1);
        vec![Waiting { at: NOW, trigger, strike: Strike::Crash, seed, seen: 0 }]
    }

    fn strikes(waiting: &mut Vec<Waiting>, times: usize, moment: Moment) -> Vec<usize> {
        (1..=times).filter(|_time| !striking(waiting, NOW, moment).is_empty()).collect()
    }

    #[test]
    fn the_nth_time_is_the_only_one() {
        let mut third = waiting(Trigger::Nth { moment: Moment::Executed, nth: 3 });
        assert!(striking(&mut third, NOW, Moment::Answering).is_empty());
        assert_eq!(strikes(&mut third, 9, Moment::Executed), [3]);
        assert!(third.is_empty());
        assert_eq!(
            strikes(&mut waiting(Trigger::After(Moment::Executed)), 9, Moment::Executed),
            [1]
        );
    }

    #[test]
    fn odds_strike_again_and_again_and_alike_for_the_same_seed() {
        let set = || waiting(Trigger::Odds { moment: Moment::Answering, hits: 1, of: 2 });
        let struck = strikes(&mut set(), 1_000, Moment::Answering);
        assert!((400..600).contains(&struck.len()), "{}", struck.len());
        assert_eq!(strikes(&mut set(), 1_000, Moment::Answering), struck);
    }

    #[test]
    fn a_state_is_waited_for_and_used_up() {
        let mut lost = waiting(Trigger::When(Condition::Lost));
        assert!(fulfilled(&mut lost, NOW, |state| state == Condition::Enrolled).is_empty());
        assert_eq!(fulfilled(&mut lost, NOW, |_state| true), [Strike::Crash]);
        assert!(fulfilled(&mut lost, NOW, |_state| true).is_empty());
    }

    #[test]
    fn moments_before_its_time_do_not_count() {
        for trigger in [Trigger::After(Moment::Executed), Trigger::When(Condition::Lost)] {
            let mut early = waiting(trigger);
            assert!(striking(&mut early, Duration::ZERO, Moment::Executed).is_empty());
            assert!(fulfilled(&mut early, Duration::ZERO, |_state| true).is_empty());
            assert_eq!(early.len(), 1);
        }
    }
}
