//! One connection between a device and the server, and the weather on the path beneath it.

use core::time::Duration;

use muster_protocol::seed::Stream;
use muster_protocol::{Seed, Timestamp};
use serde::{Deserialize, Serialize};

use crate::plan::Network;

/// When a message nobody acknowledged is sent again for the first time; doubled each time.
const SENT_AGAIN_AFTER: Duration = Duration::from_millis(300);

/// How often a message is lost in a row at most.
const LOST_MAX: u32 = 6;

/// Tells one connection of a world from all others: the device that made it, and which of its
/// connections it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(pub(crate) u64);

impl LinkId {
    /// The `nth` connection of a device.
    pub(crate) const fn of(device: u32, nth: u32) -> Self {
        Self((device as u64) << 32 | nth as u64)
    }
}

/// Which way a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Way {
    /// From the device to the server.
    Up,
    /// From the server to the device.
    Down,
}

impl Way {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];

    const fn index(self) -> usize {
        match self {
            Self::Up => 0,
            Self::Down => 1,
        }
    }
}

/// A connection: ordered both ways, with delay, until it breaks. Chance comes from a stream for
/// each way, so that one message more upwards shifts nothing downwards.
#[derive(Debug)]
pub(crate) struct Link {
    network: Network,
    draws: [Stream; 2],
    last: [Timestamp; 2],
    hole_until: Timestamp,
}

impl Link {
    pub(crate) fn new(id: LinkId, network: Network, seed: Seed) -> Self {
        let draws = draws(id, seed);
        Self { network, draws, last: [Timestamp::ZERO; 2], hole_until: Timestamp::ZERO }
    }

    /// Draws from another chance from now on.
    pub(crate) fn draw_anew(&mut self, id: LinkId, seed: Seed) {
        self.draws = draws(id, seed);
    }

    /// When a message handed over now arrives: never before the one handed over before it.
    pub(crate) fn arrival(&mut self, now: Timestamp, way: Way, weather: &mut Weather) -> Timestamp {
        let index = way.index();
        let sent = now.max(self.hole_until);
        let at = match self.network.jitter {
            Duration::ZERO => sent.after(self.network.delay),
            jitter => sent.after(self.network.delay + self.draws[index].duration_below(jitter)),
        };
        let at = weather.through(at, way).max(self.last[index]);
        self.last[index] = at;
        at
    }

    /// Holds back everything handed over before `now + lasts`.
    pub(crate) fn black_hole(&mut self, now: Timestamp, lasts: Duration) {
        self.hole_until = self.hole_until.max(now.after(lasts));
    }
}

fn draws(id: LinkId, seed: Seed) -> [Stream; 2] {
    [seed.child("up", id.0).stream(), seed.child("down", id.0).stream()]
}

/// What is wrong with the path between a device and the server, whatever connection is on it.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    draws: Stream,
    held_until: [Timestamp; 2],
    loss: Option<Loss>,
    latency: Option<Latency>,
}

#[derive(Clone, Copy, Debug)]
struct Loss {
    hits: u32,
    of: u32,
    until: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Latency {
    delay: Duration,
    jitter: Duration,
    until: Timestamp,
}

impl Weather {
    /// A path with nothing wrong, and the stream its faults draw from.
    pub(crate) const fn fair(draws: Stream) -> Self {
        Self { draws, held_until: [Timestamp::ZERO; 2], loss: None, latency: None }
    }

    /// Nothing is wrong any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::fair(self.draws.clone());
    }

    /// Holds back what travels this way before `until`.
    pub(crate) fn hold(&mut self, way: Way, until: Timestamp) {
        let held = &mut self.held_until[way.index()];
        *held = until.max(*held);
    }

    pub(crate) const fn lose(&mut self, hits: u32, of: u32, until: Timestamp) {
        self.loss = Some(Loss { hits, of, until });
    }

    pub(crate) const fn slow_down(&mut self, delay: Duration, jitter: Duration, until: Timestamp) {
        self.latency = Some(Latency { delay, jitter, until });
    }

    /// When something arrives that would arrive at `at` on a good path.
    pub(crate) fn through(&mut self, at: Timestamp, way: Way) -> Timestamp {
        let mut at = at.max(self.held_until[way.index()]);
        if let Some(Latency { delay, jitter, .. }) = self.latency.filter(|it| at < it.until) {
            at = at.after(delay + self.draws.duration_below(jitter));
        }
        if let Some(Loss { hits, of, .. }) = self.loss.filter(|it| at < it.until) {
            let mut lost = 0;
            while lost < LOST_MAX && self.draws.chance(hits.into(), of.into()) {
                at = at.after(SENT_AGAIN_AFTER.saturating_mul(1 << lost));
                lost += 1;
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: Network =
        Network { delay: Duration::from_millis(10), jitter: Duration::from_millis(50) };

    fn fair() -> Weather {
        Weather::fair(Seed::root(1).child("weather", 0).stream())
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_micros(millis * 1_000)
    }

    #[test]
    fn what_is_sent_later_never_arrives_earlier() {
        let (mut link, mut weather) = (Link::new(LinkId(1), NETWORK, Seed::root(1)), fair());
        weather.lose(1, 2, at(10_000));
        let arrivals: alloc::vec::Vec<_> =
            (0..200).map(|now| link.arrival(at(now), Way::Up, &mut weather)).collect();
        assert!(arrivals.is_sorted());
        assert!(arrivals[0] >= at(10));
    }

    #[test]
    fn one_way_held_leaves_the_other_open() {
        let (mut link, mut weather) = (Link::new(LinkId(1), NETWORK, Seed::root(1)), fair());
        weather.hold(Way::Up, at(5_000));
        assert!(link.arrival(at(0), Way::Up, &mut weather) >= at(5_000));
        assert!(link.arrival(at(0), Way::Down, &mut weather) < at(100));
    }

    #[test]
    fn the_draws_of_one_way_do_not_shift_the_other() {
        let mut quiet = Link::new(LinkId(1), NETWORK, Seed::root(1));
        let mut busy = Link::new(LinkId(1), NETWORK, Seed::root(1));
        for now in 0..10 {
            busy.arrival(at(now), Way::Up, &mut fair());
        }
        let down = |link: &mut Link| link.arrival(at(1_000), Way::Down, &mut fair());
        assert_eq!(down(&mut quiet), down(&mut busy));
    }

    #[test]
    fn a_cleared_path_is_as_good_as_new() {
        let mut weather = fair();
        weather.hold(Way::Down, at(9_000));
        weather.slow_down(Duration::from_secs(1), Duration::ZERO, at(9_000));
        weather.clear();
        assert_eq!(weather.through(at(1), Way::Down), at(1));
    }
}
