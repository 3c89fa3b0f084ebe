//! What has to hold in every run.

use alloc::string::String;
use core::fmt;

use muster_protocol::Timestamp;
use serde::{Deserialize, Serialize};

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
}

impl Invariant {
    /// Every promise.
    pub const ALL: [Self; 13] = [
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
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, at, device, what } = self;
        write!(f, "{invariant} ({}) at {at} on device {device}: {what}", invariant.promise())
    }
}
