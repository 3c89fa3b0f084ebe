//! Looking on while a server works.
//!
//! What a run measures it has to see in the moment it happens, command by command. A server without
//! a watch pays one comparison for each moment.

use std::fmt;
use std::sync::Arc;

use muster_control::{CancelReason, CommandState, DeviceRecord, Settled};
use muster_protocol::management::CommandResult;
use muster_protocol::{Answer, CommandId, DeviceId, Outcome};

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
    /// An answer of a device has changed nothing.
    AnswerIgnored {
        /// To which command.
        command: CommandId,
        /// Why.
        why: Ignored,
    },
}

/// Why an answer changed nothing.
///
/// Source: REQ-ACK-006, REQ-ACK-007 (docs/protocol/session.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// It was to another attempt than the present one.
    Stale,
    /// It was taken before, or the command is over.
    Duplicate,
    /// The same, and it says another thing than what is known.
    Conflicting,
    /// Nobody knows the command.
    Unknown,
}

impl Ignored {
    /// Why this answer, of which `record` has made this, changed nothing; `None` if it did.
    pub(crate) fn of(
        settled: Settled,
        record: &DeviceRecord,
        answer: &CommandResult,
    ) -> Option<Self> {
        match settled {
            Settled::Closed | Settled::Deferred => None,
            Settled::StaleAttempt => Some(Self::Stale),
            Settled::Unknown => Some(Self::Unknown),
            Settled::Duplicate => {
                let known = record.commands().find(|command| command.id == answer.id);
                let conflicts = known.is_some_and(|it| contradicts(&answer.outcome, &it.state));
                Some(if conflicts { Self::Conflicting } else { Self::Duplicate })
            }
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stale => "it was to another attempt",
            Self::Duplicate => "it had been taken, or the command was over",
            Self::Conflicting => "the command had been answered otherwise",
            Self::Unknown => "nobody knows the command",
        })
    }
}

/// Whether an answer cannot be the one that has brought a command into this state.
fn contradicts(outcome: &Outcome, state: &CommandState) -> bool {
    match state {
        CommandState::Done { .. } => !matches!(outcome, Outcome::Acknowledged(_)),
        CommandState::Failed { .. } => {
            // Settings that were not all applied are acknowledged and have failed.
            !matches!(outcome, Outcome::Error(_) | Outcome::Acknowledged(Answer::Settings(_)))
        }
        CommandState::NotSupported { .. } => {
            !matches!(outcome, Outcome::NotSupported(_) | Outcome::CommandFormatError)
        }
        CommandState::NotNow => *outcome != Outcome::NotNow,
        // Nothing was answered.
        CommandState::Queued
        | CommandState::InFlight
        | CommandState::AtService
        | CommandState::Canceled { .. } => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_contradicts_a_state_that_only_another_one_can_have_made() {
        let errors = Vec::new;
        let states = [
            CommandState::Done { passcode: None },
            CommandState::Failed { errors: errors() },
            CommandState::NotSupported { errors: errors() },
            CommandState::NotNow,
            CommandState::Canceled { reason: CancelReason::Expired },
        ];
        let table = [
            (Outcome::Acknowledged(Answer::Done), [false, true, true, true, false]),
            (
                Outcome::Acknowledged(Answer::Settings(Vec::new())),
                [false, false, true, true, false],
            ),
            (Outcome::Error(errors()), [true, false, true, true, false]),
            (Outcome::NotSupported(errors()), [true, true, false, true, false]),
            (Outcome::CommandFormatError, [true, true, false, true, false]),
            (Outcome::NotNow, [true, true, true, false, false]),
        ];
        for (outcome, expected) in table {
            let found = states.each_ref().map(|state| contradicts(&outcome, state));
            assert_eq!(found, expected, "{outcome:?}");
        }
    }
}
