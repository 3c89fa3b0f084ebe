//! What goes wrong with a device on purpose, and what is told of it afterwards.

use std::time::Duration;

use muster_device::recording::{Recorder, Recording};
use muster_device::{Device, Output};
use muster_protocol::management::{CommandResult, ToServer};
use muster_protocol::{decode_at_rest, encode_at_rest};
use quinn::Endpoint;
use tokio::select;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::{Aim, DeviceTask, Misbehaviour};
use crate::faults::{AnswerFault, DeviceFault, Move, PathFault, Trouble};
use crate::state::StateError;

/// Whether the agent of a device has died with what it was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Died {
    No,
    Yes,
}

impl DeviceTask {
    /// Gives an answer as the faults of the device, or somebody who plays with it, want it.
    pub(super) async fn answer_in_trouble(&mut self, answer: CommandResult) {
        let wrong = self.trouble.as_mut().map(|trouble| trouble.next_answer());
        let AnswerFault { slow, fault } = wrong.unwrap_or(AnswerFault::NONE);
        self.be_slow(slow).await;
        let how = match (self.mischief.take(), fault) {
            (Some(how), _) => how,
            (None, Some(DeviceFault::RepeatAnswer)) => Misbehaviour::AnswerTwice,
            (None, Some(DeviceFault::OldAttempt)) => Misbehaviour::AnswerAnotherAttempt,
            (None, Some(DeviceFault::UnknownAnswer)) => Misbehaviour::AnswerAnUnknownCommand,
            (None, Some(DeviceFault::LoseAnswer)) => Misbehaviour::LoseTheConnection,
            (None, Some(DeviceFault::KeepAnswer)) => Misbehaviour::SayNothing,
            (None, Some(DeviceFault::Crash)) => return self.die(),
            (None, Some(DeviceFault::Slow { .. }) | None) => {
                return self.send_as_is(&ToServer::CommandResult(answer)).await;
            }
        };
        debug!(index = self.index, ?how, "a device misbehaves");
        self.answer_wrongly(how, answer).await;
    }

    async fn be_slow(&mut self, slow: Duration) {
        if !slow.is_zero() {
            select! {
                () = self.shared.stop.cancelled() => {}
                () = sleep(slow) => {}
            }
        }
    }

    /// The agent dies: whatever was not durable has not been. The next input is a start.
    fn die(&mut self) {
        let durable = self.trouble.as_ref().and_then(|trouble| trouble.durable());
        let Some(device) = durable.and_then(|bytes| decode_at_rest::<Device>(bytes).ok()) else {
            return;
        };
        debug!(index = self.index, "an agent dies");
        self.hang_up();
        self.aim = Aim::Rest;
        self.device = device;
        self.died = Died::Yes;
        let now = self.shared.clock.now();
        if let Some(recorder) = &mut self.recorder {
            recorder.restarted(now);
        }
    }

    /// Makes the state durable, for crashes as well.
    pub(super) async fn persist(&mut self) -> Result<(), StateError> {
        if let Some(trouble) = self.trouble.as_mut().filter(|trouble| trouble.may_crash()) {
            let snapshot = encode_at_rest(&self.device);
            trouble.keep(snapshot.map_err(|source| StateError::TooLarge { source })?);
        }
        self.keep_all().await
    }

    /// Takes note of an output before it is carried out.
    pub(super) fn record(&mut self, output: &Output) {
        if let Some(recorder) = &mut self.recorder {
            recorder.output(output);
        }
    }

    /// Keeps what led to a second effect.
    pub(super) fn spill(&self) {
        if let Some(recorder) = &self.recorder {
            self.shared.spilled.add(self.index, || recorder.recording_so_far());
        }
    }

    pub(super) fn black_box(&self) -> Option<Box<Recording>> {
        self.recorder.as_deref().map(Recorder::recording).map(Box::new)
    }

    /// Gives the device another port, if one is due and it has one at all.
    pub(super) fn on_move(&mut self) {
        let now = self.shared.clock.now();
        let due = self.trouble.as_mut().and_then(|trouble| trouble.take_move(now));
        let (Some(Move { path, link }), Some(endpoint)) = (due, &self.endpoint) else {
            return;
        };
        let server = self.shared.server;
        let moved = match path {
            PathFault::Rebind => link.rebind(server),
            PathFault::Migrate => link.migrate(endpoint, server),
        };
        match moved {
            Ok(()) => debug!(index = self.index, ?path, "a device has another port"),
            Err(cause) => warn!(error = &cause as &dyn std::error::Error, "no other port"),
        }
    }

    /// The socket of this device, if it has one of its own or is to have one.
    pub(super) fn own_endpoint(&mut self) -> Option<Endpoint> {
        if self.endpoint.is_none() {
            let link = self.trouble.as_deref().and_then(Trouble::link);
            let opened = match link {
                Some(link) => self.shared.endpoints.open_faulty(link),
                None => self.shared.endpoints.open_one(),
            };
            self.endpoint = opened
                .inspect_err(|cause| warn!(error = cause as &dyn std::error::Error, "no socket"))
                .ok();
        }
        self.endpoint.clone()
    }

    pub(super) fn shares_no_socket(&self) -> bool {
        self.trouble.as_deref().is_some_and(|trouble| trouble.link().is_some())
    }
}
