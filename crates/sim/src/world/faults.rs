//! Whatever goes wrong: armed when its act comes, struck at its moment.

use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::limits::IDLE_TIMEOUT;
use muster_protocol::management::{CommandResult, ToServer};
use muster_protocol::{Answer, Attempt, CloseCode, CommandId, DeviceId, Outcome, Seed, Timestamp};

use super::{Ends, Event, World};
use crate::actor::{Actor, Aim, Reach, Way as Road};
use crate::armed::{Armed, fulfilled, striking};
use crate::fault::{Fault, Injection, Moment, Scope, Trigger};
use crate::link::{LinkId, Way, Weather};
use crate::log::What;
use crate::plan::UserDoes;
use crate::server::owner;

/// How soon a device notices that its server has died: its next packet is answered by a reset.
const NOTICED_WITHIN: Duration = Duration::from_secs(60);

/// How long an answer may be under way on a path that is given up.
const SLOW_PATH: Duration = Duration::from_secs(20);

/// No device has this number.
const SERVER: u32 = u32::MAX;

/// Copies are numbered from here.
const COPIES_FROM: u32 = 1 << 31;

/// So many copies of one device have a number of their own; one more takes the place of the first.
const COPIES_PER_DEVICE: u32 = 64;

/// Which answer is sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Same,
    Opposite,
    Stray,
    Foreign,
}

impl World {
    /// Brings a fault into the world: it strikes now, or waits for its moment.
    pub(super) fn inject(&mut self, injection: &Injection) {
        let seed = self.seed.child("fault", injection.number.into());
        if injection.fault.is_of_the_server() && self.inject_at_server(injection, seed) {
            return;
        }
        match injection.scope {
            Scope::Device(device) => self.inject_into(device, injection, seed),
            Scope::Mode(_) | Scope::Share { .. } | Scope::All => {
                for device in self.numbers() {
                    self.inject_into(device, injection, seed);
                }
            }
        }
    }

    fn inject_into(&mut self, device: u32, injection: &Injection, seed: Seed) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let mut draws = seed.child("device", device.into()).stream();
        let mode = actor.device.facts().mode;
        if actor.copy_of.is_some() || !injection.scope.strikes(device, mode, &mut draws) {
            return;
        }
        match Armed::new(injection, draws) {
            Some(armed) => actor.armed.push(armed),
            None => self.strike(device, injection.fault),
        }
        self.check_conditions(device);
    }

    /// True if it needs no device to wait for.
    fn inject_at_server(&mut self, injection: &Injection, seed: Seed) -> bool {
        let moment = match injection.trigger {
            Trigger::AtOnce => {
                self.strike(SERVER, injection.fault);
                return true;
            }
            Trigger::After(moment) | Trigger::Nth { moment, .. } | Trigger::Odds { moment, .. } => {
                moment
            }
            Trigger::When(_) => return false,
        };
        let dies = matches!(injection.fault, Fault::ServerCrash { .. })
            && matches!(moment, Moment::Committing | Moment::Committed);
        if dies {
            self.server.store.fuses.extend(Armed::new(injection, seed.stream()));
        }
        dies
    }

    /// This moment has come for a device: what waited for it strikes.
    pub(super) fn moment(&mut self, device: u32, moment: Moment) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if actor.armed.is_empty() {
            return;
        }
        for fault in striking(&mut actor.armed, moment) {
            self.strike(device, fault);
        }
    }

    /// The same; false if the agent did not survive it.
    pub(super) fn survives(&mut self, device: u32, moment: Moment) -> bool {
        let crashes = |world: &Self| world.actors.get(&device).map(|actor| actor.crashes);
        let before = crashes(self);
        self.moment(device, moment);
        crashes(self) == before
    }

    /// Whether a state has come that a fault waits for.
    pub(super) fn check_conditions(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if actor.armed.is_empty() {
            return;
        }
        let mut armed = core::mem::take(&mut actor.armed);
        let fulfilled = fulfilled(&mut armed, |condition| actor.is(condition));
        actor.armed = armed;
        for fault in fulfilled {
            self.strike(device, fault);
        }
    }

    /// It goes wrong now. What strikes the server does so whoever the device is.
    fn strike(&mut self, device: u32, fault: Fault) {
        match fault {
            Fault::Loss { hits, of, lasts } => {
                self.spoil(device, fault, |path, now| path.lose(hits, of, now.after(lasts)));
            }
            Fault::Latency { delay, jitter, lasts } => self.spoil(device, fault, |path, now| {
                path.slow_down(delay, jitter, now.after(lasts));
            }),
            Fault::BlackHole { lasts } => self.hole((device, fault), &Way::BOTH, lasts),
            Fault::OneWay { way, lasts } => self.hole((device, fault), &[way], lasts),
            Fault::Cut => self.cut(device, fault.name()),
            Fault::Offline { lasts } => self.outage(device, lasts),
            Fault::Duplicate
            | Fault::Overlap
            | Fault::HandshakeLost { .. }
            | Fault::OldAttempt
            | Fault::TokenRefused => self.twist(device, fault),
            Fault::RepeatAnswer => self.answer_again((device, fault), Again::Same),
            Fault::Contradict => self.answer_again((device, fault), Again::Opposite),
            Fault::StrayAnswer => self.answer_again((device, fault), Again::Stray),
            Fault::ForeignAnswer => self.answer_again((device, fault), Again::Foreign),
            Fault::AgentCrash => self.agent_crash(device),
            Fault::User { does } => self.schedule(self.now, Event::UserActs { device, does }),
            Fault::Slow { delay, lasts } => self.slow_down((device, fault), delay, lasts),
            Fault::DeviceClock { ahead } => self.device_clock((device, fault), ahead),
            Fault::Clone => self.copy(device),
            Fault::ServerCrash { lasts } => self.server_crash(lasts),
            Fault::ServerBusy { lasts } => self.server_busy(lasts),
            Fault::ServerClock { ahead } => self.server_clock(ahead),
            Fault::DiskFull { lasts } => self.disk_full(lasts),
            Fault::ServiceDown { lasts } => self.service_down(lasts),
            Fault::WakeLost
            | Fault::WakeLate { .. }
            | Fault::WakeCoalesced { .. }
            | Fault::WakeExpired
            | Fault::WakeDuplicated
            | Fault::WakeReordered => self.spoil_wake(device, fault),
        }
    }

    fn twist(&mut self, device: u32, fault: Fault) {
        self.see(Some(device), What::Fault { name: fault.name() });
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.twist = Some(fault);
        }
    }

    pub(super) fn user_acts(&mut self, device: u32, does: UserDoes) {
        self.see(Some(device), What::Fault { name: "user" });
        self.user(device, does.action());
    }
}

