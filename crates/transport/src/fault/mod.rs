//! Faults of the network between a device and its server, made on purpose and from a seed.
//!
//! A [`FaultyLink`] stands between an endpoint and its UDP socket and decides over every datagram.
//! What becomes of the n-th datagram of a direction depends on the seed, the direction and n only,
//! so that one more fault or one more device changes no other draw. An endpoint without faults
//! has the plain socket and pays nothing.

mod clock;
mod counters;
mod lane;
mod link;
mod pace;
mod socket;

use std::fmt;
use std::time::Duration;

pub use clock::{FaultClock, FaultCourse};
pub use counters::{LinkCount, LinkCounters, LinkTotals};
pub use link::FaultyLink;

/// What goes wrong with datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// Each is lost with these odds.
    Loss {
        /// The odds.
        rate: Rate,
    },
    /// They are lost in bursts; of all, this share.
    BurstLoss {
        /// The share that is lost.
        rate: Rate,
        /// Mean length of a burst, in datagrams.
        length: u32,
    },
    /// Each takes longer.
    Delay {
        /// By this.
        by: Duration,
    },
    /// Each takes longer by its own draw, so that they overtake each other.
    Jitter {
        /// Below this.
        below: Duration,
    },
    /// Some arrive twice.
    Duplicate {
        /// With these odds.
        rate: Rate,
    },
    /// Some are overtaken by those after them.
    Reorder {
        /// With these odds.
        rate: Rate,
        /// How long such a datagram is held back.
        by: Duration,
    },
    /// Some arrive with one bit changed.
    Corrupt {
        /// With these odds.
        rate: Rate,
    },
    /// None gets through, and nobody is told.
    BlackHole,
    /// They leave one after another, only so fast; what finds too many waiting is lost.
    RateLimit {
        /// Payload of UDP that leaves in a second, each way.
        bytes_per_s: u32,
        /// How many may wait behind the one that is leaving.
        queue: u32,
    },
    /// Those that are larger get lost, and nobody is told.
    MtuShrinks {
        /// The largest payload of UDP that gets through.
        bytes: u16,
    },
    /// The network of the device lets no UDP pass.
    UdpBlocked,
    /// The router of the device forgets it: what comes in is dropped until the device has sent
    /// something. What comes in keeps no mapping alive, which RFC 4787, section 4.3, leaves open.
    MappingForgotten {
        /// After the device has sent nothing for longer than this.
        idle: Duration,
    },
}

/// Which datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Device to server.
    Up,
    /// Server to device.
    Down,
    /// All.
    Both,
}

/// Odds, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u32);

/// When a fault is on, in the time of its [`FaultClock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From then on.
    pub at: Duration,
    /// For so long; for ever without it.
    pub lasts: Option<Duration>,
    /// And again after so long, from beginning to beginning.
    pub every: Option<Duration>,
    /// Until then: no round begins from here on; for ever without it.
    pub until: Option<Duration>,
}

/// One fault of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkRule {
    /// What.
    pub fault: LinkFault,
    /// Which datagrams.
    pub direction: Direction,
    /// When.
    pub window: Window,
}

impl Rate {
    /// All of a million.
    pub const ALWAYS: Self = Self(1_000_000);

    /// So many of a million; at most all of them.
    #[must_use]
    pub const fn per_million(hits: u32) -> Self {
        Self(if hits > Self::ALWAYS.0 { Self::ALWAYS.0 } else { hits })
    }

    /// So many of a hundred.
    #[must_use]
    pub const fn percent(hits: u32) -> Self {
        Self::per_million(hits.saturating_mul(10_000))
    }

    /// How many of a million.
    #[must_use]
    pub const fn hits(self) -> u32 {
        self.0
    }
}

/// As percent, without what is not needed.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        let rest = format!("{rest:04}");
        match rest.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            rest => write!(f, "{whole}.{rest}%"),
        }
    }
}

impl Window {
    /// Always.
    pub const ALWAYS: Self = Self { at: Duration::ZERO, lasts: None, every: None, until: None };

    /// Not by itself: see [`FaultyLink::begin`].
    pub const NEVER: Self = Self { at: Duration::MAX, ..Self::ALWAYS };

