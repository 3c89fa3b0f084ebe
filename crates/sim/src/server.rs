//! The server's shell in the simulated world: sessions around the records of `control`.

mod effects;
mod enrolment;
mod ids;
mod push;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use muster_control::{
    Action, CERTIFICATE_LIFETIME, CancelOutcome, DeviceRecord, Lifecycle, NewCommand, Readings,
    Stage, SubmitRefusal, VendorOutcome,
};
use muster_protocol::management::{CommandResult, Hello, ToDevice, ToServer, Welcome};
use muster_protocol::planted::{Plant, is};
use muster_protocol::{CloseCode, Command, CommandId, DeviceId, Timestamp, alpn};

use crate::link::LinkId;
use crate::log::What;
use crate::store::{Failed, Store};

use effects::Presence;
pub(crate) use effects::{Applicant, Effects, Key};
pub(crate) use ids::{command_number, owner};

#[derive(Debug)]
struct Slot {
    record: DeviceRecord,
    presence: Presence,
}

/// How many ids were given out for one hardware.
#[derive(Clone, Copy, Debug, Default)]
struct Issued {
    lives: u32,
    commands: u64,
}

/// The server: up, or down with nothing but its disk.
#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) store: Store,
    readings: Readings,
    slots: Option<BTreeMap<DeviceId, Slot>>,
    sessions: BTreeMap<LinkId, DeviceId>,
    /// The latest life of each hardware.
    latest: BTreeMap<u32, DeviceId>,
    /// Ids given out, by hardware: in place of chance, which would have no gaps to betray a crash.
    issued: BTreeMap<u32, Issued>,
}

impl Server {
    /// A server that is up, with an empty disk.
    pub(crate) fn new(readings: Readings) -> Self {
        Self { readings, slots: Some(BTreeMap::new()), ..Self::default() }
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.slots.is_some()
    }

    /// Loses everything but the disk.
    pub(crate) fn crash(&mut self) {
        self.slots = None;
        self.sessions.clear();
    }

    /// Reads the disk.
    pub(crate) fn start(&mut self) {
        let slot = |record: DeviceRecord| (record.id, Slot { record, presence: Presence::Away });
        let slots: BTreeMap<DeviceId, Slot> = self.store.load().into_iter().map(slot).collect();
        // Ids of one hardware sort by age: the last one stays.
        self.latest = slots.keys().map(|life| (owner(*life), *life)).collect();
        self.slots = Some(slots);
    }

    /// The life of this hardware that is managed now.
    pub(crate) fn life_of(&self, device: u32) -> Option<DeviceId> {
        let latest = *self.latest.get(&device)?;
        let managed = self.record(latest)?.lifecycle == Lifecycle::Enrolled;
        managed.then_some(latest)
    }

    /// Every life there is a record of.
    pub(crate) fn lives(&self) -> Vec<DeviceId> {
        self.slots.iter().flatten().map(|(life, _)| *life).collect()
    }

    /// The record of a life.
    pub(crate) fn record(&self, life: DeviceId) -> Option<&DeviceRecord> {
        self.slots.as_ref()?.get(&life).map(|slot| &slot.record)
    }

    /// The lives that are over.
    pub(crate) fn former_lives(&self) -> Vec<DeviceId> {
        let slots = self.slots.iter().flatten();
        let over = slots.filter(|(_, slot)| slot.record.lifecycle != Lifecycle::Enrolled);
        over.map(|(life, _)| *life).collect()
    }

    /// Whether a session serves the device and takes commands.
    pub(crate) fn is_ready(&self, life: DeviceId) -> bool {
        let slot = self.slots.as_ref().and_then(|slots| slots.get(&life));
        slot.is_some_and(|slot| matches!(slot.presence, Presence::Ready(_) | Presence::Parting(_)))
    }

