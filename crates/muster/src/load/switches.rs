//! Which devices have a network: those that the plan has switched on, but for outages by hand.

use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_agent::Start;

/// What the plan wants of each device, by its place, and what somebody has done to it by hand.
#[derive(Debug, Default)]
pub(crate) struct Switches(Mutex<Vec<Switch>>);

#[derive(Clone, Copy, Debug)]
struct Switch {
    planned: Network,
    /// Outages that are not over.
    outages: u32,
}

/// Whether a device has a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    There,
    Away,
}

impl Switches {
    /// Of devices that begin like this.
    pub(crate) fn of(starts: impl Iterator<Item = Start>) -> Self {
        let switch = |start| {
            let planned = match start {
                Start::Online => Network::There,
                Start::Offline => Network::Away,
            };
            Switch { planned, outages: 0 }
        };
        Self(Mutex::new(starts.map(switch).collect()))
    }

    /// The plan wants it so.
    pub(crate) fn planned(&self, place: usize, wanted: Network) {
        self.change(place, |switch| switch.planned = wanted);
    }

    /// What a device has now: what the plan wants, and while an outage lasts nothing.
    pub(crate) fn now(&self, place: usize) -> Network {
        match self.lock().get(place) {
            Some(Switch { planned, outages: 0 }) => *planned,
            Some(_) | None => Network::Away,
        }
    }

    /// An outage begins.
    pub(crate) fn cut(&self, place: usize) {
        self.change(place, |switch| switch.outages = switch.outages.saturating_add(1));
    }

    /// An outage is over.
    pub(crate) fn mended(&self, place: usize) {
        self.change(place, |switch| switch.outages = switch.outages.saturating_sub(1));
    }

    fn change(&self, place: usize, change: impl FnOnce(&mut Switch)) {
        if let Some(switch) = self.lock().get_mut(place) {
            change(switch);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Switch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Network::{Away, There};
    use super::*;

    fn two() -> Switches {
        Switches::of([Start::Online, Start::Offline].into_iter())
    }

    fn now(switches: &Switches) -> [Network; 2] {
        [switches.now(0), switches.now(1)]
    }

    #[test]
    fn after_an_outage_a_device_has_what_the_plan_wants() {
        let switches = two();
        (0..2).for_each(|place| switches.cut(place));
        assert_eq!(now(&switches), [Away, Away]);
        (0..2).for_each(|place| switches.mended(place));
        assert_eq!(now(&switches), [There, Away]);
    }

    #[test]
    fn what_the_plan_wants_during_an_outage_comes_when_it_is_over() {
        let switches = two();
        (0..2).for_each(|place| switches.cut(place));
        switches.planned(0, Away);
        switches.planned(1, There);
        assert_eq!(now(&switches), [Away, Away]);
        (0..2).for_each(|place| switches.mended(place));
        assert_eq!(now(&switches), [Away, There]);
    }

    #[test]
    fn of_two_outages_the_last_one_counts() {
        let switches = two();
        (0..2).for_each(|_outage| switches.cut(0));
        switches.mended(0);
        assert_eq!(switches.now(0), Away);
        switches.mended(0);
        assert_eq!(switches.now(0), There);
    }

    #[test]
    fn without_outages_a_device_has_what_the_plan_wants_and_one_that_is_not_there_has_nothing() {
        let switches = two();
        switches.planned(0, Away);
        switches.planned(1, There);
        assert_eq!(now(&switches), [Away, There]);
        switches.planned(2, There);
        assert_eq!(switches.now(2), Away);
    }
}
