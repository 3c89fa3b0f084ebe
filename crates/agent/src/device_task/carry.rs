//! Carrying out what the core says, in its order.

use std::collections::VecDeque;
use std::mem;

use muster_device::{Input, Note, Output, Phase};
use muster_protocol::encode_at_rest;
use muster_protocol::fault::Moment;
use muster_protocol::management::ToServer;
use muster_transport::DeviceKey;
use tracing::{debug, error, trace, warn};

use super::trouble::Died;
use super::{Aim, DeviceTask, Kept};
use crate::activation::Records;
use crate::ledger::Effect;
use crate::link::Link;
use crate::progress::Gauge;
use crate::state::{Change, IdentityChange, StateError};
use crate::watch::{Lock, Seen};

impl DeviceTask {
    /// Gives the core one event and carries out everything it answers; returns what a person
    /// would have seen.
    pub(super) async fn handle(&mut self, input: Input) -> Result<Vec<Note>, StateError> {
        let mut notes = Vec::new();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = self.shared.clock.now();
            if let Some(recorder) = &mut self.recorder {
                recorder.input(now, &input);
            }
            if let (Input::Start, Some(subscriber)) = (&input, &mut self.subscriber) {
                subscriber.started();
            }
            self.device.handle(now, input);
            // Boxed: a device that waits does not pay for what it does when something happens.
            Box::pin(self.carry_out(&mut inputs, &mut notes)).await?;
            self.check_conditions();
            if mem::replace(&mut self.died, Died::No) == Died::Yes {
                inputs = VecDeque::from([Input::Start]);
            }
            inputs.extend(self.subscribe());
        }
        if self.kept == Kept::Outdated {
            self.keep_all().await?;
        }
        self.count_left();
        self.count_enrolment();
        self.count_locked();
        Ok(notes)
    }

    /// Does all the core wants; what its vendor's service answers comes next.
    async fn carry_out(
        &mut self,
        inputs: &mut VecDeque<Input>,
        notes: &mut Vec<Note>,
    ) -> Result<(), StateError> {
        while let Some(output) = self.device.poll_output() {
            if self.on_output(&output) == Died::Yes {
                return Ok(());
            }
            match output {
                Output::Enrol => self.aim = Aim::Enrol,
                Output::Connect => self.aim = Aim::Connect,
                Output::Persist => self.persist().await?,
                Output::Send(message) => self.send(message).await,
                Output::Executed { command, request } => {
                    if self.shared.counters.executed(self.index, command) == Effect::Again {
                        error!(%command, request, "a command took effect twice");
                        self.shared.watch.saw(self.index, || Seen::ExecutedTwice(command));
                        self.spill();
                    }
                    self.on_moment(Moment::Executed);
                }
                Output::Leave => self.leave(),
                Output::Disconnect => self.leave_politely(),
                Output::Activation(call) => {
                    let serial = &self.device.facts().serial;
                    let (reply, records) = self.shared.activation.answer(serial, call).await;
                    if records == Records::Changed {
                        self.keep_lock().await?;
                    }
                    inputs.push_back(Input::Activation(reply));
                }
                Output::Note(note) => notes.push(note),
            }
        }
        Ok(())
    }

    /// Makes what the vendor's service knows durable, before its answer means anything.
    async fn keep_lock(&mut self) -> Result<(), StateError> {
        match &self.shared.writer {
            Some(writer) => writer.write_lock(self.device.facts().serial.clone()).await,
            None => Ok(()),
        }
    }

    pub(super) async fn send_as_is(&mut self, message: &ToServer) {
        match &mut self.link {
            Link::Up(session) => {
                trace!(target: "timeline", index = self.index, name = message.name(), "sent");
                // Noted before it leaves: the server may have it at once.
                if let ToServer::CommandResult(answer) = message {
                    let lock =
                        if self.device.is_locked_out() { Lock::InTheWay } else { Lock::Open };
                    let seen = || Seen::answer(answer.id, &answer.outcome, lock);
                    self.shared.watch.saw(self.index, seen);
                }
                session.send(message, &self.shared.counters).await;
            }
            Link::Down | Link::Resting { .. } | Link::Trying(_) | Link::Leaving { .. } => {
                debug!(message = message.name(), "nothing to send on");
            }
        }
    }

    /// Makes the device durable, and its identity if that has changed.
    pub(super) async fn keep_all(&mut self) -> Result<(), StateError> {
        if self.shared.writer.is_some() {
            let snapshot = encode_at_rest(&self.device);
            let snapshot = snapshot.map_err(|source| self.too_large(source))?;
            self.keep(Some(snapshot)).await?;
        }
        self.kept = Kept::AsIs;
        Ok(())
    }

    /// Makes the identity durable before the server sees its key.
    pub(super) async fn keep_identity(&mut self) -> Result<(), StateError> {
        self.keep(None).await?;
        self.kept = Kept::AsIs;
        Ok(())
    }

    async fn keep(&mut self, snapshot: Option<Vec<u8>>) -> Result<(), StateError> {
        let Some(writer) = &self.shared.writer else {
            return Ok(());
        };
        let identity = match (self.kept, &self.credentials) {
            (Kept::AsIs, _) => IdentityChange::Keep,
            (Kept::Outdated, None) => IdentityChange::Remove,
            (Kept::Outdated, Some(credentials)) => {
                let bytes = encode_at_rest(credentials);
                IdentityChange::Set(bytes.map_err(|source| self.too_large(source))?)
            }
        };
        let change = Change { index: self.index(), snapshot, identity };
        writer.write(change).await
    }

    fn too_large(&self, source: muster_protocol::EncodeError) -> StateError {
        warn!(
            index = self.index,
            error = &source as &dyn std::error::Error,
            "the state of a device outgrew its limit"
        );
        StateError::TooLarge { source }
    }

    /// The key that waits for its certificate.
    pub(super) fn fresh_key(&self) -> Option<DeviceKey> {
        let credentials = self.credentials.as_ref()?;
        DeviceKey::from_pkcs8(&credentials.pkcs8).ok()
    }

    /// Before the enrolment itself is counted: whoever stood there as enrolled has left.
    fn count_left(&mut self) {
        let enrolled = self.device.phase() == Phase::Enrolled;
        let left = !enrolled && (self.counted.enrolled || self.counted.left);
        match (self.counted.left, left) {
            (false, true) => self.shared.counters.enter(Gauge::Left),
            (true, false) => self.shared.counters.leave(Gauge::Left),
            (true, true) | (false, false) => {}
        }
        self.counted.left = left;
    }

    fn count_locked(&mut self) {
        let locked = self.device.is_lost() || self.device.phase() == Phase::ActivationPrompt;
        match (self.counted.locked, locked) {
            (false, true) => self.shared.counters.enter(Gauge::Locked),
            (true, false) => self.shared.counters.leave(Gauge::Locked),
            (true, true) | (false, false) => {}
        }
        self.counted.locked = locked;
    }

    fn count_enrolment(&mut self) {
        let enrolled = self.device.phase() == Phase::Enrolled;
        match (self.counted.enrolled, enrolled) {
            (false, true) => {
                self.shared.counters.enter(Gauge::Enrolled);
                if let Some(id) = self.device.id() {
                    self.shared.watch.saw(self.index, || Seen::Enrolled(id));
                }
            }
            (true, false) => {
                self.shared.counters.leave(Gauge::Enrolled);
                self.shared.watch.saw(self.index, || Seen::Unenrolled);
            }
            (true, true) | (false, false) => {}
        }
        self.counted.enrolled = enrolled;
    }
}