    /// Whether the certificate of a life has run out: TLS refuses it then.
    ///
    /// Source: REQ-CERT-007 (docs/protocol/certificates.md).
    pub(crate) fn certificate_ended(&self, now: Timestamp, life: DeviceId) -> bool {
        let ends = |record: &DeviceRecord| record.enrolled_at.after(CERTIFICATE_LIFETIME);
        self.record(life).is_some_and(|record| now >= ends(record))
    }

    /// Whether a certificate may speak for its device.
    pub(crate) fn admit(&self, life: DeviceId, key: Key) -> Result<(), CloseCode> {
        let record = self.record(life).ok_or(CloseCode::UnknownDevice)?;
        record.lifecycle.admit()?;
        let same = record.key == key.fingerprint();
        if same { Ok(()) } else { Err(CloseCode::CertificateSuperseded) }
    }

    /// Takes a message of a device.
    pub(crate) fn message(
        &mut self,
        now: Timestamp,
        link: LinkId,
        message: ToServer,
        effects: &mut Effects,
    ) {
        let handled = match message {
            ToServer::Hello(hello) => self.hello(now, link, &hello, effects),
            ToServer::TokenUpdate(update) => self.of(link).and_then(|life| {
                let sequence = update.sequence;
                self.decide(now, life, effects, |record| record.token_update(now, update.clone()))?;
                effects.sends.push((link, ToDevice::TokenUpdateAck { sequence }));
                Ok(())
            }),
            ToServer::StatusReport(status) => self
                .of(link)
                .and_then(|life| Ok(self.decide(now, life, effects, |it| it.report(now, status))?)),
            ToServer::PushUpdate(update) => self.of(link).and_then(|life| {
                Ok(self.decide(now, life, effects, |it| it.push_update(now, &update))?)
            }),
            ToServer::Idle => self.idle(now, link, effects),
            ToServer::CommandResult(result) => self.settle(now, link, &result, effects),
        };
        if let Err(Close(code)) = handled {
            self.end(now, link, effects);
            effects.closes.push((link, code));
        }
    }

    fn hello(
        &mut self,
        now: Timestamp,
        link: LinkId,
        hello: &Hello,
        effects: &mut Effects,
    ) -> Result<(), Close> {
        let life = hello.device;
        let record = self.record(life).ok_or(Close(CloseCode::UnknownDevice))?;
        record.lifecycle.admit().map_err(Close)?;
        let policy = record.policy;
        self.decide(now, life, effects, |record| record.hello(now, hello))?;
        if !is(Plant::TwoConnectionsDeliver) {
            self.close_session(life, CloseCode::Replaced, effects);
        }
        self.sessions.insert(link, life);
        self.set_presence(life, Presence::Greeting(link));
        effects.seen.push((life, What::Welcomed { life, connection: link.0 }));
        let welcome = Welcome { minor: alpn::MINOR, now, policy };
        effects.sends.push((link, ToDevice::Welcome(welcome)));
        Ok(())
    }

    fn idle(&mut self, now: Timestamp, link: LinkId, effects: &mut Effects) -> Result<(), Close> {
        let (life, readings) = (self.of(link)?, self.readings);
        let (command, busy, is_woken) = self.decide(now, life, effects, |record| {
            record.idle(now);
            let busy = record.has_in_flight();
            (record.next(now, &readings), busy, record.push.is_some())
        })?;
        let leaves = is_woken && command.is_none() && !busy;
        let presence = if leaves { Presence::Parting(link) } else { Presence::Ready(link) };
        self.set_presence(life, presence);
        let ready = (life, What::Ready { life });
        let at = effects.seen.iter().position(|(_, what)| matches!(what, What::Stored { .. }));
        effects.seen.insert(at.unwrap_or(effects.seen.len()), ready);
        match command {
            Some(command) => send(life, link, command, effects),
            None if busy => {}
            None => effects.sends.push((link, ToDevice::Empty)),
        }
        // A bypass may have waited for what the device has handed over by now.
        self.call_vendor(now, life, effects);
        Ok(())
    }

