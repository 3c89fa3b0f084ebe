//! The conversation with the server.

use muster_protocol::alpn::MINOR;
use muster_protocol::management::{CommandResult, Hello, ToDevice, ToServer};
use muster_protocol::planted::{Plant, is};
use muster_protocol::{Attempt, Command, CommandHead, Outcome, Policy, Request, Timestamp};

use super::planted::is_passed_over;
use super::{Device, Handled, Misplaced};
use crate::acknowledgement::Report;
use crate::enrolment::{Link, Stage};
use crate::output::Output;
use crate::system::{Consequences, Effect, Network, Secrets};

/// From connection to disconnection.
impl Device {
    pub(super) fn on_connected(&mut self, now: Timestamp, minor: u16) -> Handled {
        if !self.is_switched_on() {
            return Err(Misplaced);
        }
        let status = self.status();
        let enrolment = self.enrolment_mut().ok_or(Misplaced)?;
        enrolment.link = Link::Up { stage: Stage::Greeting, reported: status };
        let hello = Hello { minor: MINOR, device: enrolment.device, status };
        self.send(ToServer::Hello(hello));
        self.say_too_much();
        self.send_escrow(now);
        self.begin_visit(minor);
        self.send_idle();
        self.check_lock();
        Ok(())
    }

    /// Fits any phase: the connection of an ended enrolment is gone some time later.
    pub(super) fn on_disconnected(&mut self) -> Handled {
        if let Some(enrolment) = self.enrolment_mut() {
            enrolment.link = Link::Down;
        }
        self.lose_visit();
        Ok(())
    }

    /// A deadline that came too early or too late is none.
    pub(super) fn on_deadline(&mut self, now: Timestamp) -> Handled {
        if self.next_deadline().is_none_or(|deadline| deadline > now) {
            return Ok(());
        }
        if self.enrolment().and_then(|it| it.escrow.again_at()).is_some_and(|at| at <= now) {
            self.send_escrow(now);
        }
        self.end_linger(now);
        Ok(())
    }

    pub(super) fn on_message(&mut self, now: Timestamp, message: ToDevice) -> Handled {
        match (self.stage()?, message) {
            (Stage::Greeting, ToDevice::Welcome(welcome)) => {
                self.set_stage(Stage::Open);
                self.learn_minor(welcome.minor);
                self.on_policy(now, welcome.policy);
                Ok(())
            }
            (Stage::Open | Stage::OwesIdle, ToDevice::TokenUpdateAck { sequence }) => {
                self.on_escrowed(sequence)
            }
            (Stage::Open | Stage::OwesIdle, ToDevice::Command(command)) => {
                let handled = self.on_command(now, command);
                self.linger(now);
                handled
            }
            (Stage::Open | Stage::OwesIdle, ToDevice::Empty) => {
                self.on_empty();
                Ok(())
            }
            (Stage::Open | Stage::OwesIdle, ToDevice::PolicyUpdate(policy)) => {
                self.on_policy(now, policy);
                Ok(())
            }
            (Stage::Open | Stage::OwesIdle, ToDevice::Welcome(_))
            | (
                Stage::Greeting,
                ToDevice::TokenUpdateAck { .. }
                | ToDevice::Command(_)
                | ToDevice::Empty
                | ToDevice::PolicyUpdate(_),
            ) => Err(Misplaced),
        }
    }

    /// Source: REQ-SESSION-005, REQ-SESSION-023 (docs/protocol/session.md).
    fn on_policy(&mut self, now: Timestamp, policy: Policy) {
        if is(Plant::PolicyIgnored) {
            return;
        }
        let before = (self.policy(), self.system.clone());
        if let Some(enrolment) = self.enrolment_mut() {
            enrolment.policy = policy;
        }
        let (system, mut situation) = self.situation(now);
        let consequences = system.on_policy(&mut situation);
        if (self.policy(), &self.system) != (before.0, &before.1) {
            self.persist();
        }
        self.follow(now, consequences);
    }

    fn on_escrowed(&mut self, sequence: u32) -> Handled {
        let enrolment = self.enrolment_mut().ok_or(Misplaced)?;
        if !enrolment.escrow.settle(sequence) {
            return Err(Misplaced);
        }
        self.persist();
        self.after_escrow();
        Ok(())
    }

    fn on_command(&mut self, now: Timestamp, command: Command) -> Handled {
        let Command { head, request } = command;
        if is_passed_over(now, &head, request.as_ref()) {
            return Ok(());
        }
        let stored = self.enrolment().and_then(|enrolment| enrolment.journal.answer(head.id));
        match stored {
            Some(outcome) if !is(Plant::DoneAgain) => {
                self.answer(head, outcome);
                Ok(())
            }
            Some(_) | None => self.execute(now, head, request.as_ref()),
        }
    }

