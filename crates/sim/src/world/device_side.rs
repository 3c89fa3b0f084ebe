//! The device's end: what its core wants, carried out.

use core::time::Duration;

use muster_device::{Input, Output, Phase};
use muster_protocol::management::{CommandResult, ToDevice, ToServer};
use muster_protocol::{CloseCode, Command, CommandHead, DeviceId, Outcome, alpn};

use super::{Ends, Event, World};
use crate::actor::{Actor, Aim, Identity, Way as Road};
use crate::fault::{Fault, Handshake, Moment};
use crate::link::{LinkId, Way};
use crate::log::What;
use crate::server::Key;

/// How long an attempt waits for an answer.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(10);

/// How long the server may take to read the last messages of a device that leaves.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// Refusals by TLS in a row after which a device stays away.
///
/// Source: REQ-CERT-015 (docs/protocol/certificates.md).
const REFUSALS_MAX: u8 = 5;

impl World {
    pub(super) fn switch_on(&mut self, device: u32) {
        self.handle(device, Input::Start);
        self.tell_push_target(device);
    }

    /// Gives an input to a device and carries out what it says.
    ///
    /// As the live agent does it: the core says all it has to say before it hears anything else,
    /// be it an answer of its vendor's service or a connection that has just broken.
    pub(super) fn handle(&mut self, device: u32, input: Input) {
        if !self.actors.get_mut(&device).is_some_and(|actor| actor.takes_turn(input)) {
            return;
        }
        while let Some(input) = self.actors.get_mut(&device).and_then(Actor::next_input) {
            self.decide(device, input);
        }
        self.schedule_timer(device);
        self.strive(device);
        self.follow_presence(device);
        self.check_conditions(device);
    }

    fn decide(&mut self, device: u32, input: Input) {
        let now = self.now;
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let (before, aim, crashes) = (actor.device.phase(), actor.aim, actor.crashes);
        let clock = actor.clock(now);
        actor.device.handle(clock, input);
        while let Some(output) = self.actors.get_mut(&device).and_then(|it| it.device.poll_output())
        {
            self.carry(device, output);
        }
        let actor = &self.actors[&device];
        let phase = actor.device.phase();
        let is_asleep = actor.crashes == crashes && actor.device.is_asleep();
        if phase != before {
            self.see(Some(device), What::Phase { phase });
            if before == Phase::Enrolled {
                self.management_ended(device);
            }
        } else if aim == Aim::Connect && is_asleep {
            self.see(Some(device), What::Asleep);
        }
    }

    fn carry(&mut self, device: u32, output: Output) {
        if !self.survives(device, Moment::Output) {
            return;
        }
        let Some(actor) = self.actors.get_mut(&device) else { return };
        match output {
            Output::Enrol => actor.aim = Aim::Enrol,
            Output::Connect => actor.aim = Aim::Connect,
            Output::Persist => self.persist(device),
            Output::Send(message) => self.send(device, message),
            Output::Executed { command, request } => {
                let life = self.lived(device);
                self.see(Some(device), What::Executed { life, command, request });
                self.moment(device, Moment::Executed);
            }
            Output::Leave => {
                actor.identity = None;
                actor.persist();
                self.forget_push_target(device);
                self.part(device);
            }
            Output::Disconnect => self.part(device),
            Output::Activation(call) => {
                let serial = actor.device.facts().serial.clone();
                let reply = self.vendor.answer(&serial, call);
                self.handle(device, Input::Activation(reply));
            }
            Output::Note(note) => {
                if let Some(notes) = &mut self.notes {
                    notes.push(note);
                }
            }
        }
    }

    /// The life a device is in, or was in before it left.
    fn lived(&self, device: u32) -> DeviceId {
        let actor = &self.actors[&device];
        let life = actor.identity.and_then(|identity| identity.life);
        life.unwrap_or(DeviceId::from_bytes([0; 16]))
    }

