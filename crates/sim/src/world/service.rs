//! What is done to a whole fleet by plan: devices that begin without a network, a server that is
//! restarted, devices that are taken out of service and set up again.

use alloc::vec::Vec;
use core::time::Duration;

use muster_device::{Phase, UserAction};
use muster_protocol::{CloseCode, Timestamp};
use muster_scenario::{Handling, ServiceEvent};

use super::{Event, World};
use crate::actor::Switch;
use crate::link::LinkId;
use crate::log::What;
use crate::plan::What as Outside;
use crate::server::Effects;

impl World {
    /// Devices that are switched off at the very beginning have no network from the first.
    pub(super) fn begin_offline(&mut self) {
        for act in &self.plan.acts {
            if let (Outside::Offline { device }, Timestamp::ZERO) = (&act.what, act.at)
                && let Some(actor) = self.actors.get_mut(device)
            {
                actor.switch = Switch::Off;
            }
        }
    }

    /// The server is away for a while, in good order.
    pub(super) fn restart(&mut self, away: Duration) {
        if self.server.is_up() {
            self.server_stops();
            self.schedule(self.now.after(away), Event::ServerStarts);
        }
    }

    /// The server hands back what is under way, asks its devices to come back later, and is gone.
    pub(super) fn server_stops(&mut self) {
        if !self.server.is_up() {
            return;
        }
        self.see(None, What::Fault { name: "server stop" });
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        let mut effects = Effects::default();
        for link in links {
            self.server.end(self.now, link, &mut effects);
            effects.closes.push((link, CloseCode::RetryLater));
        }
        self.carry_out(effects);
        self.server.crash();
    }

    /// From the end of its management on the device stays where it is.
    pub(super) fn take_out(&mut self, device: u32) {
        self.on_service(device, ServiceEvent::TakeOut);
    }

    /// Somebody sets the device up, or waits until it is free.
    pub(super) fn await_set_up(&mut self, device: u32) {
        let Some(actor) = self.actors.get(&device) else { return };
        let event = match actor.device.phase() {
            Phase::Enrolled => ServiceEvent::SetUpWhileManaged,
            Phase::SetupAssistant
            | Phase::ActivationPrompt
            | Phase::Enrolling
            | Phase::Unenrolled => ServiceEvent::SetUpWhileFree,
        };
        self.on_service(device, event);
    }

    /// The management of a device has just ended.
    pub(super) fn management_ended(&mut self, device: u32) {
        self.on_service(device, ServiceEvent::Left);
    }

    fn on_service(&mut self, device: u32, event: ServiceEvent) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        match actor.taken_out.handle(event) {
            None => {}
            Some(Handling::SwitchOff) => self.switch(device, Switch::Off),
            Some(Handling::SetUp) => self.set_up(device),
        }
    }

    /// Whoever has the device next erases what is left on it, signs in if it is locked to the owner,
    /// and has it set itself up.
    fn set_up(&mut self, device: u32) {
        let Some(actor) = self.actors.get(&device) else { return };
        match actor.device.phase() {
            Phase::Unenrolled => self.user(device, UserAction::EraseAllContent),
            Phase::ActivationPrompt => self.user(device, UserAction::SignInAsOwner),
            Phase::SetupAssistant | Phase::Enrolling | Phase::Enrolled => {}
        }
        self.switch(device, Switch::On);
    }
}
