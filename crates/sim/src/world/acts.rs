//! What comes from outside: administrators, users and whatever goes wrong.

use core::time::Duration;

use muster_control::Action;
use muster_device::{Input, Phase, UserAction};
use muster_protocol::management::ToServer;
use muster_protocol::{Outcome, Timestamp};

use super::{Ends, Event, World, name_of};
use crate::actor::{Aim, Reach, Trap, Way as Road};
use crate::link::Way;
use crate::log::What;
use crate::plan::What as Outside;
use crate::server::Effects;

/// How long the server keeps a connection nobody closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(150);

/// How soon a device notices that its server has died: its next packet is answered by a reset.
const NOTICED_WITHIN: Duration = Duration::from_secs(60);

/// The name of the fault that changes the answer.
const CONTRADICTION: &str = "contradiction";

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How often users look after their devices once everything is calm.
const HELP_EVERY: Duration = Duration::from_secs(60);

impl World {
    pub(super) fn act(&mut self, index: usize) {
        match self.plan.acts[index].what.clone() {
            Outside::Submit { device, command, action, lifetime } => {
                self.submit((device, command), action, lifetime);
            }
            Outside::Cancel { device, command } => self.cancel(device, command),
            Outside::User { device, does } => self.user(device, does.action()),
            Outside::Offline { device } => self.offline(device),
            Outside::Online { device } => self.online(device),
            Outside::Cut { device } => self.cut(device, "cut"),
            Outside::BlackHole { device, lasts } => self.black_hole(device, lasts),
            Outside::AgentCrash { device } => self.agent_crash(device),
            Outside::CrashAfterExecuting { device } => self.set(device, Trap::CrashAfterExecuting),
            Outside::LoseNextAnswer { device } => self.set(device, Trap::LoseNextAnswer),
            Outside::Overlap { device } => self.set(device, Trap::Overlap),
            Outside::RepeatAnswer { device } => self.repeat_answer(device, "answer repeated"),
            Outside::OldAttempt { device } => self.set(device, Trap::OldAttempt),
            Outside::Contradict { device } => self.repeat_answer(device, CONTRADICTION),
            Outside::ServerCrash { lasts } => self.server_crash(lasts),
            Outside::ServiceDown { lasts } => self.service_down(lasts),
            Outside::DiskFull { lasts } => self.disk_full(lasts),
        }
    }

    fn submit(&mut self, (device, command): (u32, u32), action: Action, lifetime: Duration) {
        let name = name_of(&action);
        let Some(actor) = self.actors.get(&device) else { return };
        let serial = actor.device.facts().serial.clone();
        let Some(life) = self.server.life_of(&serial) else {
            let reason = if self.server.is_up() { "unknown device" } else { "server is down" };
            self.see(Some(device), What::Refused { action: name, reason });
            return;
        };
        let mut effects = Effects::default();
        match self.server.submit(self.now, life, (action, lifetime), &mut effects) {
            Ok(id) => {
                self.commands.insert(command, (life, id));
                self.carry_out(effects);
                self.schedule_sweep(life);
                self.call_vendor(life);
            }
            Err(reason) => {
                self.see_all(&mut effects);
                self.see(Some(device), What::Refused { action: name, reason });
            }
        }
    }

    fn cancel(&mut self, _device: u32, command: u32) {
        let Some(&(life, id)) = self.commands.get(&command) else { return };
        let mut effects = Effects::default();
        let _outcome = self.server.cancel(self.now, life, id, &mut effects);
        self.carry_out(effects);
    }

    fn user(&mut self, device: u32, action: UserAction) {
        self.see(Some(device), What::User { does: action.name() });
        self.handle(device, Input::User(action));
    }

