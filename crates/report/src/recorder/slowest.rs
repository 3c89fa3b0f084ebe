//! The slowest devices of a run.

use std::time::Duration;

use crate::journey::Journey;
use crate::legend::{Label, PhaseRole};

use super::Who;

/// How many devices are kept.
pub(crate) const SLOWEST_MAX: usize = 20;

/// The slowest command of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// Which device and command.
    pub who: Who,
    /// What kind of command.
    pub label: Label,
    /// What its phase is for.
    pub role: PhaseRole,
    /// From the planned instant to its end, or to when it was given up.
    pub took: Duration,
    /// When it reached each point.
    pub journey: Journey,
}

impl Slow {
    /// What was measured comes before what was warm-up, however slow that was.
    fn weight(&self) -> (bool, Duration) {
        (self.role == PhaseRole::Measured, self.took)
    }
}

/// The slowest devices, each with its slowest command, the slowest first; those that were slow in a
/// warm-up only come last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slowest {
    devices: Vec<Slow>,
}

impl Slowest {
    pub(crate) fn see(&mut self, slow: Slow) {
        let last = self.devices.last();
        let is_slower = last.is_none_or(|last| last.weight() < slow.weight());
        if is_slower || self.devices.len() < SLOWEST_MAX {
            self.insert(slow);
        }
    }

    pub(crate) fn insert(&mut self, slow: Slow) {
        let same = self.devices.iter().position(|known| known.who.device == slow.who.device);
        match same {
            Some(place) if self.devices[place].weight() >= slow.weight() => return,
            Some(place) => drop(self.devices.remove(place)),
            None => {}
        }
        let place = self.devices.partition_point(|known| known.weight() >= slow.weight());
        self.devices.insert(place, slow);
        self.devices.truncate(SLOWEST_MAX);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for slow in &other.devices {
            self.insert(*slow);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slow> {
        self.devices.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::{CommandIndex, PhaseIndex};
    use muster_protocol::{Platform, Timestamp};

    fn see(slowest: &mut Slowest, device: u32, ms: u64) {
        see_in(PhaseRole::Measured, slowest, device, ms);
    }

    fn see_in(role: PhaseRole, slowest: &mut Slowest, device: u32, ms: u64) {
        slowest.see(Slow {
            who: Who { device, command: None },
            label: Label {
                phase: PhaseIndex(0),
                command: CommandIndex(0),
                platform: Platform::Apple,
            },
            role,
            took: Duration::from_millis(ms),
            journey: Journey::planned(Timestamp::ZERO),
        });
    }

    fn devices(slowest: &Slowest) -> Vec<(u32, u128)> {
        slowest.iter().map(|slow| (slow.who.device, slow.took.as_millis())).collect()
    }

    #[test]
    fn a_device_is_there_once_with_its_slowest_command() {
        let mut slowest = Slowest::default();
        for (device, ms) in [(1, 5), (2, 9), (1, 30), (2, 7)] {
            see(&mut slowest, device, ms);
        }
        assert_eq!(devices(&slowest), [(1, 30), (2, 9)]);
    }

    #[test]
    fn what_was_measured_comes_before_any_warm_up() {
        let mut slowest = Slowest::default();
        for device in 0..30 {
            see_in(PhaseRole::WarmUp, &mut slowest, device, 1_000 + u64::from(device));
        }
        see(&mut slowest, 3, 7);
        see(&mut slowest, 50, 9);
        see_in(PhaseRole::WarmUp, &mut slowest, 50, 5_000);
        let devices = devices(&slowest);
        assert_eq!(devices[..3], [(50, 9), (3, 7), (29, 1_029)]);
        assert_eq!(devices.len(), SLOWEST_MAX);
    }

    #[test]
    fn only_the_slowest_twenty_are_kept_in_whatever_order_they_come() {
        let (mut up, mut down) = (Slowest::default(), Slowest::default());
        for device in 0..1_000 {
            see(&mut up, device, u64::from(device));
            see(&mut down, 999 - device, u64::from(999 - device));
        }
        assert_eq!(devices(&up), devices(&down));
        assert_eq!((devices(&up).len(), devices(&up)[0]), (SLOWEST_MAX, (999, 999)));
    }
}
