//! Faults of a live fleet: what goes wrong, on which devices, when.
//!
//! Every draw has a stream of its own, derived from the seed of the fleet, the fault, the device
//! and what it is about, so that one more fault or one more device changes no other.

mod grammar;
mod trouble;
mod waiting;
mod words;

use std::time::Duration;

use muster_protocol::fault::{Scope, Trigger};
use muster_transport::{Direction, LinkFault, Rate, Window};

pub use grammar::FaultError;
pub(crate) use trouble::{AnswerFault, FaultPlan, Subject, Trouble};
pub(crate) use waiting::Strike;

/// One fault of a fleet. Written and read as text: see [`FleetFault::from_str`](std::str::FromStr).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetFault {
    /// What goes wrong.
    pub what: WhatFails,
    /// Whom it strikes.
    pub scope: Scope,
    /// What it waits for once its time has come.
    pub trigger: Trigger,
    /// When. What waits for something lasts so long from then on: for ever, or for one answer, if
    /// nothing is said.
    pub window: Window,
}

/// What the times of a fleet's faults count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultsCount {
    /// The start of the fleet.
    FromStart,
    /// What the fleet is told: nothing goes wrong before
    /// [`Fleet::time_faults`](crate::Fleet::time_faults).
    WhenTold,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhatFails {
    /// The network between a device and its server.
    Link(LinkFault, Direction),
    /// The way a device reaches its server, at one moment.
    Path(PathFault),
    /// What a device says, with these odds for each answer.
    Answer(DeviceFault, Rate),
    /// How a push reaches a woken device, with these odds for each push.
    Wake(WakeFault, Rate),
}

/// What happens to the way of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// Its router forgets it: the device does not know.
    Rebind,
    /// It moves to another network: QUIC migrates the connection.
    Migrate,
    /// Its connection breaks.
    Cut,
}

/// What a device does wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceFault {
    /// Gives it twice.
    RepeatAnswer,
    /// Gives it for an attempt that has not been.
    OldAttempt,
    /// Answers a command nobody asked for first.
    UnknownAnswer,
    /// Loses the connection before the answer is out.
    LoseAnswer,
    /// Keeps it to itself.
    KeepAnswer,
    /// Its agent dies before the answer is out, and starts again from what was durable.
    Crash,
    /// Takes its time.
    Slow {
        /// How much.
        by: Duration,
    },
}

/// What happens to a push between its service, which has taken it, and the device.
///
/// What the services do by themselves, keeping the newest and giving up what has expired, needs no
/// fault: it is what becomes of a push for a device that is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeFault {
    /// It reaches nobody.
    Lost,
    /// It takes its time.
    Late {
        /// How much.
        by: Duration,
    },
    /// It comes twice.
    Duplicated,
}

impl WhatFails {
    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Link(LinkFault::BlackHole, Direction::Up | Direction::Down) => "one-way",
            Self::Link(fault, _) => fault.name(),
            Self::Path(PathFault::Rebind) => "rebind",
            Self::Path(PathFault::Migrate) => "migrate",
            Self::Path(PathFault::Cut) => "cut",
            Self::Answer(fault, _) => fault.name(),
            Self::Wake(fault, _) => fault.name(),
        }
    }
}

impl WhatFails {
    /// Whether a device that is struck cannot share its UDP socket with others.
    #[must_use]
    pub const fn needs_socket(&self) -> bool {
        match self {
            Self::Link(..) => true,
            Self::Path(path) => path.needs_socket(),
            Self::Answer(..) | Self::Wake(..) => false,
        }
    }
}

impl PathFault {
    pub(crate) const fn needs_socket(self) -> bool {
        match self {
            Self::Rebind | Self::Migrate => true,
            Self::Cut => false,
        }
    }
}

impl DeviceFault {
    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RepeatAnswer => "repeat-answer",
            Self::OldAttempt => "old-attempt",
            Self::UnknownAnswer => "unknown-answer",
            Self::LoseAnswer => "lose-answer",
            Self::KeepAnswer => "keep-answer",
            Self::Crash => "crash",
            Self::Slow { .. } => "slow",
        }
    }
}

impl WakeFault {
    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Lost => "wake-lost",
            Self::Late { .. } => "wake-late",
            Self::Duplicated => "wake-duplicated",
        }
    }
}
