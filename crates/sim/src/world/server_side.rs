//! The server's end: what arrives there, and what it sends back.

use muster_protocol::management::ToServer;
use muster_protocol::{DeviceId, Timestamp};

use super::{Ends, Event, Open, World};
use crate::link::{Link, LinkId, Way};
use crate::server::{Applicant, Effects, Key};

impl World {
    pub(super) fn enrol_asked(&mut self, device: u32, attempt: u64, key: Key) {
        if !self.server.is_up() {
            return;
        }
        let Some(actor) = self.actors.get(&device) else { return };
        let facts = actor.device.facts().clone();
        let applicant = Applicant { facts, key, policy: actor.policy };
        let mut effects = Effects::default();
        let answer = self.server.enrol(self.now, &applicant, &mut effects);
        if let Ok(life) = answer {
            self.owners.insert(life, device);
        }
        self.carry_out(effects);
        let at = self.after_delay(device, attempt);
        self.schedule(at, Event::EnrolAnswered { device, attempt, key, answer });
    }

    pub(super) fn connect_asked(
        &mut self,
        (device, attempt): (u32, u64),
        key: Key,
        life: DeviceId,
    ) {
        if !self.server.is_up() {
            return;
        }
        let answer = self.server.admit(life, key).map(|()| self.open(device));
        let at = self.after_delay(device, attempt);
        self.schedule(at, Event::ConnectAnswered { device, attempt, link: answer });
    }

    fn open(&mut self, device: u32) -> LinkId {
        let id = LinkId(self.links_made);
        self.links_made += 1;
        let link = Link::new(id, self.plan.network, self.seed);
        self.links.insert(id, Open { link, device, ends: Ends::Both });
        id
    }

    pub(super) fn up(&mut self, link: LinkId, message: ToServer) {
        if !self.links.contains_key(&link) || !self.server.is_up() {
            return;
        }
        let mut effects = Effects::default();
        self.server.message(self.now, link, message, &mut effects);
        self.carry_out(effects);
    }

    /// Everything before the close has arrived.
    pub(super) fn closed_by_device(&mut self, link: LinkId) {
        self.links.remove(&link);
        self.server_notices(link);
    }

    pub(super) fn server_notices(&mut self, link: LinkId) {
        self.links.remove(&link);
        if !self.server.is_up() {
            return;
        }
        let mut effects = Effects::default();
        self.server.end(self.now, link, &mut effects);
        self.carry_out(effects);
    }

    pub(super) fn sweep(&mut self, life: DeviceId) {
        if !self.server.is_up() {
            return;
        }
        let mut effects = Effects::default();
        let next = self.server.sweep(self.now, life, &mut effects);
        self.carry_out(effects);
        if let Some(at) = next {
            self.schedule(at.max(self.now), Event::Sweep { life });
        }
    }

    pub(super) fn schedule_sweep(&mut self, life: DeviceId) {
        let next = self.server.record(life).and_then(muster_control::DeviceRecord::next_deadline);
        if let Some(at) = next {
            self.schedule(at.max(self.now), Event::Sweep { life });
        }
    }

    /// Sends, closes and logs what the server wants.
    pub(super) fn carry_out(&mut self, mut effects: Effects) {
        self.see_all(&mut effects);
        for (life, call) in effects.calls {
            let at = self.now.after(self.plan.network.delay);
            self.schedule(at, Event::VendorAsked { life, call });
        }
        for (link, message) in effects.sends {
            if let Some(open) = self.links.get_mut(&link) {
                let at = open.link.arrival(self.now, Way::Down);
                self.schedule(at, Event::Down { link, message });
            }
        }
        for (link, code) in effects.closes {
            if let Some(open) = self.links.get_mut(&link) {
                let at = open.link.arrival(self.now, Way::Down);
                self.schedule(at, Event::ClosedByServer { link, code });
            }
        }
    }

    /// When something sent outside a connection arrives.
    pub(super) fn after_delay(&self, device: u32, attempt: u64) -> Timestamp {
        let node = self.seed.child("attempt", u64::from(device)).child("delay", attempt);
        let jitter = node.stream().duration_below(self.plan.network.jitter);
        self.now.after(self.plan.network.delay + jitter)
    }
}
