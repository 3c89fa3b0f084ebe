//! What a habit consists of: the columns of the table of habits.
//!
//! Clock times are minutes since midnight of the day a person wakes; beyond 1440 is the next day.

use muster_protocol::seed::Stream;
use serde::{Deserialize, Serialize};

use super::act::Act;

/// Minutes of an hour.
pub(super) const HOUR: u64 = 60;

/// From the first to the last, both included; what of it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Range {
    pub(super) const fn new(first: u64, last: u64) -> Self {
        Self { first, last }
    }

    pub(super) fn draw(self, draws: &mut Stream) -> u64 {
        self.first + draws.below(self.last - self.first + 1)
    }
}

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odds {
    pub(super) hits: u64,
    pub(super) of: u64,
}

impl Odds {
    /// Every time.
    pub(super) const ALWAYS: Self = Self { hits: 1, of: 1 };

    /// So many times of a hundred.
    pub(super) const fn percent(hits: u64) -> Self {
        Self { hits, of: 100 }
    }

    /// Once in so many times.
    pub(super) const fn one_in(of: u64) -> Self {
        Self { hits: 1, of }
    }

    pub(super) fn draw(self, draws: &mut Stream) -> bool {
        draws.chance(self.hits, self.of)
    }
}

/// What a day of the week is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayKind {
    Work,
    Free,
}

/// On which days something applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    Work,
    Free,
    All,
}

impl Days {
    pub(super) fn include(self, kind: DayKind) -> bool {
        match self {
            Self::Work => kind == DayKind::Work,
            Self::Free => kind == DayKind::Free,
            Self::All => true,
        }
    }
}

/// How far the network reaches a device; the later, the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Reach {
    Online,
    /// On, without a network.
    Offline,
    /// Switched off by hand.
    Off,
    /// Off, because the battery is empty.
    Flat,
}

/// A time without network, once a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) days: Days,
    pub(super) odds: Odds,
    /// When it begins, in minutes.
    pub(super) at: Range,
    /// How many minutes it lasts.
    pub(super) minutes: Range,
    pub(super) reach: Reach,
}

/// A part of the day in which a person looks at the device now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glances {
    pub(super) days: Days,
    /// First and last minute; outside the time awake nobody looks.
    pub(super) within: Range,
    /// How many times an hour.
    pub(super) per_hour: Range,
    /// How many minutes each.
    pub(super) minutes: Range,
}

/// How a screen is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScreenUse {
    /// Now and then.
    Glances(&'static [Glances]),
    /// Always: it never locks.
    Always,
}

/// Something done on few days, at any time awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whim {
    pub(super) act: Act,
    /// Each day.
    pub(super) odds: Odds,
}

/// What becomes of a device while its user sleeps, in nights of a hundred; else it is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Night {
    pub(super) off: u64,
    pub(super) flight_mode: u64,
}

/// Where the cycle of an absence begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// On a Monday, for everybody.
    Monday,
    /// Anywhere, drawn for each person.
    Drawn,
}

/// Days in a row without network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Away {
    /// One at most in so many days.
    pub(super) cycle_days: u64,
    pub(super) phase: Phase,
    /// Each cycle.
    pub(super) odds: Odds,
    /// Which day of the cycle it begins, from 0.
    pub(super) begins: Range,
    pub(super) days: Range,
    pub(super) reach: Reach,
}

/// The days of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Routine {
    /// Monday first.
    pub(super) week: [DayKind; 7],
    /// When a person wakes on a day of work, in minutes.
    pub(super) wakes: Range,
    /// The same on a free day.
    pub(super) wakes_free: Range,
    /// How many minutes a person is awake.
    pub(super) awake: Range,
    pub(super) night: Night,
    pub(super) spells: &'static [Spell],
    pub(super) screen: ScreenUse,
    pub(super) whims: &'static [Whim],
    pub(super) away: Option<Away>,
}
