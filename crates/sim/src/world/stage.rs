//! A world that is played by hand: what a case on a live fleet does, in virtual time.
//!
//! Nothing is planned. Whoever holds the [`Rehearsal`] asks, looks, lets time pass and asks again.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use muster_control::{Action, DeviceRecord, NewCommand, Settled, Stage, SubmitRefusal};
use muster_device::activation::ActivationService;
use muster_device::{Input, Note, Phase, UserAction};
use muster_protocol::management::{CommandResult, ToServer};
use muster_protocol::status::DeviceStatus;
use muster_protocol::{CloseCode, CommandId, DeviceId, SerialNumber, Timestamp};

use super::{Ends, Event, STANDING_MAX, World};
use crate::actor::{Actor, Aim, Reach, Way as Road};
use crate::fault::Fault;
use crate::invariant::{Invariant, Violation};
use crate::link::{LinkId, Way};
use crate::log::{Keep, Log, What};
use crate::plan::{Network, Plan, PlannedDevice};
use crate::server::Effects;

/// How soon a device notices that its server was killed: it pings, and nobody answers.
const NOTICES_AFTER: Duration = Duration::from_secs(1);

/// The id of a command no server has made.
const UNKNOWN_COMMAND: CommandId = CommandId::from_bytes([0xfe; 16]);

/// A world that is played by hand.
#[derive(Debug)]
pub struct Rehearsal {
    world: World,
    /// Lines of the log from before the present server.
    earlier: usize,
    copies: Copies,
}

/// Whether the same device is there more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    None,
    Some,
}

/// A device as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Who it is to the server, while it is enrolled.
    pub id: Option<DeviceId>,
    /// The hardware's number.
    pub serial: SerialNumber,
    /// Where it stands in its life.
    pub phase: Phase,
    /// Whether it has a connection the server has welcomed.
    pub connected: bool,
    /// Whether it is in Lost Mode.
    pub lost: bool,
    /// The state as it would report it.
    pub status: DeviceStatus,
}

/// What a device does wrong with the next answer it gives. Once, then it behaves again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdeed {
    /// Gives it twice.
    AnswerTwice,
    /// Gives it for an attempt that has not been, and none for the one that is.
    AnswerAnotherAttempt,
    /// Answers a command nobody asked for first.
    AnswerAnUnknownCommand,
    /// Loses the connection when the command has been executed, before the answer is out.
    LoseTheConnection,
    /// Executes and keeps the answer to itself; the connection stays.
    SayNothing,
}

/// What the present server has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers for commands that had ended already.
    pub duplicates: u64,
    /// Answers for an attempt that is not the current one.
    pub stale_attempts: u64,
    /// Answers for commands the device never had.
    pub unknown_commands: u64,
    /// Attempts handed to devices.
    pub attempts: u64,
    /// Handshakes refused because the certificate has ended.
    pub refused_handshakes: u64,
    /// Pushes that have reached devices; those of earlier servers count as well.
    pub pushes: u64,
}

impl Rehearsal {
    /// Switches these devices on. Of the plan its seed, network, readings and devices count.
    #[must_use]
    pub fn begin(plan: Plan) -> Self {
        let calm_at = Timestamp::from_micros(u64::MAX);
        let plan = Plan { acts: Vec::new(), calm_at, end_at: calm_at, ..plan };
        let mut world = World::new(plan, Keep::All);
        world.notes = Some(Vec::new());
        let numbers: Vec<u32> = world.actors.keys().copied().collect();
        numbers.into_iter().for_each(|device| world.switch_on(device));
        Self { world, earlier: 0, copies: Copies::None }
    }

