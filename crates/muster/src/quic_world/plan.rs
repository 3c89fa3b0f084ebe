//! What one run consists of, drawn from its seed.

use std::num::NonZeroUsize;
use std::time::Duration;

use muster_agent::population;
use muster_device::DeviceSpec;
use muster_protocol::Seed;
use muster_protocol::seed::Stream;
use muster_transport::{Outage, Weather};

/// How long a run is calm at its end: longer than a device takes to notice that its connection is
/// gone, to stay away at the longest back-off, and to be served.
const CALM: Duration = Duration::from_secs(5 * 60);

/// How long before the end everybody is asked once more: by then even a device that was at its
/// longest back-off is back, and what it put off is done.
const LAST_ASKED_BEFORE_END: Duration = Duration::from_secs(60);

/// Longest outage: a device whose connection has outlived it comes back another way than one whose
/// connection has not.
const OUTAGE_MAX: Duration = Duration::from_secs(6 * 60);

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuicPlan {
    /// How many devices.
    pub(crate) devices: NonZeroUsize,
    /// All chance of the run.
    pub(crate) seed: u64,
    /// How long it lasts, its calm end included.
    pub(crate) length: Duration,
}

impl QuicPlan {
    /// The root of all chance.
    pub(crate) fn root(&self) -> Seed {
        Seed::root(self.seed)
    }

    /// From when on nothing goes wrong and nothing is asked any more, but for one last thing.
    pub(crate) fn calm_from(&self) -> Duration {
        self.length.saturating_sub(CALM)
    }

    /// From when on every device is asked once more, to see that it is still heard.
    pub(crate) fn last_asked(&self) -> Duration {
        self.length.saturating_sub(LAST_ASKED_BEFORE_END)
    }

    /// The hardware.
    pub(crate) fn population(&self) -> Vec<DeviceSpec> {
        population(self.devices.get(), self.root())
    }

    /// What the links do: some runs are smooth, most are not.
    pub(crate) fn weather(&self) -> Weather {
        let mut draws = self.root().child("weather", 0).stream();
        let calm_from = self.calm_from();
        let outages = draws.below(4);
        Weather {
            delay: Duration::from_millis(2) + draws.duration_below(Duration::from_millis(80)),
            jitter: draws.duration_below(Duration::from_millis(40)),
            loss_per_mille: u16::try_from(draws.below(50)).unwrap_or(0),
            outages: (0..outages).map(|_| outage(&mut draws, calm_from)).collect(),
            calm_from,
        }
    }
}

fn outage(draws: &mut Stream, calm_from: Duration) -> Outage {
    let from = draws.duration_below(calm_from);
    let span = Duration::from_secs(5) + draws.duration_below(OUTAGE_MAX);
    let links_per_mille = u16::try_from(50 + draws.below(500)).unwrap_or(0);
    Outage { from, until: (from + span).min(calm_from), links_per_mille }
}
