//! The queue of one device.
//!
//! One command is with the device at a time. A wipe, retire or delete goes before everything else
//! and holds back the rest until it has ended; within a priority the oldest goes first, and what
//! got `NotNow` goes behind fresh commands, once a run.

use alloc::vec;
use core::time::Duration;

use muster_protocol::planted::{Plant, is};
use muster_protocol::{Attempt, Command, CommandHead, CommandId, Request, Timestamp};

use crate::action::{Action, ActionKind, Priority};
use crate::capability::CapabilityRefusal;
use crate::command::{CancelReason, CommandRecord, CommandState};
use crate::compose::compose;
use crate::readings::{ActivationLockRoute, Readings};
use crate::record::{DeviceRecord, Introduced, Lifecycle};
use crate::transitions::{Event, Stage, successor};

/// Commands of one device that may be waiting or under way at once.
///
/// An administrator sends a handful; more is a script gone wrong, and its author should hear of it.
pub const QUEUE_PER_DEVICE_MAX: usize = 64;

/// How long a command may wait unless its submitter says otherwise.
///
/// Thirty days, as long as a push service stores a wake-up at most.
pub const COMMAND_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Why a command is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitRefusal {
    /// The device is not managed any more.
    #[error("device is not enrolled")]
    NotEnrolled,
    /// The action cannot work on this kind of device.
    #[error("action is not available on this device")]
    Capability(#[source] CapabilityRefusal),
    /// The device has [`QUEUE_PER_DEVICE_MAX`] live commands.
    #[error("the queue of the device is full")]
    QueueFull,
}

/// A command to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommand {
    /// Who it is from now on; submitting an id again changes nothing.
    pub id: CommandId,
    /// What is asked.
    pub action: Action,
    /// How long it may wait. A wipe, retire or delete waits as long as there is a record.
    pub lifetime: Duration,
}

/// What became of an attempt to take a command back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelOutcome {
    /// It is canceled: it waited, for the first time or after a `NotNow`.
    BeforeDelivery,
    /// It had ended already.
    TooLate,
    /// It is with the device, whose answer decides; without one it is not delivered again.
    Raced,
    /// Nothing is known of it here.
    Unknown,
}

impl DeviceRecord {
    /// Accepts a command that is given up its lifetime after `now`.
    ///
    /// A wipe, retire or delete cancels everything that waits, and so always finds room. What is
    /// submitted after it is held back until it has ended. It is not given up itself: a device
    /// that is off for months does it when it comes back. An id that [is known](Self::knows)
    /// changes nothing, whatever has become of the device since.
    ///
    /// # Errors
    /// [`SubmitRefusal`]; at most overdue commands were closed then.
    ///
    /// Source: REQ-QUEUE-010, REQ-QUEUE-013 (docs/protocol/session.md).
    pub fn submit(
        &mut self,
        now: Timestamp,
        command: NewCommand,
        readings: &Readings,
    ) -> Result<(), SubmitRefusal> {
        if self.knows(command.id) {
            return Ok(());
        }
        if self.lifecycle != Lifecycle::Enrolled {
            return Err(SubmitRefusal::NotEnrolled);
        }
        self.admits(&command.action, readings).map_err(SubmitRefusal::Capability)?;
        self.expire(now);
        if self.lifecycle != Lifecycle::Enrolled {
            return Err(SubmitRefusal::NotEnrolled);
        }
        match command.action.kind().priority() {
            Priority::Final => self.supersede_waiting(now),
            Priority::Normal
                if self.live_commands() >= QUEUE_PER_DEVICE_MAX
                    && !is(Plant::QueueWithoutBound) =>
            {
                return Err(SubmitRefusal::QueueFull);
            }
            Priority::Normal => {}
        }
        self.append(now, command);
        Ok(())
    }

    /// Whether a command with this id was accepted, as far back as the record tells.
    #[must_use]
    pub fn knows(&self, command: CommandId) -> bool {
        self.index_of(command).is_some() || self.recent.contains(&command)
    }

    /// Hands out the command to send now, as a new attempt; `None` while one is in flight.
    ///
    /// Overdue commands are closed instead. What the activation service is to do is left to
    /// [`DeviceRecord::vendor_call`]. One whose secret is missing is closed as failed, with
    /// the reason, and the next one is tried.
    ///
    /// Source: REQ-QUEUE-004, REQ-QUEUE-007, REQ-QUEUE-008, REQ-QUEUE-011
    /// (docs/protocol/session.md).
    pub fn next(&mut self, now: Timestamp, readings: &Readings) -> Option<Command> {
        self.expire(now);
        if self.has_in_flight() && !is(Plant::SecondInFlight) {
            return None;
        }
        while let Some(index) = self.next_in_line(readings.activation_lock_route) {
            match compose(&self.commands[index].action, self.facts.mode, &self.escrow) {
                Ok(request) => return Some(self.lease(now, index, request)),
                Err(cause) => {
                    let failed = CommandState::Failed { errors: vec![cause.into()] };
                    self.apply(index, now, Event::Unsendable, failed);
                }
            }
        }
        None
    }