    /// This moment.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.world.now
    }

    /// Everything that was seen.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.world.log
    }

    /// Lets time pass: everything that is due within `span` happens at its moment.
    ///
    /// A world in which time does not move any more is left where it stands, and is a violation.
    pub fn pass(&mut self, span: Duration) {
        let until = self.world.now.after(span);
        while let Some(Reverse(next)) = self.world.heap.peek() {
            if next.at > until || self.world.standing > STANDING_MAX {
                break;
            }
            if let Some(Reverse(next)) = self.world.heap.pop() {
                self.world.advance(next.at);
                self.world.step(next.event);
            }
        }
        self.world.now = until;
        self.world.standing = 0;
    }

    /// Has an administrator ask for an action of this life, which is given up after `lifetime`.
    ///
    /// # Errors
    /// [`SubmitRefusal`] as `control` decides it; [`SubmitRefusal::NotEnrolled`] while no server
    /// runs or if nobody has this life.
    pub fn ask(
        &mut self,
        life: DeviceId,
        action: Action,
        lifetime: Duration,
    ) -> Result<CommandId, SubmitRefusal> {
        let world = &mut self.world;
        let (now, readings) = (world.now, world.plan.readings);
        let record = world.server.record(life).ok_or(SubmitRefusal::NotEnrolled)?;
        let id = CommandId::from_bytes([0; 16]);
        let trial = NewCommand { id, action: action.clone(), lifetime };
        record.clone().submit(now, trial, &readings)?;
        let mut effects = Effects::default();
        let accepted = world.server.submit(now, life, (action, lifetime), &mut effects);
        world.carry_out(effects);
        world.schedule_sweep(life);
        world.call_vendor(life);
        accepted.map_err(|_full| SubmitRefusal::QueueFull)
    }

    /// What the server knows of a life; `None` while no server runs.
    #[must_use]
    pub fn record(&self, life: DeviceId) -> Option<&DeviceRecord> {
        self.world.server.record(life)
    }

    /// Has the person at a device do something; returns what they see.
    pub fn user(&mut self, device: u32, action: UserAction) -> Vec<Note> {
        self.world.see(Some(device), What::User { does: action.name() });
        self.world.notes = Some(Vec::new());
        self.world.handle(device, Input::User(action));
        self.world.notes.replace(Vec::new()).unwrap_or_default()
    }

    /// Takes a device off the network: its connection closes and it stays away.
    pub fn offline(&mut self, device: u32) {
        self.world.see(Some(device), What::Fault { name: "offline" });
        if let Some(actor) = self.world.actors.get_mut(&device) {
            actor.reach = Reach::Offline;
        }
        self.world.hang_up(device);
        if let Some(actor) = self.world.actors.get_mut(&device) {
            actor.way = Road::Down;
        }
    }

    /// Puts a device back on the network. One that had given up tries again.
    pub fn online(&mut self, device: u32) {
        self.world.see(Some(device), What::FaultOver { name: "offline" });
        let Some(actor) = self.world.actors.get_mut(&device) else { return };
        actor.reach = Reach::Online;
        actor.refusals = 0;
        actor.backoff.reset();
        match actor.device.phase() {
            // One that sleeps comes when it is pushed.
            Phase::Enrolled if actor.device.is_asleep() => {}
            Phase::Enrolled if actor.device.is_on_network() => actor.aim = Aim::Connect,
            // The core asks for the connection itself, once there is a network to have it on.
            Phase::Enrolled => {}
            Phase::Enrolling => actor.aim = Aim::Enrol,
            Phase::SetupAssistant | Phase::ActivationPrompt | Phase::Unenrolled => {}
        }
        if actor.way == Road::Resting {
            actor.way = Road::Down;
        }
        self.world.follow_presence(device);
        self.world.strive(device);
    }

    /// Has a device do something wrong with the next answer it gives.
    pub fn misbehave(&mut self, device: u32, how: Misdeed) {
        if let Some(actor) = self.world.actors.get_mut(&device) {
            actor.misdeed = Some(how);
        }
    }

    /// Has the next push for a device meet with one of the faults of pushes.
    pub fn spoil_push(&mut self, device: u32, fault: Fault) {
        self.world.spoil_wake(device, fault);
    }

    /// Copies a device with its certificate and key and switches the copy on; returns the number
    /// of the copy, `None` if there is no such device.
    pub fn copy(&mut self, device: u32) -> Option<u32> {
        let world = &mut self.world;
        let original = world.actors.get(&device)?;
        let number = world.actors.keys().next_back()? + 1;
        let planned = world.plan.devices.iter().find(|planned| planned.number == device)?;
        let planned = PlannedDevice { number, ..planned.clone() };
        let mut copy = Actor::new(&planned, world.seed);
        copy.device = original.device.clone();
        copy.identity = original.identity;
        copy.persist();
        world.actors.insert(number, copy);
        self.copies = Copies::Some;
        world.switch_on(number);
        Some(number)
    }

    /// The vendor's activation service.
    pub const fn vendor(&mut self) -> &mut ActivationService {
        &mut self.world.vendor
    }

    /// Kills the server: nobody is told, nothing is handed back.
    pub fn kill_server(&mut self) {
        let world = &mut self.world;
        if !world.server.is_up() {
            return;
        }
        // The witness knows this fault by its name.
        world.see(None, What::Fault { name: "server-crash" });
        world.server.crash();
        let links: Vec<LinkId> = world.links.keys().copied().collect();
        let at = world.now.after(NOTICES_AFTER);
        for link in links {
            world.schedule(at, Event::ClosedByServer { link, code: CloseCode::RetryLater });
        }
    }

    /// Stops the server: its devices are asked to come back later.
    pub fn stop_server(&mut self) {
        self.world.server_stops();
    }

    /// Starts the server on what the last one left.
    pub fn start_server(&mut self) {
        if !self.world.server.is_up() {
            self.earlier = self.world.log.entries().count();
            self.world.refused_handshakes = 0;
            self.world.server_starts();
        }
    }

    /// Looks at a device; `None` if there is no such device.
    #[must_use]
    pub fn look(&self, device: u32) -> Option<Sight> {
        let actor = self.world.actors.get(&device)?;
        Some(Sight {
            id: actor.device.id(),
            serial: actor.device.facts().serial.clone(),
            phase: actor.device.phase(),
            connected: actor.link().is_some_and(|link| actor.welcomed == Some(link)),
            lost: actor.device.is_lost(),
            status: actor.device.status(),
        })
    }

    /// What the present server has counted.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let refused_handshakes = self.world.refused_handshakes;
        let woken = self.world.log.entries().filter(|entry| matches!(entry.what, What::Woken));
        let pushes = u64::try_from(woken.count()).unwrap_or(u64::MAX);
        let mut tally = Tally { refused_handshakes, pushes, ..Tally::default() };
        for entry in self.world.log.entries().skip(self.earlier) {
            if let What::Stored { stage: Stage::InFlight, .. } = entry.what {
                tally.attempts += 1;
            }
            if let What::Settled { settled, .. } = entry.what {
                match settled {
                    Settled::Duplicate => tally.duplicates += 1,
                    Settled::StaleAttempt => tally.stale_attempts += 1,
                    Settled::Unknown => tally.unknown_commands += 1,
                    Settled::Closed | Settled::Deferred => {}
                }
            }
        }
        tally
    }

    /// Commands that took effect again on a device where they had taken effect before.
    #[must_use]
    pub fn executed_twice(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let mut again = 0;
        for entry in self.world.log.entries() {
            if let What::Executed { command, .. } = entry.what
                && !seen.insert((entry.device, command))
            {
                again += 1;
            }
        }
        again
    }

    /// The first broken promise, once. That a copy gets what was meant for its original is no
    /// promise broken.
    pub fn take_violation(&mut self) -> Option<Violation> {
        let violation = self.world.take_violation()?;
        let expected = self.copies == Copies::Some && violation.invariant == Invariant::S4;
        (!expected).then_some(violation)
    }
}

