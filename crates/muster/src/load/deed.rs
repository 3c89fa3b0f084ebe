//! What the pacer does, as it tells the collector.

use std::fmt;
use std::time::Duration;

use muster_protocol::{CommandId, DeviceId, Timestamp};
use muster_report::ErrorCode;
use muster_scenario::Action;

use super::timeline::Timeline;

/// Something the pacer has done, or has had to leave undone.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    /// When the plan wanted it, in the time of the run.
    pub(crate) planned: Timestamp,
    /// What it was.
    pub(crate) what: Done,
}

/// What was done.
#[derive(Clone, Debug)]
pub(crate) enum Done {
    /// A request has become this command, to whoever the device was to the server then; nobody if it
    /// was not enrolled.
    Submitted { command: CommandId, request: Request, who: Option<DeviceId>, begins: Begins },
    /// A request that had to wait for a thread is on its way.
    Sent { command: CommandId },
    /// The server has named a command itself.
    Named { command: CommandId, known_as: CommandId },
    /// A request never left: too many were under way.
    Dropped(Request),
    /// A request was turned down.
    Refused { command: CommandId, request: Request, code: ErrorCode, reason: String },
    /// A phase has begun.
    PhaseBegan { phase: usize },
    /// A phase is over.
    PhaseEnded { phase: usize },
    /// A work that concerns many has begun.
    WorkBegan { work: usize },
    /// A device was switched on.
    SwitchedOn { device: u32 },
    /// A device was switched off.
    SwitchedOff { device: u32 },
    /// A device is to enrol again.
    EnrolAgain { device: u32 },
    /// A fault has begun.
    FaultBegan { fault: usize },
    /// A fault is over.
    FaultEnded { fault: usize },
    /// Somebody has changed the run, or wanted something to go wrong.
    Changed(String),
    /// What somebody wanted to go wrong does. A server that is away cannot go before it is back.
    Injected(Injected),
    /// Somebody wanted what cannot be done, and this is why.
    Unheeded(&'static str),
    /// What the plan has ahead comes at other instants from now on.
    Retimed(Timeline),
}

/// Something that goes wrong because somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Injected {
    /// What its rounds have in common; no name of a scenario.
    pub(crate) name: &'static str,
    /// What happens, in words.
    pub(crate) what: String,
    /// For how long.
    pub(crate) lasts: Duration,
    pub(crate) side: Side,
}

/// When a request is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    /// As soon as it is a command.
    AtOnce,
    /// Once a thread has time to send it: until then it is the generator that is late.
    WhenSent,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Fleet,
    Server,
}

/// What is asked of a device, and as part of which work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// When the plan has it, by the plan's own time: the phase it belongs to.
    pub(crate) moment: Timestamp,
    /// The device's number in the whole fleet.
    pub(crate) device: u32,
    /// What is asked.
    pub(crate) action: Action,
    /// The work's index in the scenario.
    pub(crate) work: usize,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for device {}", self.action, self.device)
    }
}
