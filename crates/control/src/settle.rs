//! What an answer of the device does, and how a life ends.

use alloc::vec;

use muster_protocol::management::CommandResult;
use muster_protocol::secret::Passcode;
use muster_protocol::{Answer, Outcome, Timestamp};

use crate::action::ActionKind;
use crate::command::{CancelReason, CommandState, PASSCODE_SHOWN_FOR, TemporaryPasscode};
use crate::compose::format_error;
use crate::record::{DeviceRecord, Escrow, Lifecycle, UnenrolReason};
use crate::transitions::{Event, Stage};

/// What an answer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The command is over.
    Closed,
    /// The device said not now; the command waits for its next run.
    Deferred,
    /// An answer to an attempt that is not the current one; nothing changed.
    StaleAttempt,
    /// An answer that was taken before, or to a command that is over; nothing changed.
    Duplicate,
    /// An answer to a command nobody knows; nothing changed.
    Unknown,
}

impl DeviceRecord {
    /// Applies the device's answer.
    ///
    /// Only the current attempt of the command in flight can be answered; anything else changes
    /// no more than [`DeviceRecord::last_seen`].
    ///
    /// Source: REQ-ACK-006, REQ-ACK-007, REQ-ACK-008 (docs/protocol/session.md).
    pub fn settle(&mut self, now: Timestamp, result: &CommandResult) -> Settled {
        self.last_seen = now;
        let Some(index) = self.index_of(result.id) else {
            let settled = self.recent.contains(&result.id);
            return if settled { Settled::Duplicate } else { Settled::Unknown };
        };
        let current = self.commands[index].attempt == result.attempt;
        match self.commands[index].state.stage() {
            Stage::InFlight if current => self.answer(index, now, &result.outcome),
            Stage::NotNow if current => Settled::Duplicate,
            Stage::Queued | Stage::InFlight | Stage::NotNow => Settled::StaleAttempt,
            Stage::Done | Stage::Failed | Stage::NotSupported | Stage::Canceled => {
                Settled::Duplicate
            }
        }
    }

    /// The same hardware has enrolled anew: this life is over.
    ///
    /// Source: REQ-ENROL-013 (docs/protocol/enrolment.md), REQ-ACK-012
    /// (docs/protocol/session.md).
    pub fn enrolled_again(&mut self, now: Timestamp) {
        if self.lifecycle == Lifecycle::Enrolled {
            self.end_life(now, UnenrolReason::EnrolledAgain);
        }
    }

    fn answer(&mut self, index: usize, now: Timestamp, outcome: &Outcome) -> Settled {
        let (event, state) = match outcome {
            Outcome::Acknowledged(answer) => {
                self.acknowledged(index, now, answer);
                return Settled::Closed;
            }
            Outcome::Error(errors) => {
                (Event::Error, CommandState::Failed { errors: errors.clone() })
            }
            Outcome::NotSupported(errors) => {
                (Event::NotSupported, CommandState::NotSupported { errors: errors.clone() })
            }
            Outcome::CommandFormatError => {
                (Event::FormatError, CommandState::NotSupported { errors: vec![format_error()] })
            }
            Outcome::NotNow => return self.not_now(index, now),
        };
        self.apply(index, now, event, state);
        Settled::Closed
    }

    fn not_now(&mut self, index: usize, now: Timestamp) -> Settled {
        self.put_back(index, now, Event::NotNow, CommandState::NotNow);
        if self.commands[index].state.is_terminal() { Settled::Closed } else { Settled::Deferred }
    }

    fn acknowledged(&mut self, index: usize, now: Timestamp, answer: &Answer) {
        let kind = self.commands[index].action.kind();
        let shown = match answer {
            Answer::TemporaryPasscode(value) if kind == ActionKind::ResetPasscode => {
                Some(self.replace_passcode(now, value))
            }
            Answer::Status(status) => {
                self.report(now, *status);
                None
            }
            Answer::Done
            | Answer::TemporaryPasscode(_)
            | Answer::Locked(_)
            | Answer::DeviceInformation(_)
            | Answer::ActivationLockBypassCode(_)
            | Answer::Location(_)
            | Answer::Profiles(_)
            | Answer::Applications(_)
            | Answer::Settings(_)
            | Answer::UnlockToken(_) => None,
        };
        self.apply(index, now, Event::Acknowledged, CommandState::Done { passcode: shown });
        match kind {
            ActionKind::Wipe => self.end_life(now, UnenrolReason::Wiped),
            ActionKind::Retire => self.end_life(now, UnenrolReason::Retired),
            ActionKind::BypassActivationLock => {
                self.escrow.bypass_code = None;
                self.changed.device = true;
            }
            ActionKind::ResetPasscode | ActionKind::RemoteLock | ActionKind::SyncDevice => {}
        }
    }

    /// A new temporary passcode; the one before it opens nothing any more and is purged.
    fn replace_passcode(&mut self, now: Timestamp, value: &Passcode) -> TemporaryPasscode {
        for index in 0..self.commands.len() {
            self.purge_passcode(index);
        }
        TemporaryPasscode { value: value.clone(), shown_until: now.after(PASSCODE_SHOWN_FOR) }
    }

    /// Ends the enrolment: no queue, no secrets.
    ///
    /// Source: sources/disable-activation-lock.md, "How to use Disable Activation Lock": a reset
    /// removes the bypass code from the service.
    fn end_life(&mut self, now: Timestamp, reason: UnenrolReason) {
        for index in 0..self.commands.len() {
            if !self.commands[index].state.is_terminal() {
                let state = CommandState::Canceled { reason: CancelReason::Unenrolled };
                self.apply(index, now, Event::DeviceLeft, state);
            }
        }
        self.lifecycle = Lifecycle::Unenrolled { reason, at: now };
        self.escrow = Escrow::default();
        self.changed.device = true;
    }
}

#[cfg(test)]
mod tests;