    fn offline(&mut self, device: u32) {
        self.see(Some(device), What::Fault { name: "offline" });
        self.lose_link(device);
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.reach = Reach::Offline;
            actor.way = Road::Down;
        }
    }

    fn online(&mut self, device: u32) {
        self.see(Some(device), What::FaultOver { name: "offline" });
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.reach = Reach::Online;
            actor.reset_delays();
        }
        self.strive(device);
    }

    pub(super) fn cut(&mut self, device: u32, name: &'static str) {
        self.see(Some(device), What::Fault { name });
        self.lose_link(device);
        self.rest(device);
    }

    /// The connection is gone for the device at once, for the server when it has waited enough.
    fn lose_link(&mut self, device: u32) {
        let Some(link) = self.actors.get(&device).and_then(crate::actor::Actor::link) else {
            return;
        };
        if let Some(open) = self.links.get_mut(&link) {
            open.ends = Ends::ServerOnly;
        }
        self.schedule(self.now.after(IDLE_TIMEOUT), Event::ServerNotices { link });
        self.link_lost(device, link);
    }

    pub(super) fn black_hole(&mut self, device: u32, lasts: Duration) {
        self.see(Some(device), What::Fault { name: "black hole" });
        let link = self.actors.get(&device).and_then(crate::actor::Actor::link);
        if let Some(open) = link.and_then(|link| self.links.get_mut(&link)) {
            open.link.black_hole(self.now, lasts);
        }
    }

    fn set(&mut self, device: u32, trap: Trap) {
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.trap = Some(trap);
        }
    }

    pub(super) fn agent_crash(&mut self, device: u32) {
        self.see(Some(device), What::Fault { name: "agent crash" });
        self.lose_link(device);
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.crash();
        }
        self.switch_on(device);
    }

    /// Answers once more what was answered last, but for what the fault is about.
    fn repeat_answer(&mut self, device: u32, name: &'static str) {
        self.see(Some(device), What::Fault { name });
        let Some(actor) = self.actors.get(&device) else { return };
        let (Some(link), Some(mut again)) = (actor.link(), actor.last_answer.clone()) else {
            return;
        };
        if name == CONTRADICTION {
            again.outcome = Outcome::Error(alloc::vec::Vec::new());
        }
        self.send_up(link, ToServer::CommandResult(again));
    }

    fn server_crash(&mut self, lasts: Duration) {
        if !self.server.is_up() {
            return;
        }
        self.see(None, What::Fault { name: "server crash" });
        self.server.crash();
        for (link, open) in core::mem::take(&mut self.links) {
            let mut draws = self.seed.child("notices", link.0).stream();
            let at = self.now.after(draws.duration_below(NOTICED_WITHIN));
            self.schedule(
                at,
                Event::ClosedByServer { link, code: muster_protocol::CloseCode::RetryLater },
            );
            self.links.insert(link, open);
        }
        self.schedule(self.now.after(lasts), Event::ServerStarts);
    }

    pub(super) fn server_starts(&mut self) {
        if self.server.is_up() {
            return;
        }
        self.see(None, What::FaultOver { name: "server crash" });
        self.server.start();
        let stored: alloc::vec::Vec<_> = self.server.store.commands().map(|(_, id)| id).collect();
        self.witness.stored(self.now, &stored);
        let lives: alloc::vec::Vec<_> = self.owners.keys().copied().collect();
        for life in lives {
            self.schedule_sweep(life);
            self.call_vendor(life);
        }
    }

    fn disk_full(&mut self, lasts: Duration) {
        self.see(None, What::Fault { name: "disk full" });
        self.server.store.fill(self.now.after(lasts));
    }

    /// Nothing goes wrong any more.
    pub(super) fn calm(&mut self) {
        self.see(None, What::FaultOver { name: "everything" });
        self.server.store.calm();
        self.vendor_down_until = Timestamp::ZERO;
        self.witness.calm(self.now);
        self.actors.values_mut().for_each(|actor| actor.trap = None);
        self.server_starts();
        let numbers: alloc::vec::Vec<u32> = self.actors.keys().copied().collect();
        for device in numbers {
            self.online(device);
            // Nobody can unlock a lost device.
            let command = u32::MAX - device;
            self.submit((device, command), Action::DisableLostMode, FOR_EVER);
        }
        self.help();
    }

    /// Users do what is needed of them, again and again: a lock asked for earlier may lock a
    /// device once more.
    pub(super) fn help(&mut self) {
        let numbers: alloc::vec::Vec<u32> = self.actors.keys().copied().collect();
        for device in numbers {
            let phase = self.actors[&device].device.phase();
            let helps: &[UserAction] = match phase {
                Phase::ActivationPrompt => &[UserAction::SignInAsOwner],
                Phase::Enrolled => &[UserAction::PowerOn, UserAction::Unlock],
                Phase::SetupAssistant | Phase::Enrolling | Phase::Unenrolled => &[],
            };
            for action in helps {
                self.user(device, action.clone());
            }
        }
        self.schedule(self.now.after(HELP_EVERY), Event::Help);
    }

    /// Up goes what the device hands over.
    pub(super) fn send_up(&mut self, link: crate::link::LinkId, message: ToServer) {
        let Some(open) = self.links.get_mut(&link) else { return };
        let at: Timestamp = open.link.arrival(self.now, Way::Up);
        self.schedule(at, Event::Up { link, message });
    }

    /// Comes back after a while, if it wants anything.
    pub(super) fn rest(&mut self, device: u32) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        if actor.reach == Reach::Offline || actor.aim == Aim::Rest {
            actor.way = Road::Down;
            return;
        }
        let delay = actor.next_delay();
        actor.attempts += 1;
        actor.way = Road::Resting;
        let attempt = actor.attempts;
        self.schedule(self.now.after(delay), Event::Rested { device, attempt });
    }
}
