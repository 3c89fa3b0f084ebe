//! What comes from outside: administrators and users, and the calm at the end.

use alloc::vec::Vec;
use core::time::Duration;

use muster_control::Action;
use muster_device::{Connectivity, Input, PersonEvent, Phase, UserAction};
use muster_protocol::{Seed, Timestamp};
use muster_scenario::TakenOut;

use super::{Event, World, name_of};
use crate::actor::{Actor, Aim, Reach, Switch, Way as Road};
use crate::link::{LinkId, Way};
use crate::log::What;
use crate::plan::What as Outside;
use crate::server::Effects;

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How often users look after their devices once everything is calm.
const HELP_EVERY: Duration = Duration::from_secs(60);

/// The name of what is over when everything is calm.
const EVERYTHING: &str = "everything";

impl World {
    pub(super) fn act(&mut self, index: usize) {
        match self.plan.acts[index].what.clone() {
            Outside::Submit { device, command, action, lifetime } => {
                self.submit((device, command), action, lifetime);
            }
            Outside::Cancel { device, command } => self.cancel(device, command),
            Outside::User { device, does } => self.user(device, does.action()),
            Outside::Offline { device } => self.switch(device, Switch::Off),
            Outside::Online { device } => self.switch(device, Switch::On),
            Outside::Fault(injection) => self.inject(&injection),
            Outside::FreshChance { draw } => self.fresh_chance(draw),
            Outside::Restart { away } => self.restart(away),
            Outside::TakeOut { device } => self.take_out(device),
            Outside::SetUp { device } => self.await_set_up(device),
            Outside::FoulPushes(foul) => self.foul_pushes_for_a_while(foul),
        }
    }

    pub(super) fn submit(
        &mut self,
        (device, command): (u32, u32),
        action: Action,
        lifetime: Duration,
    ) {
        let name = name_of(&action);
        let Some(life) = self.server.life_of(device) else {
            let reason = if self.server.is_up() { "unknown device" } else { "server is down" };
            self.see(Some(device), What::Refused { action: name, reason });
            return;
        };
        let submitted = self.serve(|server, now, effects: &mut Effects| {
            server.submit(now, life, (action, lifetime), effects)
        });
        match submitted {
            Some(Ok(id)) => {
                self.commands.insert(command, (life, id));
                self.schedule_sweep(life);
                self.call_vendor(life);
            }
            Some(Err(reason)) => self.see(Some(device), What::Refused { action: name, reason }),
            None => {}
        }
    }

    fn cancel(&mut self, _device: u32, command: u32) {
        let Some(&(life, id)) = self.commands.get(&command) else { return };
        self.serve(|server, now, effects| server.cancel(now, life, id, effects));
    }

    pub(super) fn user(&mut self, device: u32, action: UserAction) {
        self.see(Some(device), What::User { does: action.name() });
        self.handle(device, Input::User(action));
    }

    /// The person does what is due, and says when they will do something next.
    pub(super) fn person_acts(&mut self, device: u32) {
        let now = self.now;
        while let Some(event) =
            self.actors.get_mut(&device).and_then(|it| it.person.as_mut()?.handle(now))
        {
            match event {
                // Whoever has forgotten it keeps commands waiting for good, and a drawn world
                // could not tell that from a broken promise.
                PersonEvent::User(UserAction::ForgetPasscode) => {}
                PersonEvent::User(action) => self.user(device, action),
                PersonEvent::Network(Connectivity::Offline) => {
                    self.offline(device, Timestamp::from_micros(u64::MAX));
                }
                PersonEvent::Network(Connectivity::Online) => self.online(device),
            }
        }
        self.schedule_person(device);
    }

    pub(super) fn schedule_person(&mut self, device: u32) {
        let next = self.actors.get(&device).and_then(|it| it.person.as_ref()?.next_event());
        if let Some(at) = next {
            self.schedule(at.max(self.now), Event::PersonActs { device });
        }
    }

    /// The run switches a device on or off, whatever network is around it.
    pub(super) fn switch(&mut self, device: u32, to: Switch) {
        match to {
            Switch::Off => self.take_network(device, |actor| actor.switch = to),
            Switch::On => self.give_network(device, |actor| actor.switch = to),
        }
    }

    pub(super) fn offline(&mut self, device: u32, until: Timestamp) {
        self.take_network(device, |actor| {
            actor.reach = Reach::Offline;
            actor.offline_until = until;
        });
    }

    pub(super) fn online(&mut self, device: u32) {
        self.give_network(device, |actor| actor.reach = Reach::Online);
    }

    fn take_network(&mut self, device: u32, take: impl FnOnce(&mut Actor)) {
        self.see(Some(device), What::Fault { name: "offline" });
        self.lose_link(device);
        if let Some(actor) = self.actors.get_mut(&device) {
            take(actor);
            actor.way = Road::Down;
        }
        self.follow_presence(device);
    }

