//! What a plan is made for, and which part of it one process plays.

use core::num::NonZeroU32;

use muster_protocol::Seed;

use crate::scenario::Scenario;
use crate::units::TimeScale;

/// What a plan is made for, beside its scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// All chance of the run.
    pub seed: Seed,
    /// How many devices; `None` for as many as the scenario says. Rates go with it.
    pub devices: Option<NonZeroU32>,
    /// How fast: spans go with it, rates and limits do not.
    pub time_scale: TimeScale,
    /// Which share of the whole.
    pub shard: Shard,
}

impl Run {
    /// As the scenario says: all of it, at its own speed.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            seed: Seed::root(scenario.seed),
            devices: None,
            time_scale: TimeScale::REAL,
            shard: Shard::WHOLE,
        }
    }
}

/// One of several processes that play one plan together: each device belongs to one of them, and
/// so does whatever is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: NonZeroU32,
}

impl Shard {
    /// All there is.
    pub const WHOLE: Self = Self { index: 0, of: NonZeroU32::MIN };

    /// The share with this index, from 0, of so many; `None` if there is none.
    #[must_use]
    pub const fn new(index: u32, of: NonZeroU32) -> Option<Self> {
        if index < of.get() { Some(Self { index, of }) } else { None }
    }

    /// Its index, from 0.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub const fn of(self) -> NonZeroU32 {
        self.of
    }

    /// Whether the device with this global index belongs to it.
    #[must_use]
    pub const fn has(self, device: u32) -> bool {
        device % self.of.get() == self.index
    }
}
