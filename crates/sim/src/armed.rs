//! Faults that wait for their moment.

use alloc::vec::Vec;

use muster_protocol::seed::Stream;

use crate::fault::{Condition, Fault, Injection, Moment, Trigger};

/// A fault that waits, and the stream it draws its chance from.
#[derive(Clone, Debug)]
pub(crate) struct Armed {
    pub(crate) fault: Fault,
    waits: Waits,
    draws: Stream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Count { moment: Moment, left: u32 },
    Odds { moment: Moment, hits: u32, of: u32 },
    When(Condition),
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

impl Armed {
    /// The fault with its trigger; `None` if it strikes at once.
    pub(crate) fn new(injection: &Injection, draws: Stream) -> Option<Self> {
        let fault = injection.fault;
        let waits = match injection.trigger {
            Trigger::AtOnce => Waits::Count { moment: fault.needs()?, left: 1 },
            Trigger::After(moment) => Waits::Count { moment, left: 1 },
            Trigger::Nth { moment, nth } => Waits::Count { moment, left: nth.max(1) },
            Trigger::Odds { moment, hits, of } => Waits::Odds { moment, hits, of },
            Trigger::When(condition) => Waits::When(condition),
        };
        Some(Self { fault, waits, draws })
    }

    fn at(&mut self, now: Moment) -> Strikes {
        match &mut self.waits {
            Waits::Count { moment, left } if *moment == now => {
                *left -= 1;
                if *left == 0 { Strikes::Once } else { Strikes::No }
            }
            Waits::Odds { moment, hits, of } if *moment == now => {
                let (hits, of) = (u64::from(*hits), u64::from(*of));
                if self.draws.chance(hits, of) { Strikes::Again } else { Strikes::No }
            }
            Waits::Count { .. } | Waits::Odds { .. } | Waits::When(_) => Strikes::No,
        }
    }
}

/// The faults of `armed` that strike at this moment, in the order they were armed.
pub(crate) fn striking(armed: &mut Vec<Armed>, moment: Moment) -> Vec<Fault> {
    let mut striking = Vec::new();
    armed.retain_mut(|it| match it.at(moment) {
        Strikes::No => true,
        Strikes::Once => {
            striking.push(it.fault);
            false
        }
        Strikes::Again => {
            striking.push(it.fault);
            true
        }
    });
    striking
}

/// The faults of `armed` whose condition holds, which are used up with it.
pub(crate) fn fulfilled(armed: &mut Vec<Armed>, holds: impl Fn(Condition) -> bool) -> Vec<Fault> {
    let mut striking = Vec::new();
    armed.retain(|it| match it.waits {
        Waits::When(condition) if holds(condition) => {
            striking.push(it.fault);
            false
        }
        Waits::When(_) | Waits::Count { .. } | Waits::Odds { .. } => true,
    });
    striking
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use muster_protocol::Seed;

    fn armed(trigger: Trigger) -> Vec<Armed> {
        let injection = Injection { trigger, ..Injection::of_device(0, 0, Fault::Cut) };
        let draws = Seed::root(1).child("fault", 0).stream();
        Armed::new(&injection, draws).into_iter().collect()
    }

    fn strikes(armed: &mut Vec<Armed>, times: usize, moment: Moment) -> Vec<usize> {
        (1..=times).filter(|_time| !striking(armed, moment).is_empty()).collect()
    }

    #[test]
    fn the_nth_time_is_the_only_one() {
        let mut armed = armed(Trigger::Nth { moment: Moment::Executed, nth: 3 });
        assert!(striking(&mut armed, Moment::Answering).is_empty());
        assert_eq!(strikes(&mut armed, 9, Moment::Executed), vec![3]);
        assert!(armed.is_empty());
    }

    #[test]
    fn odds_strike_again_and_again() {
        let mut armed = armed(Trigger::Odds { moment: Moment::Answering, hits: 1, of: 2 });
        let count = strikes(&mut armed, 1_000, Moment::Answering).len();
        assert!((400..600).contains(&count), "{count}");
    }

    #[test]
    fn a_condition_is_waited_for_and_used_up() {
        let mut armed = armed(Trigger::When(Condition::Lost));
        assert!(fulfilled(&mut armed, |condition| condition == Condition::Enrolled).is_empty());
        assert_eq!(fulfilled(&mut armed, |_condition| true), vec![Fault::Cut]);
        assert!(fulfilled(&mut armed, |_condition| true).is_empty());
    }

    #[test]
    fn what_strikes_by_itself_does_not_wait() {
        assert!(armed(Trigger::AtOnce).is_empty());
    }
}
