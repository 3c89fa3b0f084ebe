//! What an answer of the device does, and how a life ends.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use muster_protocol::management::CommandResult;
use muster_protocol::planted::{Plant, is};
use muster_protocol::secret::{BypassCode, Passcode};
use muster_protocol::{Answer, ErrorItem, Location, Mode, Outcome, Timestamp};

use crate::action::{Action, ActionKind};
use crate::capability::{DeletedAs, deleted_as};
use crate::command::{CancelReason, CommandState, PASSCODE_SHOWN_FOR, TemporaryPasscode};
use crate::compose::format_error;
use crate::escrow::Escrow;
use crate::record::{DeviceRecord, Lifecycle, UnenrolReason};
use crate::standing::{Located, LostMode};
use crate::transitions::{Event, Stage};

/// What an answer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        if let Some(settled) = self.planted_answer(index, now, result) {
            return settled;
        }
        let current = self.commands[index].attempt == result.attempt;
        match self.commands[index].state.stage() {
            Stage::InFlight if current => self.answer(index, now, &result.outcome),
            Stage::NotNow if current => Settled::Duplicate,
            Stage::Queued | Stage::InFlight | Stage::NotNow | Stage::AtService => {
                Settled::StaleAttempt
            }
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

    pub(crate) fn answer(&mut self, index: usize, now: Timestamp, outcome: &Outcome) -> Settled {
        let (event, state) = match outcome {
            Outcome::Acknowledged(answer) => {
                let Some(errors) = refused_items(answer) else {
                    self.acknowledged(index, now, answer);
                    return Settled::Closed;
                };
                (Event::Error, CommandState::Failed { errors })
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
            Answer::Location(location) => {
                self.keep_location(index, now, location);
                None
            }
            Answer::ActivationLockBypassCode(Some(code)) => {
                self.keep_bypass_code(now, code.clone());
                None
            }
            Answer::Done
            | Answer::TemporaryPasscode(_)
            | Answer::Locked(_)
            | Answer::DeviceInformation(_)
            | Answer::ActivationLockBypassCode(None)
            | Answer::Profiles(_)
            | Answer::Applications(_)
            | Answer::Settings(_)
            | Answer::UnlockToken(_)
            | Answer::Certificates(_)
            | Answer::ClearedApplications(_) => None,
        };
        self.apply(index, now, Event::Acknowledged, CommandState::Done { passcode: shown });
        match kind {
            ActionKind::Wipe => self.end_life(now, UnenrolReason::Wiped),
            ActionKind::Delete => self.end_life(now, deleted(self.facts.mode)),
            ActionKind::Retire => self.end_life(now, UnenrolReason::Retired),
            ActionKind::BypassActivationLock => {
                self.escrow.drop_bypass_codes();
                self.changed.device = true;
            }
            ActionKind::EnableLostMode => {
                self.set_lost_mode(LostMode::On(Box::new(self.commands[index].action.clone())));
            }
            ActionKind::DisableLostMode => self.set_lost_mode(LostMode::Off),
            ActionKind::ResetPasscode
            | ActionKind::RemoteLock
            | ActionKind::SyncDevice
            | ActionKind::RebootNow
            | ActionKind::ShutDown
            | ActionKind::LocateDevice
            | ActionKind::PlayLostModeSound
            | ActionKind::DeviceConfigured
            | ActionKind::LogoutSharedAppleDeviceActiveUser
            | ActionKind::DeleteUserFromSharedAppleDevice => {}
            ActionKind::SetDeviceName => self.keep_name(index),
        }
    }

    /// A new temporary passcode; the one before it opens nothing any more and is purged.
    fn replace_passcode(&mut self, now: Timestamp, value: &Passcode) -> TemporaryPasscode {
        for index in 0..self.commands.len() {
            self.purge_passcode(index);
        }
        TemporaryPasscode { value: value.clone(), shown_until: now.after(PASSCODE_SHOWN_FOR) }
    }

    fn keep_location(&mut self, index: usize, now: Timestamp, location: &Location) {
        if self.commands[index].action.kind() == ActionKind::LocateDevice {
            let command = self.commands[index].id;
            self.located = Some(Box::new(Located { command, location: *location, at: now }));
            self.changed.device = true;
        }
    }

    /// Keeps a bypass code the device has told; the next call to the activation service takes it.
    pub(crate) fn keep_bypass_code(&mut self, now: Timestamp, code: BypassCode) {
        if self.escrow.bypass_code.as_ref() != Some(&code) {
            self.escrow.keep_bypass_code(now, code);
            self.vendor.earlier_code = None;
            self.changed.device = true;
        }
    }

    /// The device goes by the name it was given.
    fn keep_name(&mut self, index: usize) {
        if let Action::SetDeviceName { device_name } = &self.commands[index].action {
            self.name = Some(device_name.as_str().into());
            self.changed.device = true;
        }
    }

    fn set_lost_mode(&mut self, lost_mode: LostMode) {
        self.changed.device |= self.lost_mode != lost_mode;
        self.lost_mode = lost_mode;
    }

    /// Lost Mode does not outlive the management; whether an erase ended it is remembered.
    fn end_lost_mode(&mut self, reason: UnenrolReason) {
        let before = core::mem::take(&mut self.lost_mode);
        self.lost_mode = match (reason, before) {
            (UnenrolReason::Wiped | UnenrolReason::EnrolledAgain, LostMode::On(action)) => {
                LostMode::Erased(action)
            }
            (UnenrolReason::Retired | UnenrolReason::CertificateExpired, LostMode::On(_))
            | (_, LostMode::Off | LostMode::Erased(_)) => LostMode::Off,
        };
    }

    /// Ends the enrolment: no queue, no secrets.
    ///
    /// Source: sources/disable-activation-lock.md, "How to use Disable Activation Lock": a reset
    /// removes the bypass code from the service.
    pub(crate) fn end_life(&mut self, now: Timestamp, reason: UnenrolReason) {
        for index in 0..self.commands.len() {
            if !self.commands[index].state.is_terminal() && !is(Plant::WipeLeavesQueue) {
                let state = CommandState::Canceled { reason: CancelReason::Unenrolled };
                self.apply(index, now, Event::DeviceLeft, state);
            }
        }
        self.lifecycle = Lifecycle::Unenrolled { reason, at: now };
        self.escrow = Escrow::default();
        self.located = None;
        self.push = None;
        self.pushes = None;
        self.policy_news = None;
        self.end_lost_mode(reason);
        self.changed.device = true;
    }
}

/// Why items of a Settings were not applied, if there are such: an acknowledgement says only that
/// they were read.
///
/// Source: Settings, Apple MDM protocol reference: each item has a result of its own.
fn refused_items(answer: &Answer) -> Option<Vec<ErrorItem>> {
    let Answer::Settings(results) = answer else { return None };
    let errors: Vec<ErrorItem> = results.iter().flat_map(|one| one.errors.clone()).collect();
    (!errors.is_empty()).then_some(errors)
}

/// How a deleted device has left.
const fn deleted(mode: Mode) -> UnenrolReason {
    match deleted_as(mode) {
        DeletedAs::Wipe => UnenrolReason::Wiped,
        DeletedAs::Retire => UnenrolReason::Retired,
    }
}

#[cfg(test)]
mod tests;
