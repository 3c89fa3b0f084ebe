//! Carrying out what the core says, in its order.

use muster_device::{Input, Note, Output, Phase};
use muster_protocol::encode_at_rest;
use muster_protocol::management::ToServer;
use muster_transport::DeviceKey;
use tracing::{debug, error, warn};

use super::{Aim, DeviceTask, Kept};
use crate::ledger::Effect;
use crate::link::Link;
use crate::progress::Gauge;
use crate::state::{Change, IdentityChange, StateError};

impl DeviceTask {
    /// Gives the core one event and carries out everything it answers; returns what a person
    /// would have seen.
    pub(super) async fn handle(&mut self, input: Input) -> Result<Vec<Note>, StateError> {
        self.device.handle(self.shared.clock.now(), input);
        let mut notes = Vec::new();
        while let Some(output) = self.device.poll_output() {
            match output {
                Output::Enrol => self.aim = Aim::Enrol,
                Output::Connect => self.aim = Aim::Connect,
                Output::Persist => self.keep_all().await?,
                Output::Send(message) => self.send(&message).await,
                Output::Executed { command, request } => {
                    if self.shared.counters.executed(self.index, command) == Effect::Again {
                        error!(%command, request, "a command took effect twice");
                    }
                }
                Output::Leave => self.leave(),
                Output::Disconnect => self.part(),
                Output::Note(note) => notes.push(note),
            }
        }
        if self.kept == Kept::Outdated {
            self.keep_all().await?;
        }
        self.count_enrolment();
        Ok(notes)
    }

    async fn send(&mut self, message: &ToServer) {
        match &mut self.link {
            Link::Up(session) => session.send(message, &self.shared.counters).await,
            Link::Down | Link::Resting { .. } | Link::Trying(_) | Link::Leaving { .. } => {
                debug!(message = message.name(), "nothing to send on");
            }
        }
    }

    /// Makes the device durable, and its identity if that has changed.
    async fn keep_all(&mut self) -> Result<(), StateError> {
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

    fn count_enrolment(&mut self) {
        let enrolled = self.device.phase() == Phase::Enrolled;
        match (self.counted.enrolled, enrolled) {
            (false, true) => self.shared.counters.enter(Gauge::Enrolled),
            (true, false) => self.shared.counters.leave(Gauge::Enrolled),
            (true, true) | (false, false) => {}
        }
        self.counted.enrolled = enrolled;
    }
}
