//! What happens to datagrams on their way, drawn from the seed of the network.

use std::time::Duration;

use muster_protocol::Seed;
use muster_protocol::seed::Stream;

use super::{Fate, Way};

/// What the links of a network are like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// How long every datagram takes at least.
    pub delay: Duration,
    /// What is added at most, drawn for each. A datagram may overtake another.
    pub jitter: Duration,
    /// How many of a thousand are lost.
    pub loss_per_mille: u16,
    /// When links are cut.
    pub outages: Vec<Outage>,
    /// From when on nothing is lost any more, counted from the beginning of the network.
    pub calm_from: Duration,
}

/// A time in which some links carry nothing, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// From when on, counted from the beginning of the network.
    pub from: Duration,
    /// Until when.
    pub until: Duration,
    /// How many of a thousand links are cut, drawn for each.
    pub links_per_mille: u16,
}

/// One client's way to the server and back. Each direction draws for itself, so that a packet more
/// on one shifts no draw of any other.
#[derive(Debug)]
pub(super) struct Link {
    up: Stream,
    down: Stream,
    /// The outages this link takes part in.
    cut: Vec<(Duration, Duration)>,
}

/// Draws are for a thousand.
const MILLE: u64 = 1_000;

impl Link {
    pub(super) fn new(seed: Seed, number: u32, weather: &Weather) -> Self {
        let own = |label, index| seed.child(label, index).child("link", u64::from(number));
        let cut = (0_u64..).zip(&weather.outages).filter_map(|(index, outage)| {
            let is_in = own("outage", index).stream().chance(outage.links_per_mille.into(), MILLE);
            is_in.then_some((outage.from, outage.until))
        });
        Self { cut: cut.collect(), up: own("way", 0).stream(), down: own("way", 1).stream() }
    }

    /// Decides about a datagram that is sent at `at`.
    pub(super) fn fate(&mut self, at: Duration, way: Way, weather: &Weather) -> Fate {
        let draws = match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        };
        // Both are drawn whatever comes of it: calm weather shifts nothing.
        let is_unlucky = draws.chance(weather.loss_per_mille.into(), MILLE);
        let span = weather.delay + draws.duration_below(weather.jitter);
        let is_cut = self.cut.iter().any(|(from, until)| *from <= at && at < *until);
        if is_cut || is_unlucky && at < weather.calm_from {
            Fate::Lost
        } else {
            Fate::Arrives(u32::try_from(span.as_micros()).unwrap_or(u32::MAX))
        }
    }
}