    fn persist(&mut self, device: u32) {
        if !self.survives(device, Moment::Persisting) {
            return;
        }
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.persist();
        }
        self.moment(device, Moment::Persisted);
    }

    fn send(&mut self, device: u32, message: ToServer) {
        if let ToServer::CommandResult(result) = message {
            self.answer(device, result);
        } else if let Some(link) = self.actors.get(&device).and_then(Actor::link) {
            self.send_up(link, message);
        }
    }

    fn answer(&mut self, device: u32, result: CommandResult) {
        if !self.survives(device, Moment::Answering) {
            return;
        }
        let Some(actor) = self.actors.get_mut(&device) else { return };
        actor.last_answer = Some(result.clone());
        let overlaps = actor.takes(Fault::Overlap);
        let link = actor.link();
        let (command, attempt) = (result.id, result.attempt.number());
        let outcome = outcome_name(&result.outcome);
        self.see(Some(device), What::Answered { command, attempt, outcome });
        let Some(link) = link else { return };
        if let Some(how) = self.misdeed(device) {
            self.answer_wrongly(device, how, &result);
            return;
        }
        if overlaps {
            self.overlap(link);
        }
        self.send_up(link, ToServer::CommandResult(result));
        if overlaps {
            self.cut(device, Fault::Overlap.name());
        }
        self.moment(device, Moment::Answered);
    }

    /// Up goes what the device hands over, late if the device is slow.
    pub(super) fn send_up(&mut self, link: LinkId, message: ToServer) {
        let Some(open) = self.links.get(&link) else { return };
        if let Some(actor) = self.actors.get_mut(&open.device)
            && self.now < actor.slow.1
        {
            actor.weather.hold(Way::Up, self.now.after(actor.slow.0));
        }
        let at = self.arrival(link, Way::Up);
        self.schedule(at, Event::Up { link, message });
    }

    /// Closes once everything sent has arrived, and stays away.
    fn part(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        actor.aim = Aim::Rest;
        if let Road::Leaving(_) = actor.way {
            return;
        }
        let link = actor.link();
        actor.way = Road::Down;
        if let Some(link) = link.filter(|link| self.links.contains_key(link)) {
            actor.way = Road::Leaving(link);
            let at = self.arrival(link, Way::Up);
            let left_at = at.after(self.plan.network.delay).min(self.now.after(LEAVE_WITHIN));
            self.schedule(at, Event::ClosedByDevice { link });
            self.schedule(left_at, Event::Left { device, link });
        }
    }

    /// The server has read the last messages, or was given time enough to.
    pub(super) fn left(&mut self, device: u32, link: LinkId) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if actor.way == Road::Leaving(link) {
            actor.way = Road::Down;
            self.strive(device);
        }
    }

    /// Starts the attempt the core wants, if nothing stands in its way.
    pub(super) fn strive(&mut self, device: u32) {
        let Some(actor) = self.actors.get(&device) else { return };
        if actor.way != Road::Down || !actor.has_network() {
            return;
        }
        match actor.aim {
            Aim::Rest => {}
            Aim::Enrol => self.try_enrol(device),
            Aim::Connect => self.try_connect(device),
        }
    }

    fn try_enrol(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let fresh = actor.identity.filter(|identity| identity.life.is_none());
        let key = match fresh {
            Some(identity) => identity.key,
            None => {
                let key = Key(self.keys_made);
                self.keys_made += 1;
                actor.identity = Some(Identity { key, life: None });
                actor.persist();
                key
            }
        };
        let attempt = self.begin_attempt(device);
        if !self.handshake_lost(device, Handshake::Asked) {
            let at = self.after_delay(device, attempt, Way::Up);
            self.schedule(at, Event::EnrolAsked { device, attempt, key });
        }
    }

    fn try_connect(&mut self, device: u32) {
        let Some(Identity { key, life: Some(life) }) = self.actors[&device].identity else {
            return;
        };
        let attempt = self.begin_attempt(device);
        if !self.handshake_lost(device, Handshake::Asked) {
            let at = self.after_delay(device, attempt, Way::Up);
            self.schedule(at, Event::ConnectAsked { device, attempt, key, life });
        }
    }

    fn begin_attempt(&mut self, device: u32) -> u64 {
        self.see(Some(device), What::Connecting);
        let Some(actor) = self.actors.get_mut(&device) else { return 0 };
        actor.attempts += 1;
        actor.way = Road::Trying(actor.attempts);
        let attempt = actor.attempts;
        self.schedule(self.now.after(ATTEMPT_WITHIN), Event::AttemptLost { device, attempt });
        self.moment(device, Moment::Connecting);
        attempt
    }

    /// Whether the attempt under way is lost at this stage.
    pub(super) fn handshake_lost(&mut self, device: u32, stage: Handshake) -> bool {
        let actor = self.actors.get_mut(&device);
        actor.is_some_and(|actor| actor.takes(Fault::HandshakeLost { stage }))
    }

    pub(super) fn enrol_answered(
        &mut self,
        (device, attempt): (u32, u64),
        key: Key,
        answer: Result<DeviceId, CloseCode>,
    ) {
        if !self.is_trying(device, attempt) {
            return;
        }
        let Some(actor) = self.actors.get_mut(&device) else { return };
        actor.way = Road::Down;
        match answer {
            Ok(life) => {
                actor.backoff.reset();
                actor.identity = Some(Identity { key, life: Some(life) });
                self.handle(device, Input::Enrolled { device: life });
                self.tell_push_target(device);
            }
            Err(CloseCode::TokenUsed) => {
                actor.aim = Aim::Rest;
                self.handle(device, Input::EnrolmentRefused);
            }
            Err(_code) => self.rest(device),
        }
    }

    pub(super) fn connect_answered(
        &mut self,
        device: u32,
        attempt: u64,
        link: Result<LinkId, CloseCode>,
    ) {
        if !self.is_trying(device, attempt) {
            return;
        }
        let now = self.now;
        let Some(actor) = self.actors.get_mut(&device) else { return };
        match link {
            Ok(link) => {
                actor.way = Road::Up { link, since: now };
                actor.refusals = 0;
                self.handle(device, Input::Connected { minor: alpn::MINOR });
                self.moment(device, Moment::Connected);
            }
            Err(code) => {
                actor.way = Road::Down;
                self.refused(device, code);
            }
        }
    }

    pub(super) fn attempt_lost(&mut self, device: u32, attempt: u64) {
        if self.is_trying(device, attempt) {
            self.rest(device);
        }
    }

    /// A few more attempts, then none: it might have been a server that is being set up.
    pub(super) fn handshake_refused(&mut self, device: u32, attempt: u64) {
        if !self.is_trying(device, attempt) {
            return;
        }
        let Some(actor) = self.actors.get_mut(&device) else { return };
        actor.refusals = actor.refusals.saturating_add(1);
        if actor.refusals >= REFUSALS_MAX {
            actor.aim = Aim::Rest;
        }
        self.rest(device);
    }

    pub(super) fn rested(&mut self, device: u32, attempt: u64) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if actor.way == Road::Resting && actor.attempts == attempt {
            actor.way = Road::Down;
            self.strive(device);
        }
    }

    pub(super) fn down(&mut self, link: LinkId, message: ToDevice) {
        let Some(open) = self.links.get(&link) else { return };
        let device = open.device;
        if open.ends == Ends::ServerOnly || self.actors[&device].link() != Some(link) {
            return;
        }
        if let (ToDevice::Welcome(_), Some(actor)) = (&message, self.actors.get_mut(&device)) {
            actor.welcomed = Some(link);
        }
        match message {
            ToDevice::Command(command) => self.command_arrives(device, link, command),
            ToDevice::Welcome(_)
            | ToDevice::TokenUpdateAck { .. }
            | ToDevice::Empty
            | ToDevice::PolicyUpdate(_) => {
                self.handle(device, Input::Message(message));
            }
        }
    }

    fn command_arrives(&mut self, device: u32, link: LinkId, command: Command) {
        let life = self.lived(device);
        let CommandHead { id, attempt, .. } = command.head;
        self.see(Some(device), What::Received { life, command: id, attempt: attempt.number() });
        if attempt.number() > 1 && self.survives(device, Moment::CommandReturns) {
            let old = |actor: &mut Actor| actor.takes(Fault::OldAttempt);
            if self.actors.get_mut(&device).is_some_and(old) {
                self.answer_old_attempt(link, id, attempt);
            }
        }
        self.moment(device, Moment::CommandArrives);
        let Some(actor) = self.actors.get_mut(&device) else { return };
        // Whatever struck in between may have ended the connection.
        if actor.link() != Some(link) {
            return;
        }
        let times = if actor.takes(Fault::Duplicate) { 2 } else { 1 };
        for _ in 0..times {
            self.handle(device, Input::Message(ToDevice::Command(command.clone())));
        }
    }

    pub(super) fn closed_by_server(&mut self, link: LinkId, code: CloseCode) {
        let Some(open) = self.links.remove(&link) else { return };
        let device = open.device;
        if self.actors[&device].link() != Some(link) {
            return;
        }
        self.see(Some(device), What::Closed { code: Some(code) });
        self.link_lost(device, link);
        self.refused(device, code);
    }

    /// What a close code means to the device.
    fn refused(&mut self, device: u32, code: CloseCode) {
        let ends = matches!(
            code,
            CloseCode::Unenrolled | CloseCode::CertificateSuperseded | CloseCode::UnknownDevice
        );
        if ends && self.actors[&device].aim == Aim::Connect {
            self.handle(device, Input::Unenrolled);
        } else if code != CloseCode::Replaced {
            self.rest(device);
        } else if let Some(actor) = self.actors.get_mut(&device) {
            actor.aim = Aim::Rest;
            actor.way = Road::Down;
            actor.gave_way = true;
        }
    }

    /// The device knows that its connection is gone.
    pub(super) fn link_lost(&mut self, device: u32, link: LinkId) {
        let now = self.now;
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if let Road::Up { link: current, since } = actor.way
            && current == link
        {
            actor.backoff.on_session(now.since(since));
            // Nothing is tried before whoever called has said when.
            actor.way = Road::Resting;
            self.handle(device, Input::Disconnected);
        }
    }

    pub(super) fn device_timer(&mut self, device: u32, at: muster_protocol::Timestamp) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if actor.timer == Some(at) {
            actor.timer = None;
            self.handle(device, Input::Deadline);
        }
    }

    pub(super) fn schedule_timer(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let next = actor.device.next_deadline().map(|at| actor.moment_of(at));
        if let Some(at) = next
            && actor.timer != Some(at)
        {
            let at = at.max(self.now);
            actor.timer = Some(at);
            self.schedule(at, Event::DeviceTimer { device, at });
        }
    }

    pub(super) fn is_trying(&self, device: u32, attempt: u64) -> bool {
        self.actors.get(&device).is_some_and(|actor| actor.way == Road::Trying(attempt))
    }
}

const fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Acknowledged(_) => "Acknowledged",
        Outcome::Error(_) => "Error",
        Outcome::NotSupported(_) => "NotSupported",
        Outcome::CommandFormatError => "CommandFormatError",
        Outcome::NotNow => "NotNow",
    }
}
