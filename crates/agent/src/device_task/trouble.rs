//! What goes wrong with a device on purpose, and what is told of it afterwards.

use std::time::Duration;

use muster_device::recording::{Recorder, Recording};
use muster_device::{Connectivity, Device, Input, Output, Phase};
use muster_protocol::fault::{Condition, Moment};
use muster_protocol::management::{CommandResult, ToDevice, ToServer};
use muster_protocol::{decode_at_rest, encode_at_rest};
use muster_transport::PathMtu;
use quinn::Endpoint;
use tokio::select;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::{Aim, DeviceTask, Misbehaviour};
use crate::faults::{AnswerFault, DeviceFault, PathFault, Strike, Trouble};
use crate::link::Link;
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
        if self.on_moment(Moment::Answering) == Died::Yes {
            return;
        }
        self.give_in_trouble(answer).await;
        self.on_moment(Moment::Answered);
    }

    async fn give_in_trouble(&mut self, answer: CommandResult) {
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
        self.keep_for_a_crash()?;
        self.keep_all().await?;
        self.on_moment(Moment::Persisted);
        Ok(())
    }

    /// Takes note of the state as it is: what a crash from now on leaves.
    pub(super) fn keep_for_a_crash(&mut self) -> Result<(), StateError> {
        if let Some(trouble) = self.trouble.as_mut().filter(|trouble| trouble.may_crash()) {
            let snapshot = encode_at_rest(&self.device);
            trouble.keep(snapshot.map_err(|source| StateError::TooLarge { source })?);
        }
        Ok(())
    }

    /// An output is about to be carried out: whether the agent lives to do it.
    pub(super) fn on_output(&mut self, output: &Output) -> Died {
        let mut died = self.on_moment(Moment::Output);
        if died == Died::No && *output == Output::Persist {
            died = self.on_moment(Moment::Persisting);
        }
        if died == Died::No {
            self.record(output);
        }
        died
    }

    /// Takes note of an output before it is carried out.
    fn record(&mut self, output: &Output) {
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

    /// A moment has come: whatever waited for it strikes. Whether the agent has died of it.
    pub(super) fn on_moment(&mut self, moment: Moment) -> Died {
        let waiting = self.trouble.as_deref_mut().filter(|trouble| trouble.is_waiting());
        let Some(trouble) = waiting else { return Died::No };
        let struck = trouble.at(moment);
        self.strike(&struck)
    }

    /// The same outside of anything the core does: an agent that dies starts again here.
    pub(super) async fn meet(&mut self, moment: Moment) -> Result<Died, StateError> {
        let died = self.on_moment(moment);
        if died == Died::Yes {
            self.died = Died::No;
            // Boxed: it is what the core does, which may come here again.
            Box::pin(self.handle(Input::Start)).await?;
        }
        Ok(died)
    }

    /// The same before an attempt to enrol or to connect, if one begins now.
    pub(super) async fn meet_connecting(&mut self) -> Result<(), StateError> {
        let begins = matches!(self.link, Link::Down)
            && self.presence.network() == Connectivity::Online
            && self.aim != Aim::Rest;
        if begins {
            self.meet(Moment::Connecting).await?;
        }
        Ok(())
    }

    /// A message has come; if it is a command, faults may have waited for it.
    pub(super) async fn on_command(&mut self, message: &ToDevice) -> Result<Died, StateError> {
        let ToDevice::Command(command) = message else { return Ok(Died::No) };
        if command.head.attempt.number() > 1
            && self.meet(Moment::CommandReturns).await? == Died::Yes
        {
            return Ok(Died::Yes);
        }
        self.meet(Moment::CommandArrives).await
    }

    /// Whatever waited for a state the device is in strikes.
    pub(super) fn check_conditions(&mut self) {
        if !self.trouble.as_deref().is_some_and(Trouble::is_waiting) {
            return;
        }
        let enrolled = self.device.phase() == Phase::Enrolled;
        let (device, link) = (&self.device, &self.link);
        let holds = |condition| match condition {
            Condition::Enrolled => enrolled,
            Condition::Connected => enrolled && matches!(link, Link::Up(_)),
            Condition::Lost => device.is_lost(),
            Condition::SwitchedOff => !device.is_switched_on(),
            Condition::Unenrolled => device.phase() == Phase::Unenrolled,
        };
        let struck = self.trouble.as_deref_mut().map(|trouble| trouble.when(holds));
        self.strike(&struck.unwrap_or_default());
    }

    fn strike(&mut self, struck: &[Strike]) -> Died {
        for strike in struck {
            match *strike {
                Strike::Path(path) => self.change_way(path),
                Strike::Crash if self.died == Died::No => self.die(),
                // Dead already, or the plan itself has seen to it.
                Strike::Crash
                | Strike::Link { .. }
                | Strike::Answer { .. }
                | Strike::Wake { .. } => {}
            }
        }
        self.died
    }

    /// Changes the way of the device, if a change is due.
    pub(super) fn on_move(&mut self) {
        let now = self.shared.clock.now();
        let due = self.trouble.as_mut().and_then(|trouble| trouble.take_move(now));
        if let Some(path) = due {
            self.change_way(path);
        }
    }

    /// Gives the device another port if it has one at all, or breaks its connection.
    fn change_way(&mut self, path: PathFault) {
        let link = self.trouble.as_deref().and_then(Trouble::link).cloned();
        let server = self.shared.server;
        let moved = match (path, link, &self.endpoint, &self.link) {
            // The session notices its end by itself, as it would any other.
            (PathFault::Cut, _, _, Link::Up(session)) => {
                session.close();
                Ok(())
            }
            (PathFault::Rebind, Some(link), Some(_), _) => link.rebind(server),
            (PathFault::Migrate, Some(link), Some(endpoint), _) => link.migrate(endpoint, server),
            (PathFault::Cut | PathFault::Rebind | PathFault::Migrate, _, _, _) => return,
        };
        match moved {
            Ok(()) => debug!(index = self.index, ?path, "the way of a device changes"),
            Err(cause) => warn!(error = &cause as &dyn std::error::Error, "no other port"),
        }
    }

    /// The socket this device talks through.
    pub(super) fn endpoint(&mut self) -> Option<Endpoint> {
        let shared = self.shared.endpoints.shared(self.index());
        match shared.filter(|_endpoint| !self.shares_no_socket()) {
            Some(endpoint) => Some(endpoint.clone()),
            None => self.own_endpoint(),
        }
    }

    /// The socket of this device, if it has one of its own or is to have one.
    fn own_endpoint(&mut self) -> Option<Endpoint> {
        if self.endpoint.is_none() {
            let link = self.trouble.as_deref().and_then(Trouble::link);
            let opened = match link {
                Some(link) => self.shared.endpoints.open_faulty(link),
                None => self.shared.endpoints.open_one(),
            };
            self.endpoint = opened
                .inspect_err(|cause| warn!(error = cause as &dyn std::error::Error, "no socket"))
                .ok()
                .map(Box::new);
        }
        self.endpoint.as_deref().cloned()
    }

    /// What the device takes for the largest datagram of its path.
    pub(super) fn path_mtu(&self) -> PathMtu {
        match self.trouble.as_deref() {
            Some(trouble) if trouble.measures_its_path() => PathMtu::Discovered,
            Some(_) | None => PathMtu::Smallest,
        }
    }

    fn shares_no_socket(&self) -> bool {
        self.trouble.as_deref().is_some_and(|trouble| trouble.link().is_some())
    }
}