    /// The device is ready: a new run begins, in which deferred commands are offered again.
    ///
    /// Source: REQ-QUEUE-008 (docs/protocol/session.md).
    pub fn idle(&mut self, now: Timestamp) {
        self.last_seen = now;
        // Secrets go before the first `Idle`.
        self.introduced = Introduced::Yes;
        if !is(Plant::NotNowForgotten) {
            self.deferred.clear();
        }
    }

    /// The connection is gone: what was in flight waits again.
    ///
    /// Source: REQ-ACK-009 (docs/protocol/session.md).
    pub fn disconnected(&mut self, now: Timestamp) {
        self.release_in_flight(now, Event::Disconnected);
    }

    /// Takes a command back.
    pub fn cancel(&mut self, now: Timestamp, id: CommandId) -> CancelOutcome {
        let Some(index) = self.index_of(id) else {
            let settled = self.recent.contains(&id);
            return if settled { CancelOutcome::TooLate } else { CancelOutcome::Unknown };
        };
        match self.commands[index].state.stage() {
            Stage::Queued if is(Plant::CancelledIsDelivered) => CancelOutcome::BeforeDelivery,
            Stage::Queued | Stage::NotNow => {
                let state = CommandState::Canceled { reason: CancelReason::Administrator };
                self.apply(index, now, Event::CancelRequested, state);
                CancelOutcome::BeforeDelivery
            }
            Stage::InFlight => {
                let recalled = Some(self.commands[index].sequence);
                self.changed.device |= self.recalled != recalled;
                self.recalled = recalled;
                CancelOutcome::Raced
            }
            Stage::AtService => {
                let recalled = Some(self.commands[index].sequence);
                self.changed.device |= self.vendor.recalled != recalled;
                self.vendor.recalled = recalled;
                CancelOutcome::Raced
            }
            Stage::Done | Stage::Failed | Stage::NotSupported | Stage::Canceled => {
                CancelOutcome::TooLate
            }
        }
    }

    /// Whether an attempt is with the device.
    #[must_use]
    pub fn has_in_flight(&self) -> bool {
        self.commands.iter().any(|row| row.state.stage() == Stage::InFlight)
    }

    /// How many commands are not over; at most [`QUEUE_PER_DEVICE_MAX`].
    #[must_use]
    pub fn live_commands(&self) -> usize {
        self.commands.iter().filter(|row| !row.state.is_terminal()).count()
    }

    /// The command with this id, if it is kept in memory.
    #[must_use]
    pub fn command(&self, id: CommandId) -> Option<&CommandRecord> {
        self.index_of(id).map(|index| &self.commands[index])
    }

    pub(crate) fn index_of(&self, id: CommandId) -> Option<usize> {
        self.commands.iter().position(|row| row.id == id)
    }

    /// Puts back what is in flight and what was called for.
    pub(crate) fn release_all(&mut self, now: Timestamp, event: Event) {
        self.release_in_flight(now, event);
        for index in 0..self.commands.len() {
            if self.commands[index].state.stage() == Stage::AtService {
                self.put_back(index, now, event, CommandState::Queued);
            }
        }
    }

    /// Puts what is in flight back, because of `event`.
    pub(crate) fn release_in_flight(&mut self, now: Timestamp, event: Event) {
        for index in 0..self.commands.len() {
            if self.commands[index].state.stage() == Stage::InFlight {
                self.put_back(index, now, event, CommandState::Queued);
            }
        }
    }

    /// Lets a command wait again, unless it was taken back or superseded while it was out.
    pub(crate) fn put_back(
        &mut self,
        index: usize,
        now: Timestamp,
        event: Event,
        waiting: CommandState,
    ) {
        match self.withdrawal(index) {
            Some(reason) => {
                self.apply(index, now, Event::Withdrawn, CommandState::Canceled { reason });
            }
            None => self.apply(index, now, event, waiting),
        }
    }

    /// Changes the state of a command: the only place that does.
    pub(crate) fn apply(
        &mut self,
        index: usize,
        now: Timestamp,
        event: Event,
        state: CommandState,
    ) {
        let row = &mut self.commands[index];
        let (from, to) = (row.state.stage(), state.stage());
        let legal = successor(event, from) == Some(to);
        debug_assert!(legal, "{event:?} takes no command from {from:?} to {to:?}");
        if !legal {
            return;
        }
        row.state = state;
        row.updated_at = now;
        let sequence = row.sequence;
        self.changed.commands.insert(sequence);
        if to == Stage::NotNow && !is(Plant::NotNowSpins) {
            self.deferred.insert(sequence);
        } else {
            self.deferred.remove(&sequence);
        }
        if from == Stage::InFlight && self.recalled.take().is_some() {
            self.changed.device = true;
        }
        if from == Stage::AtService && self.vendor.recalled.take().is_some() {
            self.changed.device = true;
        }
        if !to.is_live() && self.vendor.earlier_code == Some(sequence) {
            self.vendor.earlier_code = None;
            self.changed.device = true;
        }
    }

