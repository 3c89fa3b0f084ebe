//! The device's end: what its core wants, carried out.

use core::time::Duration;

use muster_device::{Input, Output};
use muster_protocol::management::{CommandResult, ToDevice, ToServer};
use muster_protocol::{Answer, Attempt, CloseCode, CommandHead, DeviceId, Outcome, alpn};

use super::{Ends, Event, World};
use crate::actor::{Aim, Identity, Reach, Trap, Way as Road};
use crate::link::{LinkId, Way};
use crate::log::What;
use crate::server::Key;

/// How long an attempt waits for an answer.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(10);

/// How long an answer may be under way on a path that is given up.
const SLOW_PATH: Duration = Duration::from_secs(20);

impl World {
    pub(super) fn switch_on(&mut self, device: u32) {
        self.handle(device, Input::Start);
    }

    /// Gives an input to a device and carries out what it says.
    pub(super) fn handle(&mut self, device: u32, input: Input) {
        let now = self.now;
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let before = actor.device.phase();
        actor.device.handle(now, input);
        while let Some(output) = self.actors.get_mut(&device).and_then(|it| it.device.poll_output())
        {
            self.carry(device, output);
        }
        let phase = self.actors[&device].device.phase();
        if phase != before {
            self.see(Some(device), What::Phase { phase });
        }
        self.schedule_timer(device);
        self.strive(device);
    }

    fn carry(&mut self, device: u32, output: Output) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        match output {
            Output::Enrol => actor.aim = Aim::Enrol,
            Output::Connect => actor.aim = Aim::Connect,
            Output::Persist => actor.persist(),
            Output::Send(message) => self.send(device, message),
            Output::Executed { command, request } => {
                let life = self.lived(device);
                self.see(Some(device), What::Executed { life, command, request });
                if self.springs(device, Trap::CrashAfterExecuting) {
                    self.agent_crash(device);
                }
            }
            Output::Leave => {
                actor.identity = None;
                actor.persist();
                self.part(device);
            }
            Output::Disconnect => self.part(device),
            Output::Activation(call) => {
                let serial = actor.device.facts().serial.clone();
                let reply = self.vendor.answer(&serial, call);
                self.handle(device, Input::Activation(reply));
            }
            Output::Note(_) => {}
        }
    }

    /// The life a device is in, or was in before it left.
    fn lived(&self, device: u32) -> DeviceId {
        let actor = &self.actors[&device];
        let life = actor.identity.and_then(|identity| identity.life);
        life.unwrap_or(DeviceId::from_bytes([0; 16]))
    }

    fn send(&mut self, device: u32, message: ToServer) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if let ToServer::CommandResult(result) = &message {
            actor.last_answer = Some(result.clone());
            let (command, attempt) = (result.id, result.attempt.number());
            let outcome = outcome_name(&result.outcome);
            let link = actor.link();
            self.see(Some(device), What::Answered { command, attempt, outcome });
            if self.springs(device, Trap::LoseNextAnswer) {
                self.cut(device, "answer lost");
            } else if let Some(link) = link {
                self.answer_up(device, link, message);
            }
        } else if let Some(link) = actor.link() {
            self.send_up(link, message);
        }
    }

    fn answer_old_attempt(&mut self, device: u32, link: LinkId, head: CommandHead) {
        self.see(Some(device), What::Fault { name: "old attempt" });
        let attempt = Attempt::new(head.attempt.number() - 1);
        let outcome = Outcome::Acknowledged(Answer::Done);
        let result = CommandResult { id: head.id, attempt, outcome };
        self.send_up(link, ToServer::CommandResult(result));
    }

    fn answer_up(&mut self, device: u32, link: LinkId, message: ToServer) {
        let overlaps = self.springs(device, Trap::Overlap);
        if overlaps {
            self.black_hole(device, SLOW_PATH);
        }
        self.send_up(link, message);
        if overlaps {
            self.cut(device, "overlap");
        }
    }

    /// Whether the moment of this trap has come.
    fn springs(&mut self, device: u32, trap: Trap) -> bool {
        let actor = self.actors.get_mut(&device);
        actor.is_some_and(|actor| actor.trap.take_if(|set| *set == trap).is_some())
    }

    /// Closes once everything sent has arrived, and stays away.
    fn part(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        actor.aim = Aim::Rest;
        let link = actor.link();
        actor.way = Road::Down;
        if let Some(link) = link
            && let Some(open) = self.links.get_mut(&link)
        {
            let at = open.link.arrival(self.now, Way::Up);
            self.schedule(at, Event::ClosedByDevice { link });
        }
    }

    /// Starts the attempt the core wants, if nothing stands in its way.
    pub(super) fn strive(&mut self, device: u32) {
        let Some(actor) = self.actors.get(&device) else { return };
        if actor.way != Road::Down || actor.reach == Reach::Offline {
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
        let at = self.after_delay(device, attempt);
        self.schedule(at, Event::EnrolAsked { device, attempt, key });
    }

    fn try_connect(&mut self, device: u32) {
        let Some(Identity { key, life: Some(life) }) = self.actors[&device].identity else {
            return;
        };
        let attempt = self.begin_attempt(device);
        let at = self.after_delay(device, attempt);
        self.schedule(at, Event::ConnectAsked { device, attempt, key, life });
    }

    fn begin_attempt(&mut self, device: u32) -> u64 {
        self.see(Some(device), What::Connecting);
        let Some(actor) = self.actors.get_mut(&device) else { return 0 };
        actor.attempts += 1;
        actor.way = Road::Trying(actor.attempts);
        let attempt = actor.attempts;
        self.schedule(self.now.after(ATTEMPT_WITHIN), Event::AttemptLost { device, attempt });
        attempt
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
                actor.reset_delays();
                actor.identity = Some(Identity { key, life: Some(life) });
                self.owners.insert(life, device);
                self.handle(device, Input::Enrolled { device: life });
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
                self.handle(device, Input::Connected { minor: alpn::MINOR });
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
        if let ToDevice::Command(command) = &message {
            let life = self.lived(device);
            let (id, attempt) = (command.head.id, command.head.attempt.number());
            self.see(Some(device), What::Received { life, command: id, attempt });
            if attempt > 1 && self.springs(device, Trap::OldAttempt) {
                self.answer_old_attempt(device, link, command.head);
            }
        }
        self.handle(device, Input::Message(message));
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
        }
    }

    /// The device knows that its connection is gone.
    pub(super) fn link_lost(&mut self, device: u32, link: LinkId) {
        let now = self.now;
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if let Road::Up { link: current, since } = actor.way
            && current == link
        {
            actor.on_session(now.since(since));
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

    fn schedule_timer(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let next = actor.device.next_deadline();
        if let Some(at) = next
            && actor.timer != Some(at)
        {
            let at = at.max(self.now);
            actor.timer = Some(at);
            self.schedule(at, Event::DeviceTimer { device, at });
        }
    }

    fn is_trying(&self, device: u32, attempt: u64) -> bool {
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
