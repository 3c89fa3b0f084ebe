//! Looking on while a fleet lives.
//!
//! What a run measures it has to see in the moment it happens, device by device. A fleet without a
//! watch pays one comparison for each moment.

use std::fmt;
use std::sync::Arc;

use muster_protocol::{CloseCode, CommandId, DeviceId, Outcome};

use crate::ending::Ending;

/// Somebody who looks on. Called on the threads of the devices: whoever takes long slows them down.
pub trait Watch: fmt::Debug + Send + Sync {
    /// The device with this index has come to this moment.
    fn saw(&self, device: u32, what: Seen);
}

/// A moment in the life of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A push has reached it.
    Woken,
    /// It is enrolled, under this id, or goes on with the enrolment of an earlier process.
    Enrolled(DeviceId),
    /// Its enrolment is over.
    Unenrolled,
    /// The server has welcomed it.
    Connected,
    /// An attempt to enrol or to connect came to nothing.
    ConnectFailed(Obstacle),
    /// A connection that was welcomed is over.
    Disconnected,
    /// It has received this command, for the first time or again.
    Delivered(CommandId),
    /// It has given this answer to a command, or has tried to.
    Answered(CommandId, AnswerClass),
    /// The command has had its effect again: a broken promise.
    ExecutedTwice(CommandId),
}

/// What kind of answer a device gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerClass {
    /// Carried out.
    Acknowledged,
    /// Not now: it is offered again.
    NotNow,
    /// Tried and failed.
    Error,
    /// Not for this device.
    NotSupported,
    /// Not understood.
    FormatError,
}

/// Why a device did not get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The server closed with this code.
    Closed(CloseCode),
    /// No answer, or the connection was lost.
    Lost,
    /// TLS refused, on either side.
    Tls,
    /// An answer that is none, or an address that cannot be reached.
    Unusable,
}

impl From<&Outcome> for AnswerClass {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Acknowledged(_) => Self::Acknowledged,
            Outcome::NotNow => Self::NotNow,
            Outcome::Error(_) => Self::Error,
            Outcome::NotSupported(_) => Self::NotSupported,
            Outcome::CommandFormatError => Self::FormatError,
        }
    }
}

impl From<Ending> for Obstacle {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Closed(code) => Self::Closed(code),
            Ending::Lost => Self::Lost,
            Ending::TlsRefused => Self::Tls,
            Ending::Unusable => Self::Unusable,
        }
    }
}

/// The watch of a fleet, if it has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched(pub(crate) Option<Arc<dyn Watch>>);

impl Watched {
    /// Tells whoever looks on.
    pub(crate) fn saw(&self, device: u32, what: impl FnOnce() -> Seen) {
        if let Some(watch) = &self.0 {
            watch.saw(device, what());
        }
    }
}
