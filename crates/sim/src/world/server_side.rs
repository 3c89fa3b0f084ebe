//! The server's end: what arrives there, and what it sends back.

use alloc::collections::BTreeSet;
use core::time::Duration;

use muster_protocol::management::ToServer;
use muster_protocol::{CloseCode, DeviceId, Timestamp};

use super::{Ends, Event, Open, World};
use crate::fault::{Fault, Handshake, Moment};
use crate::link::{Link, LinkId, Way};
use crate::log::What;
use crate::plan::{Asking, Network};
use crate::server::{Applicant, Effects, Key, Server, owner};

/// How soon the first packets of an attempt are sent again.
///
/// Source: RFC 9002, section 6.2.2: three times the round trip that is assumed before any is measured.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl World {
    /// Lets the server do something; `None` if there is none, or none any more.
    pub(super) fn serve<T>(
        &mut self,
        call: impl FnOnce(&mut Server, Timestamp, &mut Effects) -> T,
    ) -> Option<T> {
        if !self.server.is_up() {
            return None;
        }
        let now = self.server_now();
        let mut effects = Effects::default();
        let answer = call(&mut self.server, now, &mut effects);
        if let Some(lasts) = self.server.store.take_blown() {
            effects.die();
            self.see_all(&mut effects);
            self.server_crash(lasts);
            return None;
        }
        self.written(&effects);
        self.carry_out(effects);
        Some(answer)
    }

    /// The moments of what the server has written; it has told nobody yet.
    fn written(&mut self, effects: &Effects) {
        let stored = |what: &What| matches!(what, What::Stored { .. });
        let lives = effects.seen.iter().filter(|(_, what)| stored(what)).map(|(life, _)| *life);
        let devices: BTreeSet<u32> = lives.map(owner).collect();
        for device in devices {
            self.moment(device, Moment::Committing);
            self.moment(device, Moment::Committed);
        }
    }

    pub(super) fn enrol_asked(&mut self, device: u32, attempt: u64, key: Key) {
        if self.asks_again((device, attempt), Event::EnrolAsked { device, attempt, key }) {
            return;
        }
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let facts = actor.device.facts().clone();
        // A copy is the same hardware to the server.
        let number = actor.copy_of.unwrap_or(device);
        let applicant = Applicant { device: number, facts, key, policy: actor.policy };
        let answer = if actor.takes(Fault::TokenRefused) {
            Some(Err(CloseCode::TokenUsed))
        } else if self.now < self.server_busy_until {
            Some(Err(CloseCode::RetryLater))
        } else {
            self.serve(|server, now, effects| server.enrol(now, &applicant, effects))
        };
        let Some(answer) = answer.filter(|_| self.server.is_up()) else { return };
        if let Ok(life) = answer {
            self.schedule_sweep(life);
        }
        if !self.handshake_lost(device, Handshake::Answered) {
            let at = self.after_delay(device, attempt, Way::Down);
            self.schedule(at, Event::EnrolAnswered { device, attempt, key, answer });
        }
    }

    pub(super) fn connect_asked(
        &mut self,
        (device, attempt): (u32, u64),
        key: Key,
        life: DeviceId,
    ) {
        if self.asks_again((device, attempt), Event::ConnectAsked { device, attempt, key, life })
            || !self.server.is_up()
        {
            return;
        }
        if self.server.certificate_ended(self.server_now(), life) {
            self.refused_handshakes += 1;
            let at = self.after_delay(device, attempt, Way::Down);
            self.schedule(at, Event::HandshakeRefused { device, attempt });
            return;
        }
        let answer = if self.now < self.server_busy_until {
            Err(CloseCode::RetryLater)
        } else {
            self.server.admit(life, key).map(|()| self.open(device))
        };
        if !self.handshake_lost(device, Handshake::Answered) {
            let at = self.after_delay(device, attempt, Way::Down);
            self.schedule(at, Event::ConnectAnswered { device, attempt, link: answer });
        }
    }

    /// Has a device that finds no server ask once more in the same attempt, if it is one that does.
    fn asks_again(&mut self, (device, attempt): (u32, u64), asked: Event) -> bool {
        let again = self.plan.asking == Asking::Again
            && !self.server.is_up()
            && self.is_trying(device, attempt);
        if again {
            self.schedule(self.now.after(ASKED_AGAIN_AFTER), asked);
        }
        again
    }

    fn open(&mut self, device: u32) -> LinkId {
        let id = match self.actors.get_mut(&device) {
            Some(actor) => actor.next_link(),
            None => LinkId::of(device, 0),
        };
        let link = Link::new(id, self.plan.network, self.seed);
        self.links.insert(id, Open { link, device, ends: Ends::Both });
        id
    }

    pub(super) fn up(&mut self, link: LinkId, message: ToServer) {
        if !self.links.contains_key(&link) || !self.server.is_up() {
            return;
        }
        self.secrets.see(&message);
        self.serve(|server, now, effects| server.message(now, link, message, effects));
    }

    /// Everything before the close has arrived.
    pub(super) fn closed_by_device(&mut self, link: LinkId) {
        self.server_notices(link);
    }

    pub(super) fn server_notices(&mut self, link: LinkId) {
        self.links.remove(&link);
        self.serve(|server, now, effects| server.end(now, link, effects));
    }

    pub(super) fn sweep(&mut self, life: DeviceId) {
        if self.sweeps.get(&life) != Some(&self.now) {
            return;
        }
        self.sweeps.remove(&life);
        let next = self.serve(|server, now, effects| server.sweep(now, life, effects));
        if let Some(Some(at)) = next {
            self.sweep_at(life, at);
        }
    }

    pub(super) fn schedule_sweep(&mut self, life: DeviceId) {
        let next = self.server.record(life).and_then(muster_control::DeviceRecord::next_deadline);
        if let Some(at) = next {
            self.sweep_at(life, at);
        }
    }

    /// Looks at a device when the clock of the server says `at`, if not before.
    fn sweep_at(&mut self, life: DeviceId, at: Timestamp) {
        let at = Timestamp::ZERO.after(at.since(Timestamp::ZERO.after(self.server_ahead)));
        let at = at.max(self.now);
        if self.sweeps.get(&life).is_none_or(|planned| *planned > at || *planned < self.now) {
            self.sweeps.insert(life, at);
            self.schedule(at, Event::Sweep { life });
        }
    }

    /// Sends, closes and logs what the server wants.
    pub(super) fn carry_out(&mut self, mut effects: Effects) {
        self.see_all(&mut effects);
        for life in core::mem::take(&mut effects.touched) {
            self.schedule_push(life);
        }
        for (life, call) in effects.calls {
            let at = self.now.after(self.plan.network.delay);
            self.schedule(at, Event::VendorAsked { life, call });
        }
        for (link, message) in effects.sends {
            if self.links.contains_key(&link) {
                let at = self.arrival(link, Way::Down);
                self.schedule(at, Event::Down { link, message });
            }
        }
        for (link, code) in effects.closes {
            if self.links.contains_key(&link) {
                let at = self.arrival(link, Way::Down);
                self.schedule(at, Event::ClosedByServer { link, code });
            }
        }
    }

    /// When something sent outside a connection arrives.
    pub(super) fn after_delay(&mut self, device: u32, attempt: u64, way: Way) -> Timestamp {
        let Network { delay, jitter } = self.plan.network;
        let at = match jitter {
            Duration::ZERO => self.now.after(delay),
            jitter => {
                let node = self.seed.child("attempt", u64::from(device)).child("delay", attempt);
                self.now.after(delay + node.stream().duration_below(jitter))
            }
        };
        self.actors.get_mut(&device).map_or(at, |actor| actor.weather.through(at, way))
    }
}
