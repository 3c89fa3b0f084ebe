//! The vendors' push services: between a server that has something and a device that is away.

use alloc::collections::BTreeMap;
use alloc::format;
use core::time::Duration;

use muster_control::{PushOrder, PushOutcome};
use muster_device::push::{
    Expiry, Presence, PushRefusal, PushRequest, Registration, Wake, WakeWord,
};
use muster_device::{Contact, Input, Phase};
use muster_protocol::{DeviceId, Platform, PushService, PushTarget, SerialNumber, Timestamp};

use super::{Event, World};
use crate::fault::{Fault, FoulPushes};
use crate::log::What;
use crate::plan::PlannedDevice;
use crate::server::owner;

/// What pushes are for, to their services.
const TOPIC: &str = "com.example.management";

/// Messages for a device stand for each other.
const COLLAPSE_KEY: &str = "management";

/// About what a push is, with nothing but a word in it.
const PAYLOAD_BYTES: usize = 64;

/// Which device has which serial number.
pub(super) fn by_serial(devices: &[PlannedDevice]) -> BTreeMap<SerialNumber, u32> {
    devices.iter().map(|it| (it.spec.facts.serial.clone(), it.number)).collect()
}

/// The server's side.
impl World {
    /// Looks at a device again when a push is owed, if one is.
    pub(super) fn schedule_push(&mut self, life: DeviceId) {
        let Some(at) = self.server.next_push(life) else { return };
        let at = Timestamp::ZERO.after(at.since(Timestamp::ZERO.after(self.server_ahead)));
        let at = at.max(self.now);
        if self.pushes.get(&life).is_none_or(|planned| *planned > at || *planned < self.now) {
            self.pushes.insert(life, at);
            self.schedule(at, Event::PushDue { life });
        }
    }

    pub(super) fn push_due(&mut self, life: DeviceId) {
        if self.pushes.get(&life) != Some(&self.now) {
            return;
        }
        self.pushes.remove(&life);
        if self.pushing.contains(&life) {
            return;
        }
        let now = self.server_now();
        if let Some(order) = self.server.push_due(now, life) {
            self.pushing.insert(life);
            self.see(Some(owner(life)), What::Pushed { life });
            let at = self.now.after(self.plan.network.delay);
            self.schedule(at, Event::PushAsked { life, order });
        } else if self.server.next_push(life).is_some_and(|at| at > now) {
            self.schedule_push(life);
        }
    }

    pub(super) fn push_answered(
        &mut self,
        life: DeviceId,
        order: &PushOrder,
        outcome: PushOutcome,
    ) {
        self.pushing.remove(&life);
        self.serve(|server, now, effects| server.pushed(now, life, (order, outcome), effects));
    }
}

/// The service's side.
impl World {
    pub(super) fn push_asked(&mut self, life: DeviceId, order: PushOrder) {
        let device = owner(life);
        let outcome = if self.now < self.vendor_down_until {
            PushOutcome::Unreachable
        } else {
            let next = self.actors.get_mut(&device).and_then(|it| it.wakes.pop_front());
            let fault = next.or_else(|| self.foul_push(device));
            let outcome = self.take_push(device, &order, fault);
            self.send_wakes(fault);
            outcome
        };
        let at = self.now.after(self.plan.network.delay);
        self.schedule(at, Event::PushAnswered { life, order, outcome });
    }

    fn take_push(&mut self, device: u32, order: &PushOrder, fault: Option<Fault>) -> PushOutcome {
        let PushTarget { service, topic, token, magic } = order.target.clone();
        let ends =
            Timestamp::ZERO.after(order.expires_at.since(Timestamp::ZERO.after(self.server_ahead)));
        let mut request = PushRequest {
            service,
            topic,
            token,
            magic,
            payload_bytes: PAYLOAD_BYTES,
            collapse_key: Some(COLLAPSE_KEY.into()),
            expiry: Expiry::At(ends),
        };
        match fault {
            Some(Fault::WakeCoalesced { lasts }) => self.lose_push_path(device, lasts),
            Some(Fault::WakeExpired) => {
                self.lose_push_path(device, Duration::ZERO);
                request.expiry = Expiry::Now;
            }
            Some(_) | None => {}
        }
        let outcome = match self.push.accept(self.now, request) {
            Ok(_number) => PushOutcome::Accepted,
            Err(
                PushRefusal::BadToken
                | PushRefusal::WrongTopic
                | PushRefusal::Unregistered { .. }
                | PushRefusal::TooLarge
                | PushRefusal::BadCollapseId,
            ) => PushOutcome::Unregistered,
        };
        if fault == Some(Fault::WakeExpired) {
            self.follow_presence(device);
        }
        outcome
    }

    /// Whatever leaves the service now is on its way, or meets with a fault.
    fn send_wakes(&mut self, fault: Option<Fault>) {
        for Wake { serial, word, .. } in self.push.due() {
            let Some(device) = self.by_serial.get(&serial).copied() else { continue };
            let at = self.now.after(self.plan.network.delay);
            match fault {
                Some(Fault::WakeLost) => {}
                Some(Fault::WakeLate { delay }) => {
                    self.schedule(at.after(delay), Event::Wake { device, word });
                }
                Some(Fault::WakeReordered) => {
                    if let Some(actor) = self.actors.get_mut(&device) {
                        actor.held_wakes.push(word);
                    }
                }
                Some(Fault::WakeDuplicated) => {
                    self.schedule(at, Event::Wake { device, word: word.clone() });
                    self.schedule(at, Event::Wake { device, word });
                }
                Some(_) | None => self.schedule(at, Event::Wake { device, word }),
            }
        }
    }

