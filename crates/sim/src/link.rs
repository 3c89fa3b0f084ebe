//! One connection between a device and the server: ordered both ways, with delay, until it breaks.

use core::time::Duration;

use muster_protocol::seed::Stream;
use muster_protocol::{Seed, Timestamp};

use crate::plan::Network;

/// Tells one connection of a world from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(pub(crate) u64);

/// Which way a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Up,
    Down,
}

/// A connection. Chance comes from a stream for each way, so that one message more upwards
/// shifts nothing downwards.
#[derive(Debug)]
pub(crate) struct Link {
    network: Network,
    draws: [Stream; 2],
    last: [Timestamp; 2],
    hole_until: Timestamp,
}

impl Link {
    pub(crate) fn new(id: LinkId, network: Network, seed: Seed) -> Self {
        let draws = [seed.child("up", id.0).stream(), seed.child("down", id.0).stream()];
        Self { network, draws, last: [Timestamp::ZERO; 2], hole_until: Timestamp::ZERO }
    }

    /// When a message handed over now arrives: never before the one handed over before it.
    pub(crate) fn arrival(&mut self, now: Timestamp, way: Way) -> Timestamp {
        let index = match way {
            Way::Up => 0,
            Way::Down => 1,
        };
        let jitter = self.draws[index].duration_below(self.network.jitter);
        let sent = now.max(self.hole_until);
        let at = sent.after(self.network.delay + jitter).max(self.last[index]);
        self.last[index] = at;
        at
    }

    /// Holds back everything handed over before `now + lasts`.
    pub(crate) fn black_hole(&mut self, now: Timestamp, lasts: Duration) {
        self.hole_until = self.hole_until.max(now.after(lasts));
    }
}