    fn give_network(&mut self, device: u32, give: impl FnOnce(&mut Actor)) {
        self.see(Some(device), What::FaultOver { name: "offline" });
        if let Some(actor) = self.actors.get_mut(&device) {
            give(actor);
            actor.backoff.reset();
        }
        self.follow_presence(device);
        self.strive(device);
    }

    /// The outage that was to end now is over, unless a longer one has begun since.
    pub(super) fn outage_over(&mut self, device: u32) {
        let over = |actor: &Actor| actor.reach == Reach::Offline && actor.offline_until <= self.now;
        if self.actors.get(&device).is_some_and(over) {
            self.online(device);
        }
    }

    /// What is not decided yet is decided by another chance.
    fn fresh_chance(&mut self, draw: u64) {
        self.seed = Seed::root(self.plan.seed).child("fresh", draw);
        for (id, open) in &mut self.links {
            open.link.draw_anew(*id, self.seed);
        }
        self.actors.values_mut().for_each(|actor| actor.draw_anew(self.seed));
    }

    /// Nothing goes wrong any more, and people stay with their devices.
    pub(super) fn calm(&mut self) {
        self.see(None, What::FaultOver { name: EVERYTHING });
        self.server.store.calm();
        self.vendor_down_until = Timestamp::ZERO;
        self.server_busy_until = Timestamp::ZERO;
        self.foul_pushes.clear();
        self.witness.calm(self.now);
        self.server_starts();
        for device in self.numbers() {
            let Some(actor) = self.actors.get_mut(&device) else { continue };
            actor.armed.clear();
            actor.twist = None;
            actor.person = None;
            actor.taken_out = TakenOut::No;
            actor.switch = Switch::On;
            actor.slow.1 = Timestamp::ZERO;
            actor.weather.clear();
            if actor.copy_of.is_some() {
                self.remove_copy(device);
                continue;
            }
            self.take_up_again(device);
            self.online(device);
            self.calm_pushes(device);
            self.find(device);
        }
        self.help();
    }

    /// Nobody can unlock a lost device: it has to be found first.
    fn find(&mut self, device: u32) {
        let command = u32::MAX - device;
        self.submit((device, command), Action::DisableLostMode, FOR_EVER);
    }

    /// A device that gave way to its copy is restarted by whoever misses it.
    fn take_up_again(&mut self, device: u32) {
        let gave_way = |actor: &Actor| {
            actor.aim == Aim::Rest && actor.gave_way && actor.device.phase() == Phase::Enrolled
        };
        if self.actors.get(&device).is_some_and(gave_way) {
            self.switch_on(device);
        }
    }

    /// Users do what is needed of them, again and again: a lock asked for earlier may lock a
    /// device once more.
    pub(super) fn help(&mut self) {
        for device in self.numbers() {
            if self.actors[&device].copy_of.is_some() {
                continue;
            }
            let helps: &[UserAction] = match self.actors[&device].device.phase() {
                Phase::ActivationPrompt => &[UserAction::SignInAsOwner],
                Phase::Enrolled => &[
                    UserAction::ChargeBattery,
                    UserAction::PowerOn,
                    UserAction::ReleaseManagement,
                    UserAction::Unlock,
                ],
                Phase::SetupAssistant | Phase::Enrolling | Phase::Unenrolled => {
                    &[UserAction::ChargeBattery, UserAction::PowerOn]
                }
            };
            for action in helps {
                self.user(device, action.clone());
            }
            // What was put off until now may have lost it once more.
            if self.actors[&device].device.is_lost() {
                self.find(device);
            }
        }
        self.check_presence();
        self.schedule(self.now.after(HELP_EVERY), Event::Help);
    }

    pub(super) fn numbers(&self) -> Vec<u32> {
        self.actors.keys().copied().collect()
    }

    /// When what is handed to a connection now arrives.
    pub(super) fn arrival(&mut self, link: LinkId, way: Way) -> Timestamp {
        let Some(open) = self.links.get_mut(&link) else { return self.now };
        match self.actors.get_mut(&open.device) {
            Some(actor) => open.link.arrival(self.now, way, &mut actor.weather),
            None => self.now,
        }
    }

    /// Comes back after a while, if it wants anything.
    pub(super) fn rest(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if !actor.has_network() || actor.aim == Aim::Rest {
            actor.way = Road::Down;
            return;
        }
        let delay = actor.backoff.next_delay();
        actor.attempts += 1;
        actor.way = Road::Resting;
        let attempt = actor.attempts;
        self.schedule(self.now.after(delay), Event::Rested { device, attempt });
    }
}
