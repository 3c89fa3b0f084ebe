//! Something that happens, and when.

use muster_protocol::Timestamp;

use crate::action::Action;
use crate::scenario::ServerFault;

/// Something that happens, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// From the start of the run.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happens. Devices are named by their global index, works, faults and phases by their index
/// in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A phase begins.
    PhaseBegins {
        /// Which.
        phase: usize,
    },
    /// A phase is over.
    PhaseEnds {
        /// Which.
        phase: usize,
    },
    /// The clock of a work begins that a fleet has to get over: a broadcast or a mass wipe is asked
    /// for, devices vanish or are switched on, those with a backlog come back. Arrivals have none.
    WorkBegins {
        /// Which.
        work: usize,
        /// How many devices it concerns, in all shards.
        devices: u32,
    },
    /// A device is switched on: for the first time, or back from where it was.
    SwitchOn {
        /// Which.
        device: u32,
    },
    /// A device vanishes from the network without a word. On one that is away already: nothing.
    SwitchOff {
        /// Which.
        device: u32,
    },
    /// A device that was wiped or retired is set up and enrols again: now, or as soon as it is
    /// unenrolled.
    EnrolAgain {
        /// Which.
        device: u32,
    },
    /// The server is asked for something.
    Submit {
        /// For whom.
        device: u32,
        /// What.
        command: Action,
        /// As part of which work.
        work: usize,
    },
    /// A fault of the fleet begins.
    FaultBegins {
        /// Which.
        fault: usize,
    },
    /// A fault is over; a server that was away is started again.
    FaultEnds {
        /// Which.
        fault: usize,
    },
    /// A fault of the server begins.
    Server {
        /// Which.
        fault: usize,
        /// What; its spans are those of the scenario, before scaling.
        kind: ServerFault,
    },
}