    /// Decides, changes the state, makes it durable, and only then answers, unless the device has
    /// another habit.
    fn execute(&mut self, now: Timestamp, head: CommandHead, request: Option<&Request>) -> Handled {
        let before = is(Plant::NothingIsDone).then(|| self.system.clone());
        let (system, mut situation) = self.situation(now);
        let execution = system.execute(request, &mut situation);
        self.obstacle = execution.obstacle;
        if let Some(before) = before {
            self.system = before;
        }
        let habit = self.spec.traits.acknowledgement;
        let outcome = habit.says(request, execution.outcome);
        let report = habit.report(request, execution.effect);
        if report == Report::Before {
            self.answer(head, outcome.clone());
        }
        let answer = (report == Report::After).then(|| outcome.clone());
        match execution.effect {
            Effect::Erase => {
                self.erase()?;
                self.executed(head, request);
                self.part(head, answer);
                return self.begin_set_up(now);
            }
            Effect::EraseAndReturn => {
                self.erase()?;
                self.executed(head, request);
                self.part(head, answer);
                return self.return_to_service(now);
            }
            Effect::Leave => {
                self.retire()?;
                self.executed(head, request);
                self.part(head, answer);
                return Ok(());
            }
            Effect::DropOff => {
                self.retire()?;
                self.part(head, answer);
                return Ok(());
            }
            Effect::Changed => {
                self.remember(head, &outcome);
                self.executed(head, request);
            }
            Effect::Nothing if outcome.is_terminal() || is(Plant::NotNowJournalled) => {
                self.remember(head, &outcome)
            }
            Effect::Nothing => self.set_stage(Stage::OwesIdle),
        }
        let network = execution.consequences.network;
        self.follow(now, execution.consequences);
        self.report();
        if let Some(answer) = answer {
            self.answer(head, answer);
        }
        self.change_network(network);
        Ok(())
    }

    /// Answers for the last time: the answer cannot be repeated, whether it arrives or not.
    ///
    /// Source: EraseDevice, Apple MDM protocol reference; RELINQUISH_OWNERSHIP, Android Management
    /// API.
    fn part(&mut self, head: CommandHead, answer: Option<Outcome>) {
        if let Some(answer) = answer {
            self.answer(head, answer);
        }
        self.push(Output::Leave);
    }

    fn remember(&mut self, head: CommandHead, outcome: &Outcome) {
        if let Some(enrolment) = self.enrolment_mut() {
            enrolment.journal.record(head.id, outcome);
        }
        if !is(Plant::AnsweredBeforeStored) {
            self.persist();
        }
    }

    fn executed(&mut self, head: CommandHead, request: Option<&Request>) {
        if let Some(request) = request {
            self.push(Output::Executed { command: head.id, request: request.name() });
        }
    }

    fn answer(&mut self, head: CommandHead, outcome: Outcome) {
        self.send(ToServer::CommandResult(CommandResult {
            id: head.id,
            attempt: if is(Plant::FirstAttemptAnswered) { Attempt::new(1) } else { head.attempt },
            outcome,
        }));
    }
}

/// What any event may bring about.
impl Device {
    pub(super) fn follow(&mut self, now: Timestamp, consequences: Consequences) {
        for note in consequences.notes {
            self.note(note);
        }
        self.escrow(now, consequences.secrets);
        self.outputs.extend(consequences.activation.map(Output::Activation));
    }

    /// Comes and goes with the network; an enrolment outlives that.
    pub(super) fn change_network(&mut self, network: Network) {
        let Some(enrolment) = self.enrolment_mut() else {
            return;
        };
        let (goes, comes) = match network {
            Network::Unchanged => (None, None),
            Network::Gone => (Some(Output::Disconnect), None),
            Network::Back => (None, Some(Output::Connect)),
            Network::BackAtOnce => (Some(Output::Disconnect), Some(Output::Connect)),
        };
        if goes.is_some() {
            enrolment.link = Link::Down;
            self.end_visit();
        }
        if comes.is_some() {
            self.set_out();
        }
        self.outputs.extend(goes.into_iter().chain(comes));
    }

    /// Keeps new secrets until the server has them.
    pub(super) fn escrow(&mut self, now: Timestamp, secrets: Secrets) {
        if secrets.is_empty() {
            return;
        }
        if let Some(enrolment) = self.enrolment_mut() {
            enrolment.escrow.add(secrets, now);
        }
        if self.stage().is_ok() {
            self.send_escrow(now);
        }
    }

    fn send_escrow(&mut self, now: Timestamp) {
        let update = self.enrolment_mut().and_then(|enrolment| enrolment.escrow.send(now));
        if let Some(update) = update {
            self.send(ToServer::TokenUpdate(update));
        }
    }

    /// Reports the state if the server knows another one.
    pub(super) fn report(&mut self) {
        let status = self.status();
        let changed = match self.enrolment_mut().map(|enrolment| &mut enrolment.link) {
            Some(Link::Up { reported, .. }) => core::mem::replace(reported, status) != status,
            Some(Link::Down) | None => false,
        };
        if changed && !is(Plant::ChangeUnsaid) {
            self.send(ToServer::StatusReport(status));
        }
    }

    /// Says that the device is ready, once what made it say `NotNow` is over.
    ///
    /// Source: Apple MDM protocol reference, NotNow: the device polls when conditions change.
    pub(super) fn pay_idle(&mut self) {
        let pays = !is(Plant::IdleForgotten);
        if pays && matches!(self.stage(), Ok(Stage::OwesIdle)) && !self.system.is_busy() {
            self.set_stage(Stage::Open);
            self.send_idle();
        }
    }

    pub(super) fn stage(&self) -> Result<Stage, Misplaced> {
        match self.enrolment().map(|enrolment| &enrolment.link) {
            Some(Link::Up { stage, .. }) => Ok(*stage),
            Some(Link::Down) | None => Err(Misplaced),
        }
    }

    fn set_stage(&mut self, to: Stage) {
        if let Some(Link::Up { stage, .. }) =
            self.enrolment_mut().map(|enrolment| &mut enrolment.link)
        {
            *stage = to;
        }
    }

    pub(super) fn send(&mut self, message: ToServer) {
        self.push(Output::Send(message));
    }
}