    fn append(&mut self, now: Timestamp, command: NewCommand) {
        let NewCommand { id, action, lifetime } = command;
        let sequence = self.next_sequence;
        let expires_at = match action.kind().priority() {
            Priority::Final => self.ends_at(),
            Priority::Normal => now.after(lifetime),
        };
        self.next_sequence += 1;
        self.changed.commands.insert(sequence);
        self.commands.push(CommandRecord {
            id,
            device: self.id,
            sequence,
            action,
            state: CommandState::Queued,
            attempt: Default::default(),
            accepted_at: now,
            updated_at: now,
            expires_at,
        });
    }

    fn supersede_waiting(&mut self, now: Timestamp) {
        for index in 0..self.commands.len() {
            match self.commands[index].state.stage() {
                Stage::Queued | Stage::NotNow => {
                    let state = CommandState::Canceled { reason: CancelReason::Superseded };
                    self.apply(index, now, Event::FinalSubmitted, state);
                }
                Stage::InFlight
                | Stage::AtService
                | Stage::Done
                | Stage::Failed
                | Stage::NotSupported
                | Stage::Canceled => {}
            }
        }
    }

    fn lease(&mut self, now: Timestamp, index: usize, request: Request) -> Command {
        self.apply(index, now, Event::Leased, CommandState::InFlight);
        let row = &mut self.commands[index];
        if !is(Plant::AttemptStays) || row.attempt == Attempt::default() {
            row.attempt = row.attempt.next();
        }
        Command {
            head: CommandHead { id: row.id, attempt: row.attempt, expires_at: row.expires_at },
            request: Some(request),
        }
    }

    fn next_in_line(&self, route: ActivationLockRoute) -> Option<usize> {
        let first = self.live_priorities().min()?;
        let rows = self.commands.iter().enumerate();
        let rows = rows.filter(|(_, row)| is_for_device(row, route));
        let offered = rows.filter_map(|(index, row)| {
            let turn = self.turn(row)?;
            (row.action.kind().priority() == first).then_some((turn, index))
        });
        let next = if is(Plant::YoungestFirst) { offered.max() } else { offered.min() };
        next.map(|(_, index)| index)
    }

    /// What the device is offered when it connects next. What is still with it then is what a
    /// broken connection could not hand back.
    pub(crate) fn offered_on_connect(
        &self,
        route: ActivationLockRoute,
    ) -> impl Iterator<Item = &CommandRecord> {
        let first = self.live_priorities().min();
        self.commands.iter().filter(move |row| match row.state.stage() {
            Stage::Queued | Stage::InFlight | Stage::NotNow => {
                is_for_device(row, route) && Some(row.action.kind().priority()) == first
            }
            Stage::AtService
            | Stage::Done
            | Stage::Failed
            | Stage::NotSupported
            | Stage::Canceled => false,
        })
    }

    /// The priorities of what is live: the first of them alone is delivered, so that nothing
    /// slips past a wipe that was deferred.
    fn live_priorities(&self) -> impl Iterator<Item = Priority> {
        let live = self.commands.iter().filter(|row| !row.state.is_terminal());
        live.map(|row| row.action.kind().priority())
    }

    fn turn(&self, row: &CommandRecord) -> Option<Turn> {
        match row.state.stage() {
            Stage::Queued => Some(Turn::Fresh),
            Stage::NotNow if self.deferred.contains(&row.sequence) => None,
            Stage::NotNow => Some(Turn::Again),
            Stage::InFlight
            | Stage::AtService
            | Stage::Done
            | Stage::Failed
            | Stage::NotSupported
            | Stage::Canceled => None,
        }
    }

    /// Why a command that was out must not wait again.
    fn withdrawal(&self, index: usize) -> Option<CancelReason> {
        let sequence = self.commands[index].sequence;
        if self.recalled == Some(sequence) || self.vendor.recalled == Some(sequence) {
            return Some(CancelReason::Administrator);
        }
        let mut later = self.commands[index + 1..].iter();
        let superseded = later
            .any(|row| !row.state.is_terminal() && row.action.kind().priority() == Priority::Final);
        superseded.then_some(CancelReason::Superseded)
    }
}

/// Who goes first within a priority; after that the older one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Fresh,
    Again,
}

/// Whether the device has a part in a command.
fn is_for_device(row: &CommandRecord, route: ActivationLockRoute) -> bool {
    match route {
        ActivationLockRoute::Device => true,
        ActivationLockRoute::ActivationService => {
            row.action.kind() != ActionKind::BypassActivationLock
        }
    }
}

#[cfg(test)]
mod tests;
