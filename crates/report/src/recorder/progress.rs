//! How far the fleet has come with an event.

use std::time::Duration;

use crate::latency::Latency;

/// How many devices an event concerns, and when each was through, counted from its beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    pub(crate) devices: u64,
    pub(crate) through: Latency,
}

impl Progress {
    pub(crate) fn add(&mut self, other: &Self) {
        self.devices = self.devices.saturating_add(other.devices);
        self.through.add(&other.through);
    }

    /// How long until this share, 0 to 1, of the devices concerned were through; `None` if they
    /// never were.
    pub(crate) fn time_to(&self, share: f64) -> Option<Duration> {
        let through = self.through.count();
        if through == 0 {
            return None;
        }
        let of_those_through = share * self.devices as f64 / through as f64;
        let quantile = (of_those_through <= 1.0).then(|| self.through.quantile(of_those_through));
        Some(quantile??.latency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_devices_meant_not_of_those_that_were_through() {
        let mut progress = Progress { devices: 100, ..Progress::default() };
        for second in 1..=90 {
            progress.through.record(Duration::from_secs(second));
        }
        let seconds = |share| progress.time_to(share).map(|took| took.as_secs());
        assert_eq!([seconds(0.5), seconds(0.9), seconds(0.99)], [Some(50), Some(90), None]);
    }

    #[test]
    fn an_event_nobody_got_over_reached_no_share() {
        let progress = Progress { devices: 10, ..Progress::default() };
        assert_eq!(progress.time_to(0.5), None);
    }
}