impl World {
    /// Ends the connection of a device; both sides know at once.
    fn hang_up(&mut self, device: u32) {
        let Some(link) = self.actors.get(&device).and_then(Actor::link) else { return };
        if let Some(open) = self.links.get_mut(&link) {
            open.ends = Ends::ServerOnly;
            let at = self.arrival(link, Way::Up);
            self.schedule(at, Event::ClosedByDevice { link });
        }
        self.link_lost(device, link);
    }

    /// What the device is set to do wrong with its next answer.
    pub(super) fn misdeed(&mut self, device: u32) -> Option<Misdeed> {
        self.actors.get_mut(&device)?.misdeed.take()
    }

    /// Makes of an answer what a device makes of it that does not behave.
    pub(super) fn answer_wrongly(&mut self, device: u32, how: Misdeed, answer: &CommandResult) {
        let Some(link) = self.actors.get(&device).and_then(Actor::link) else { return };
        let mut send = |result: CommandResult| self.send_up(link, ToServer::CommandResult(result));
        match how {
            Misdeed::AnswerTwice => {
                send(answer.clone());
                send(answer.clone());
            }
            Misdeed::AnswerAnotherAttempt => {
                send(CommandResult { attempt: answer.attempt.next(), ..answer.clone() });
            }
            Misdeed::AnswerAnUnknownCommand => {
                send(CommandResult { id: UNKNOWN_COMMAND, ..answer.clone() });
                send(answer.clone());
            }
            Misdeed::LoseTheConnection => {
                self.hang_up(device);
                self.rest(device);
            }
            Misdeed::SayNothing => {}
        }
    }
}

/// How messages travel where nothing is wrong: like a phone in a good network.
pub const CALM_NETWORK: Network =
    Network { delay: Duration::from_millis(5), jitter: Duration::ZERO };
