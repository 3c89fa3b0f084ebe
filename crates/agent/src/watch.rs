//! Looking on while a fleet lives.
//!
//! What a run measures it has to see in the moment it happens, device by device. A fleet without a
//! watch pays one comparison for each moment.

use std::fmt;
use std::sync::Arc;

use muster_protocol::{CommandId, DeviceId, ErrorItem, Outcome};

use crate::ending::Ending;

/// Somebody who looks on. Called on the threads of the devices: whoever takes long slows them down.
pub trait Watch: fmt::Debug + Send + Sync {
    /// The device with this index has come to this moment.
    fn saw(&self, device: u32, what: Seen);
}

/// A moment in the life of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    ConnectFailed(Ending),
    /// A connection that was welcomed is over.
    Disconnected(Ending),
    /// It has received this command, for the first time or again.
    Delivered(CommandId),
    /// It has given this answer to a command, or has tried to; of an error the first item.
    Answered(CommandId, AnswerClass, Option<Box<ErrorItem>>),
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
    /// Not now, because the device is locked: it is offered again once it is not.
    Locked,
    /// Tried and failed.
    Error,
    /// Not for this device.
    NotSupported,
    /// Not understood.
    FormatError,
}

impl AnswerClass {
    /// Whether the command is over with this answer.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Acknowledged | Self::Error | Self::NotSupported | Self::FormatError => true,
            Self::NotNow | Self::Locked => false,
        }
    }
}

impl Seen {
    /// An answer of a device that is locked or not.
    pub(crate) fn answer(command: CommandId, outcome: &Outcome, lock: Lock) -> Self {
        let first = |items: &[ErrorItem]| items.first().cloned().map(Box::new);
        let (class, error) = match (outcome, lock) {
            (Outcome::Acknowledged(_), _) => (AnswerClass::Acknowledged, None),
            (Outcome::NotNow, Lock::Open) => (AnswerClass::NotNow, None),
            (Outcome::NotNow, Lock::InTheWay) => (AnswerClass::Locked, None),
            (Outcome::Error(items), _) => (AnswerClass::Error, first(items)),
            (Outcome::NotSupported(items), _) => (AnswerClass::NotSupported, first(items)),
            (Outcome::CommandFormatError, _) => (AnswerClass::FormatError, None),
        };
        Self::Answered(command, class, error)
    }
}

/// Whether its lock keeps a device from what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    Open,
    InTheWay,
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

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Answer;

    const COMMAND: CommandId = CommandId::from_bytes([1; 16]);

    fn item(code: i32) -> ErrorItem {
        let (domain, description) = ("MCMDMErrorDomain".to_owned(), "no".to_owned());
        ErrorItem { domain, code, description }
    }

    #[test]
    fn an_answer_is_told_with_the_top_error_and_nothing_else_of_it() {
        let table = [
            (Outcome::Acknowledged(Answer::Done), AnswerClass::Acknowledged, None),
            (Outcome::Error(vec![item(7), item(8)]), AnswerClass::Error, Some(item(7))),
            (Outcome::Error(Vec::new()), AnswerClass::Error, None),
            (Outcome::NotSupported(vec![item(9)]), AnswerClass::NotSupported, Some(item(9))),
            (Outcome::CommandFormatError, AnswerClass::FormatError, None),
            (Outcome::NotNow, AnswerClass::NotNow, None),
        ];
        for (outcome, class, error) in table {
            let told = Seen::answer(COMMAND, &outcome, Lock::Open);
            assert_eq!(told, Seen::Answered(COMMAND, class, error.map(Box::new)));
        }
    }

    #[test]
    fn a_device_behind_its_lock_says_not_now_for_that_reason() {
        let told = Seen::answer(COMMAND, &Outcome::NotNow, Lock::InTheWay);
        assert_eq!(told, Seen::Answered(COMMAND, AnswerClass::Locked, None));
        assert!(!AnswerClass::Locked.is_final());
    }
}