/// The way between.
impl World {
    /// Makes the path of a device worse for a while.
    fn spoil(&mut self, device: u32, fault: Fault, spoil: impl FnOnce(&mut Weather, Timestamp)) {
        self.see(Some(device), What::Fault { name: fault.name() });
        let now = self.now;
        if let Some(actor) = self.actors.get_mut(&device) {
            spoil(&mut actor.weather, now);
        }
    }

    /// Holds back what travels these ways. A connection does not outlive a long silence.
    fn hole(&mut self, (device, fault): (u32, Fault), ways: &[Way], lasts: Duration) {
        self.spoil(device, fault, |path, now| {
            ways.iter().for_each(|way| path.hold(*way, now.after(lasts)));
        });
        let Some(actor) = self.actors.get(&device) else { return };
        if let Some(link) = actor.link()
            && lasts >= IDLE_TIMEOUT
        {
            self.schedule(self.now.after(IDLE_TIMEOUT), Event::DeviceNotices { device, link });
        }
    }

    /// Nothing has come for too long.
    pub(super) fn device_notices(&mut self, device: u32, link: LinkId) {
        if self.actors.get(&device).and_then(Actor::link) == Some(link) {
            self.lose_link(device);
            self.rest(device);
        }
    }

    pub(super) fn cut(&mut self, device: u32, name: &'static str) {
        self.see(Some(device), What::Fault { name });
        self.lose_link(device);
        self.rest(device);
    }

    fn outage(&mut self, device: u32, lasts: Duration) {
        let until = self.now.after(lasts);
        let longer = self
            .actors
            .get(&device)
            .is_some_and(|actor| actor.reach == Reach::Offline && actor.offline_until > until);
        if longer {
            return;
        }
        self.offline(device, until);
        self.schedule(until, Event::OutageOver { device });
    }

    /// The connection is gone for the device at once, for the server when it has waited enough.
    pub(super) fn lose_link(&mut self, device: u32) {
        if let Some(link) = self.abandon_link(device) {
            self.link_lost(device, link);
        }
    }

    /// The same without telling the device.
    fn abandon_link(&mut self, device: u32) -> Option<LinkId> {
        let link = self.actors.get(&device).and_then(Actor::link)?;
        if let Some(open) = self.links.get_mut(&link) {
            open.ends = Ends::ServerOnly;
        }
        self.schedule(self.now.after(IDLE_TIMEOUT), Event::ServerNotices { link });
        Some(link)
    }

    /// The answer under way stays behind on a path that is given up.
    pub(super) fn overlap(&mut self, link: LinkId) {
        let now = self.now;
        if let Some(open) = self.links.get_mut(&link) {
            open.link.black_hole(now, SLOW_PATH);
        }
    }
}

/// Devices that do wrong, or suffer it.
impl World {
    pub(super) fn agent_crash(&mut self, device: u32) {
        self.see(Some(device), What::Fault { name: Fault::AgentCrash.name() });
        self.abandon_link(device);
        if let Some(actor) = self.actors.get_mut(&device) {
            // What it had not carried out yet is lost with it.
            actor.crash();
        }
        self.switch_on(device);
    }