    fn settle(
        &mut self,
        now: Timestamp,
        link: LinkId,
        result: &CommandResult,
        effects: &mut Effects,
    ) -> Result<(), Close> {
        let life = self.of(link)?;
        let (presence, readings) = (self.presence(life), self.readings);
        let (settled, next, lifecycle) = self.decide(now, life, effects, |record| {
            let settled = record.settle(now, result);
            (settled, presence.take_next(record, now, &readings), record.lifecycle)
        })?;
        let (command, attempt) = (result.id, result.attempt.number());
        effects.seen.push((life, What::Settled { command, attempt, settled }));
        if lifecycle != Lifecycle::Enrolled {
            return Err(Close(CloseCode::Done));
        }
        if let Some(command) = next {
            send(life, link, command, effects);
        }
        Ok(())
    }

    /// Accepts a command; durable when this returns.
    pub(crate) fn submit(
        &mut self,
        now: Timestamp,
        life: DeviceId,
        (action, lifetime): (Action, Duration),
        effects: &mut Effects,
    ) -> Result<CommandId, &'static str> {
        let id = self.next_command(owner(life));
        let (presence, readings) = (self.presence(life), self.readings);
        let name = action.kind().graph_name();
        if is(Plant::AcceptedBeforeDurable) {
            self.store.forgets_next();
        }
        let decided = self.decide(now, life, effects, |record| {
            record.submit(now, NewCommand { id, action, lifetime }, &readings)?;
            Ok::<_, SubmitRefusal>(presence.take_next(record, now, &readings))
        });
        // What it led to was written with it.
        let (action, expires_at) = (name, now.after(lifetime));
        let next = match decided {
            Ok(accepted) => accepted.map_err(refusal)?,
            Err(Failed::Full) => return Err("disk full"),
            Err(Failed::DiedBefore) => return Err("server died"),
            Err(Failed::DiedAfter) => {
                // A wipe or a retire outlives what was asked for: the disk knows.
                let expires_at = self.store.expiry(life, id).unwrap_or(expires_at);
                let unheard = What::Unheard { life, command: id, action, expires_at };
                effects.seen.insert(0, (life, unheard));
                return Err("server died");
            }
        };
        let row = self.record(life).and_then(|record| record.command(id));
        let expires_at = row.map_or(expires_at, |row| row.expires_at);
        effects.seen.insert(0, (life, What::Accepted { life, command: id, action, expires_at }));
        if let (Some(command), Some(link)) = (next, presence.link()) {
            send(life, link, command, effects);
        }
        Ok(id)
    }

    /// Makes the calls that wait, if the activation service is asked at all.
    pub(crate) fn call_vendor(&mut self, now: Timestamp, life: DeviceId, effects: &mut Effects) {
        let readings = self.readings;
        let call = self.decide(now, life, effects, |record| record.vendor_call(now, &readings));
        effects.calls.extend(call.ok().flatten().map(|call| (life, call)));
    }

    /// Takes what the activation service said.
    pub(crate) fn vendor_said(
        &mut self,
        now: Timestamp,
        (life, command): (DeviceId, CommandId),
        outcome: VendorOutcome,
        effects: &mut Effects,
    ) {
        // If it cannot be written, the call is made again after the next start.
        let _written =
            self.decide(now, life, effects, |record| record.settle_vendor(now, command, outcome));
    }

    /// Takes a command back.
    pub(crate) fn cancel(
        &mut self,
        now: Timestamp,
        life: DeviceId,
        command: CommandId,
        effects: &mut Effects,
    ) -> Option<CancelOutcome> {
        let decided = self.decide(now, life, effects, |record| record.cancel(now, command));
        let outcome = decided.ok()?;
        effects.seen.push((life, What::Cancelled { command, outcome }));
        Some(outcome)
    }

    /// Closes what is overdue on one device, and says when to look again.
    pub(crate) fn sweep(
        &mut self,
        now: Timestamp,
        life: DeviceId,
        effects: &mut Effects,
    ) -> Option<Timestamp> {
        let due = self.record(life)?.next_deadline().is_some_and(|at| at <= now);
        if due && self.decide(now, life, effects, |record| record.expire(now)).is_err() {
            return Some(now.after(Duration::from_secs(1)));
        }
        self.record(life)?.next_deadline()
    }

    /// A session is over: what was in flight waits again.
    pub(crate) fn end(&mut self, now: Timestamp, link: LinkId, effects: &mut Effects) {
        let Some(life) = self.sessions.remove(&link) else { return };
        if self.presence(life).link() != Some(link) {
            return;
        }
        self.set_presence(life, Presence::Away);
        // If it cannot be written, the next hello releases what is in flight.
        let _written = self.decide(now, life, effects, |record| record.disconnected(now));
        effects.seen.push((life, What::Closed { code: None }));
    }

    fn close_session(&mut self, life: DeviceId, code: CloseCode, effects: &mut Effects) {
        if let Some(link) = self.presence(life).link() {
            self.sessions.remove(&link);
            self.set_presence(life, Presence::Away);
            effects.closes.push((link, code));
        }
    }

    /// The device a session serves; a session another has replaced serves nobody.
    fn of(&self, link: LinkId) -> Result<DeviceId, Close> {
        let life = self.sessions.get(&link).copied().ok_or(Close(CloseCode::WrongState))?;
        let current = self.presence(life).link() == Some(link);
        if current || is(Plant::TwoConnectionsDeliver) {
            Ok(life)
        } else {
            Err(Close(CloseCode::Replaced))
        }
    }

    fn presence(&self, life: DeviceId) -> Presence {
        let slot = self.slots.as_ref().and_then(|slots| slots.get(&life));
        slot.map_or(Presence::Away, |slot| slot.presence)
    }

    fn set_presence(&mut self, life: DeviceId, presence: Presence) {
        let held = self.presence(life).link();
        if is(Plant::TwoConnectionsDeliver) && held.is_some() && held != presence.link() {
            return;
        }
        if let Some(slot) = self.slots.as_mut().and_then(|slots| slots.get_mut(&life)) {
            slot.presence = presence;
        }
    }

    /// Lets a record decide; nothing of the decision is seen before it is durable.
    fn decide<T>(
        &mut self,
        now: Timestamp,
        life: DeviceId,
        effects: &mut Effects,
        decide: impl FnOnce(&mut DeviceRecord) -> T,
    ) -> Result<T, Failed> {
        effects.touched.push(life);
        let slot = self.slots.as_mut().and_then(|slots| slots.get_mut(&life));
        let slot = slot.ok_or(Failed::Full)?;
        let mut next = slot.record.clone();
        let answer = decide(&mut next);
        let writes = next.take_writes();
        let written =
            if writes.is_empty() { Ok(()) } else { self.store.commit(now, &next, &writes) };
        if matches!(written, Ok(()) | Err(Failed::DiedAfter)) {
            for row in &writes.commands {
                let (command, attempt) = (row.id, row.attempt.number());
                let stage: Stage = row.state.stage();
                effects.seen.push((life, What::Stored { life, command, stage, attempt }));
            }
        }
        written?;
        slot.record = next;
        Ok(answer)
    }
}

/// A session that has to end, and with which code.
struct Close(CloseCode);

impl From<Failed> for Close {
    fn from(_failed: Failed) -> Self {
        Self(CloseCode::RetryLater)
    }
}

fn send(life: DeviceId, link: LinkId, command: Command, effects: &mut Effects) {
    let (id, attempt) = (command.head.id, command.head.attempt.number());
    effects.seen.push((life, What::Sent { life, connection: link.0, command: id, attempt }));
    effects.sends.push((link, ToDevice::Command(command)));
}

const fn refusal(refusal: SubmitRefusal) -> &'static str {
    match refusal {
        SubmitRefusal::NotEnrolled => "not enrolled",
        SubmitRefusal::Capability(_) => "capability",
        SubmitRefusal::QueueFull => "queue full",
    }
}
