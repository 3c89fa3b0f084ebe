//! Looking on while a server works.
//!
//! What a run measures it has to see in the moment it happens, command by command. A server without
//! a watch pays one comparison for each moment.

use std::fmt;
use std::sync::Arc;

use muster_control::{CancelReason, CommandState};
use muster_protocol::{CommandId, DeviceId};

/// Somebody who looks on. Called on the threads of the sessions: whoever takes long slows them down.
pub trait Watch: fmt::Debug + Send + Sync {
    /// The server has come to this moment.
    fn saw(&self, what: Seen);
}

/// A moment in the work of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A command has become durable.
    Accepted {
        /// Which.
        command: CommandId,
    },
    /// A push service has taken a push for this device.
    Pushed {
        /// Which.
        device: DeviceId,
    },
    /// The end of a command has become durable.
    Ended {
        /// Which.
        command: CommandId,
        /// How.
        end: CommandEnd,
    },
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandEnd {
    /// The device, or the vendor's service, did it.
    Done,
    /// It was tried and failed.
    Failed,
    /// The device cannot do it.
    NotSupported,
    /// It was taken back, or made way for a wipe, a retire or another enrolment.
    Canceled,
    /// Its time ran out.
    Expired,
}

impl CommandEnd {
    /// The end a state is, if it is one.
    #[must_use]
    pub(crate) const fn of(state: &CommandState) -> Option<Self> {
        match state {
            CommandState::Queued
            | CommandState::InFlight
            | CommandState::NotNow
            | CommandState::AtService => None,
            CommandState::Done { .. } => Some(Self::Done),
            CommandState::Failed { .. } => Some(Self::Failed),
            CommandState::NotSupported { .. } => Some(Self::NotSupported),
            CommandState::Canceled { reason: CancelReason::Expired } => Some(Self::Expired),
            CommandState::Canceled {
                reason:
                    CancelReason::Administrator | CancelReason::Superseded | CancelReason::Unenrolled,
            } => Some(Self::Canceled),
        }
    }
}

/// The watch of a server, if it has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched(pub(crate) Option<Arc<dyn Watch>>);

impl Watched {
    /// Tells whoever looks on.
    pub(crate) fn saw(&self, what: impl FnOnce() -> Seen) {
        if let Some(watch) = &self.0 {
            watch.saw(what());
        }
    }
}
