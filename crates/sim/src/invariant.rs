//! What has to hold in every run.

use alloc::string::String;
use core::fmt;

use muster_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan::Plan;

/// A promise. Safety holds at every step, liveness once the faults have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Invariant {
    /// A command executes at most once in effect.
    S1,
    /// A terminal state never changes.
    S2,
    /// An accepted command is never lost, whatever crashes.
    S3,
    /// No device sees a command that is not its own.
    S4,
    /// Commands of one priority reach a device in the order of acceptance.
    S5,
    /// At most one command is with a device at a time.
    S6,
    /// Nothing is executed after a wipe.
    S7,
    /// What has expired or was taken back in time is not delivered.
    S8,
    /// Attempts count upwards, and only the present one closes a command.
    S9,
    /// Every command that can come to an end has come to one.
    L1,
    /// Every device that can be connected is.
    L2,
    /// What got NotNow is offered again once the device is ready, and not before.
    L3,
    /// No device connects faster than the back-off law lets it.
    L4,
    /// A woken device connects only for a reason.
    L5,
}

impl Invariant {
    /// Every promise.
    pub const ALL: [Self; 14] = [
        Self::S1,
        Self::S2,
        Self::S3,
        Self::S4,
        Self::S5,
        Self::S6,
        Self::S7,
        Self::S8,
        Self::S9,
        Self::L1,
        Self::L2,
        Self::L3,
        Self::L4,
        Self::L5,
    ];

    /// The promise in words.
    #[must_use]
    pub const fn promise(self) -> &'static str {
        match self {
            Self::S1 => "a command executes at most once in effect",
            Self::S2 => "a terminal state never changes",
            Self::S3 => "an accepted command is never lost",
            Self::S4 => "no device sees a command of another",
            Self::S5 => "commands of one priority arrive in the order of acceptance",
            Self::S6 => "at most one command is with a device at a time",
            Self::S7 => "nothing is executed after a wipe",
            Self::S8 => "what has expired or was taken back is not delivered",
            Self::S9 => "attempts count upwards, and only the present one closes a command",
            Self::L1 => "every command that can end has ended",
            Self::L2 => "every device that can be connected is",
            Self::L3 => "what got NotNow is offered again once the device is ready, and not before",
            Self::L4 => "no device connects faster than the back-off law lets it",
            Self::L5 => "a woken device connects only for a reason",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When, in virtual time.
    pub at: Timestamp,
    /// The device concerned.
    pub device: u32,
    /// What was seen.
    pub what: String,
    /// The run it was seen in.
    #[serde(default)]
    pub origin: Origin,
}

/// What a run is made of: with all three it can be played again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The seed.
    pub seed: u64,
    /// Digest of the plan.
    pub scenario: u64,
    /// The version that played it.
    pub version: String,
}

impl Origin {
    /// Where what is seen in `plan` comes from.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let version = String::from(env!("CARGO_PKG_VERSION"));
        Self { seed: plan.seed, scenario: plan.digest(), version }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, scenario, version } = self;
        write!(f, "seed {seed}, plan {scenario:016x}, version {version}")
    }
}

impl Violation {
    /// A violation of a run that is not named yet.
    #[must_use]
    pub fn new(invariant: Invariant, at: Timestamp, device: u32, what: String) -> Self {
        Self { invariant, at, device, what, origin: Origin::default() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, at, device, what, origin } = self;
        write!(f, "{invariant} ({}) at {at} on device {device}: {what}", invariant.promise())?;
        write!(f, " [{origin}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_violation_says_where_and_when_it_can_be_seen_again() {
        let at = Timestamp::from_micros(3_600_000_000);
        let what = String::from("it happened twice");
        let origin = Origin { seed: 17, scenario: 0xabc, version: "0.1.0".into() };
        let violation = Violation { origin, ..Violation::new(Invariant::S1, at, 4, what) };
        assert_eq!(
            violation.to_string(),
            "S1 (a command executes at most once in effect) at 1:00:00.000000 on device 4: \
             it happened twice [seed 17, plan 0000000000000abc, version 0.1.0]"
        );
    }
}