    /// A fault for the next push of a device.
    pub(super) fn spoil_wake(&mut self, device: u32, fault: Fault) {
        self.see(Some(device), What::Fault { name: fault.name() });
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.wakes.push_back(fault);
        }
    }

    /// Faults that pushes meet with by chance from now on.
    pub(super) fn foul_pushes_for_a_while(&mut self, foul: FoulPushes) {
        self.see(None, What::Fault { name: foul.fault.name() });
        self.foul_pushes.push((foul, self.now.after(foul.lasts)));
    }

    /// What the present push of a device meets with by chance.
    fn foul_push(&self, device: u32) -> Option<Fault> {
        let mode = self.actors.get(&device)?.device.facts().mode;
        let strikes = |foul: &FoulPushes| {
            let seed = self.seed.child("foul pushes", foul.number.into());
            let seed = seed.child("device", device.into());
            let mut draws = seed.child("push", self.now.as_micros()).stream();
            foul.scope.strikes(device, mode, &mut seed.stream())
                && draws.chance(foul.hits.into(), foul.of.into())
        };
        let mut due = self.foul_pushes.iter().filter(|(_foul, until)| self.now < *until);
        due.find(|(foul, _until)| strikes(foul)).map(|(foul, _until)| foul.fault)
    }

    /// The device is connected to no push service for a while, though it has a network.
    fn lose_push_path(&mut self, device: u32, lasts: Duration) {
        let until = self.now.after(lasts);
        let Some(actor) = self.actors.get_mut(&device) else { return };
        actor.push_path_from = actor.push_path_from.max(until);
        let serial = actor.device.facts().serial.clone();
        self.push.offline(&serial);
        self.schedule(until, Event::PushPathBack { device });
    }
}

/// The device's side.
impl World {
    /// A push arrives, and behind it what it has overtaken.
    pub(super) fn wake(&mut self, device: u32, word: WakeWord) {
        let Some(actor) = self.actors.get_mut(&device) else { return };
        let overtaken = core::mem::take(&mut actor.held_wakes);
        for word in core::iter::once(word).chain(overtaken) {
            let Some(actor) = self.actors.get(&device) else { return };
            if !actor.has_network() || !actor.device.is_on_network() {
                continue;
            }
            let magic = match word {
                WakeWord::Magic(magic) => Some(magic),
                WakeWord::MessagesDeleted => {
                    actor.push_target.as_ref().map(|target| target.magic.clone())
                }
            };
            self.see(Some(device), What::Woken);
            if let Some(magic) = magic {
                self.handle(device, Input::Pushed { magic });
            }
        }
    }

    /// Everything that was held back arrives, and nothing more is.
    pub(super) fn calm_pushes(&mut self, device: u32) {
        let now = self.now;
        let Some(actor) = self.actors.get_mut(&device) else { return };
        actor.wakes.clear();
        actor.push_path_from = now;
        if let Some(word) = actor.held_wakes.pop() {
            self.wake(device, word);
        }
        self.follow_presence(device);
    }

    /// Tells a woken device where it is reached; one that has no address yet gets one.
    pub(super) fn tell_push_target(&mut self, device: u32) {
        let Some(actor) = self.actors.get(&device) else { return };
        if !self.is_registered(device) || actor.device.phase() != Phase::Enrolled {
            return;
        }
        let known = actor.push_target.clone();
        if let Some(target) = known.or_else(|| self.register(device)) {
            self.handle(device, Input::PushTarget(target));
            self.follow_presence(device);
        }
    }

    fn register(&mut self, device: u32) -> Option<PushTarget> {
        let actor = self.actors.get_mut(&device)?;
        actor.registrations += 1;
        let node = self.seed.child("push", device.into()).child("life", actor.registrations.into());
        let mut draws = node.stream();
        let facts = actor.device.facts();
        let service = match facts.mode.platform() {
            Platform::Apple => PushService::Apns,
            Platform::Android => PushService::Fcm,
        };
        let registration =
            Registration { serial: facts.serial.clone(), service, topic: TOPIC.into() };
        let token = self.push.register(self.now, registration, &mut draws);
        let magic = format!("{:016x}", draws.below(u64::MAX));
        let target = PushTarget { service, topic: TOPIC.into(), token, magic };
        actor.push_target = Some(target.clone());
        Some(target)
    }

    /// The management is over: its address is gone.
    pub(super) fn forget_push_target(&mut self, device: u32) {
        if !self.is_registered(device) {
            return;
        }
        if let Some(actor) = self.actors.get_mut(&device) {
            actor.push_target = None;
            let serial = actor.device.facts().serial.clone();
            self.push.unregister(self.now, &serial);
        }
    }

    /// Lets the service know whether the device is connected to it.
    pub(super) fn follow_presence(&mut self, device: u32) {
        if !self.is_registered(device) {
            return;
        }
        let Some(actor) = self.actors.get(&device) else { return };
        let is_there =
            actor.has_network() && actor.device.is_on_network() && self.now >= actor.push_path_from;
        let serial = actor.device.facts().serial.clone();
        match self.push.presence(&serial) {
            Some(Presence::Offline) if is_there => {
                self.push.online(self.now, &serial);
                self.send_wakes(None);
            }
            Some(Presence::Online) if !is_there => self.push.offline(&serial),
            Some(Presence::Online | Presence::Offline) | None => {}
        }
    }

    /// Whether pushes reach this device. A copy hears none: its original does.
    fn is_registered(&self, device: u32) -> bool {
        self.actors.get(&device).is_some_and(|actor| {
            actor.device.contact() == Contact::Woken && actor.copy_of.is_none()
        })
    }
}