    /// Whether the fault is on when its clock is so far.
    #[must_use]
    pub fn contains(&self, elapsed: Duration) -> bool {
        let Some(since) = elapsed.checked_sub(self.at) else {
            return false;
        };
        let into = match self.every {
            Some(every) if !every.is_zero() => {
                Duration::from_nanos_u128(since.as_nanos() % every.as_nanos())
            }
            Some(_) | None => since,
        };
        let began = elapsed.saturating_sub(into);
        self.lasts.is_none_or(|lasts| into < lasts) && self.may_begin(began)
    }

    /// When it begins next once its clock is so far; `None` if never again.
    #[must_use]
    pub fn next_beginning(&self, elapsed: Duration) -> Option<Duration> {
        let Some(since) = elapsed.checked_sub(self.at).filter(|since| !since.is_zero()) else {
            return Some(self.at).filter(|at| self.may_begin(*at));
        };
        let every = self.every.filter(|every| !every.is_zero())?;
        let times = since.as_nanos().div_ceil(every.as_nanos());
        let times = u32::try_from(times).ok()?;
        let next = every.checked_mul(times).and_then(|span| self.at.checked_add(span));
        next.filter(|at| self.may_begin(*at))
    }

    fn may_begin(&self, at: Duration) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

impl Direction {
    const fn covers(self, lane: Self) -> bool {
        matches!((self, lane), (Self::Both, _) | (Self::Up, Self::Up) | (Self::Down, Self::Down))
    }
}

impl LinkFault {
    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Loss { .. } => "loss",
            Self::BurstLoss { .. } => "burst-loss",
            Self::Delay { .. } => "delay",
            Self::Jitter { .. } => "jitter",
            Self::Duplicate { .. } => "duplicate",
            Self::Reorder { .. } => "reorder",
            Self::Corrupt { .. } => "corrupt",
            Self::BlackHole => "black-hole",
            Self::RateLimit { .. } => "rate-limit",
            Self::MtuShrinks { .. } => "mtu-shrinks",
            Self::UdpBlocked => "udp-blocked",
            Self::MappingForgotten { .. } => "mapping-forgotten",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_window_opens_at_its_time_lasts_and_comes_again() {
        let once = Window { at: seconds(5), lasts: Some(seconds(2)), ..Window::ALWAYS };
        let open: Vec<u64> = (0..20).filter(|at| once.contains(seconds(*at))).collect();
        assert_eq!(open, [5, 6]);
        let again = Window { every: Some(seconds(10)), ..once };
        let open: Vec<u64> = (0..30).filter(|at| again.contains(seconds(*at))).collect();
        assert_eq!(open, [5, 6, 15, 16, 25, 26]);
        let ended = Window { until: Some(seconds(16)), ..again };
        let open: Vec<u64> = (0..30).filter(|at| ended.contains(seconds(*at))).collect();
        assert_eq!(open, [5, 6, 15, 16], "what has begun lasts as long as it does");
        assert!(Window::ALWAYS.contains(Duration::ZERO));
        assert!(!Window::NEVER.contains(seconds(1)));
    }

    #[test]
    fn the_next_beginning_is_never_in_the_past() {
        let again = Window { at: seconds(5), every: Some(seconds(10)), ..Window::ALWAYS };
        let next = |at| again.next_beginning(seconds(at));
        assert_eq!(
            [next(0), next(5), next(6), next(15)],
            [5, 5, 15, 15].map(|at| Some(seconds(at)))
        );
        let once = Window { every: None, ..again };
        assert_eq!(once.next_beginning(seconds(6)), None);
        let ended = Window { until: Some(seconds(15)), ..again };
        assert_eq!([5, 6].map(|at| ended.next_beginning(seconds(at))), [Some(seconds(5)), None]);
    }

    #[test]
    fn a_rate_is_written_as_short_as_it_can_be() {
        let written = [0, 50_000, 1, 12_500, 1_000_000, 2_000_000]
            .map(|hits| Rate::per_million(hits).to_string());
        assert_eq!(written, ["0%", "5%", "0.0001%", "1.25%", "100%", "100%"]);
    }
}