    /// Sends an answer nobody waits for.
    fn answer_again(&mut self, (device, fault): (u32, Fault), again: Again) {
        self.see(Some(device), What::Fault { name: fault.name() });
        let Some(actor) = self.actors.get(&device) else { return };
        let (Some(link), Some(last)) = (actor.link(), actor.last_answer.clone()) else { return };
        let answer = match again {
            Again::Same => Some(last),
            Again::Opposite => Some(CommandResult { outcome: Outcome::Error(Vec::new()), ..last }),
            Again::Stray => {
                let mut draws = self.seed.child("stray", self.now.as_micros()).stream();
                Some(CommandResult { id: CommandId::from_bytes(draws.bytes()), ..last })
            }
            Again::Foreign => {
                let of_another = |(life, _): &&(DeviceId, CommandId)| owner(*life) != device;
                let found = self.commands.values().rev().find(of_another);
                found.map(|(_, id)| CommandResult { id: *id, ..last })
            }
        };
        if let Some(answer) = answer {
            self.send_up(link, ToServer::CommandResult(answer));
        }
    }

    /// Answers the attempt before the one that just came.
    pub(super) fn answer_old_attempt(&mut self, link: LinkId, id: CommandId, present: Attempt) {
        let attempt = Attempt::new(present.number().saturating_sub(1));
        let outcome = Outcome::Acknowledged(Answer::Done);
        self.send_up(link, ToServer::CommandResult(CommandResult { id, attempt, outcome }));
    }

    fn slow_down(&mut self, (device, fault): (u32, Fault), delay: Duration, lasts: Duration) {
        self.see(Some(device), What::Fault { name: fault.name() });
        let until = self.now.after(lasts);
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.slow = (delay, until);
        }
    }

    fn device_clock(&mut self, (device, fault): (u32, Fault), ahead: Duration) {
        self.see(Some(device), What::Fault { name: fault.name() });
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.ahead += ahead;
            actor.timer = None;
            self.schedule_timer(device);
        }
    }

    /// A copy of the device goes on beside it: both have the same identity.
    fn copy(&mut self, device: u32) {
        let planned = self.plan.devices.iter().find(|it| it.number == device);
        let (Some(planned), Some(actor)) = (planned, self.actors.get(&device)) else { return };
        let copies = self.actors.values().filter(|it| it.copy_of == Some(device)).count();
        let nth = u32::try_from(copies).unwrap_or(0) % COPIES_PER_DEVICE;
        let number = COPIES_FROM + device * COPIES_PER_DEVICE + nth;
        let copy = actor.copy(planned, number, self.seed);
        self.see(Some(device), What::Fault { name: Fault::Clone.name() });
        self.see(Some(number), What::Cloned { of: device });
        self.actors.insert(number, copy);
        self.switch_on(number);
    }

    /// The copy is found and destroyed.
    pub(super) fn remove_copy(&mut self, device: u32) {
        self.lose_link(device);
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.aim = Aim::Rest;
            actor.reach = Reach::Offline;
            actor.way = Road::Down;
        }
    }
}

/// The server and its disk.
impl World {
    pub(super) fn server_crash(&mut self, lasts: Duration) {
        if !self.server.is_up() {
            return;
        }
        self.see(None, What::Fault { name: "server-crash" });
        self.server.crash();
        self.pushing.clear();
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            let mut draws = self.seed.child("notices", link.0).stream();
            let at = self.now.after(draws.duration_below(NOTICED_WITHIN));
            self.schedule(at, Event::ClosedByServer { link, code: CloseCode::RetryLater });
        }
        self.schedule(self.now.after(lasts), Event::ServerStarts);
    }

    pub(super) fn server_starts(&mut self) {
        if self.server.is_up() {
            return;
        }
        self.see(None, What::FaultOver { name: "server-crash" });
        self.server.start();
        let stored: Vec<_> = self.server.store.commands().map(|(_, id)| id).collect();
        self.witness.stored(self.now, &stored);
        for life in self.server.lives() {
            self.schedule_sweep(life);
            self.call_vendor(life);
            self.schedule_push(life);
        }
    }

    fn server_busy(&mut self, lasts: Duration) {
        self.see(None, What::Fault { name: "server-busy" });
        self.server_busy_until = self.server_busy_until.max(self.now.after(lasts));
    }

    fn server_clock(&mut self, ahead: Duration) {
        self.server_ahead += ahead;
        self.see(None, What::Clock { ahead: self.server_ahead });
        for life in self.server.lives() {
            self.schedule_sweep(life);
            self.schedule_push(life);
        }
    }

    fn disk_full(&mut self, lasts: Duration) {
        self.see(None, What::Fault { name: "disk-full" });
        self.server.store.fill(self.server_now().after(lasts));
    }

    /// What the clock of the server says.
    pub(super) fn server_now(&self) -> Timestamp {
        self.now.after(self.server_ahead)
    }
}
