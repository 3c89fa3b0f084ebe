//! A woken device: it comes for a reason, takes what waits, and leaves.
//!
//! Source: docs/protocol/push.md; docs/protocol/session.md, "Runs".

use alloc::boxed::Box;
use core::time::Duration;

use muster_protocol::management::ToServer;
use muster_protocol::{PushTarget, PushUpdate, Timestamp};

use super::{Device, Handled, Misplaced};
use crate::enrolment::{Enrolment, Escrow, Link, Owes, Stage, Visit, Woken};
use crate::output::Output;
use crate::spec::Contact;

/// How long it waits for a further command behind its last result before it asks.
///
/// Source: docs/protocol/session.md, "Runs".
const LINGERS_FOR: Duration = Duration::from_secs(1);

/// The first minor version of servers that push. With an earlier one the device stays connected.
const PUSHING_MINOR: u16 = 1;

/// From the reason to come to the moment it leaves.
impl Device {
    /// What an enrolment of this device begins with.
    pub(super) fn never_woken(&self) -> Option<Box<Woken>> {
        match self.spec.contact {
            Contact::Connected => None,
            Contact::Woken => Some(Box::default()),
        }
    }

    /// The push service has given the device an address, or another one.
    pub(super) fn on_push_target(&mut self, target: PushTarget) -> Handled {
        let woken = self.woken_mut().ok_or(Misplaced)?;
        if woken.target.as_ref() == Some(&target) {
            return Ok(());
        }
        woken.target = Some(target);
        if let Visit::Away { owes, .. } = &mut woken.visit {
            *owes = Owes::Word;
        }
        self.persist();
        if self.stage().is_ok() {
            self.send_push_update();
        }
        Ok(())
    }

    /// Several pushes are one: while the device is there, or on its way, nothing changes.
    ///
    /// Source: REQ-PUSH-006 (docs/protocol/push.md).
    pub(super) fn on_pushed(&mut self, magic: &str) -> Handled {
        let is_on_network = self.system.is_on_network();
        let woken = self.woken_mut().ok_or(Misplaced)?;
        let is_own = woken.target.as_ref().is_some_and(|target| target.magic == magic);
        if !is_own || !is_on_network {
            return Err(Misplaced);
        }
        if let Visit::Away { .. } = woken.visit {
            self.come();
        }
        Ok(())
    }

    /// The connection stands: says where the device can be woken, before its first `Idle`.
    ///
    /// Source: REQ-PUSH-001 (docs/protocol/push.md).
    pub(super) fn begin_visit(&mut self, minor: u16) {
        let Some(woken) = self.woken_mut() else { return };
        if minor < PUSHING_MINOR {
            woken.visit = Visit::Stays;
            return;
        }
        woken.visit = Visit::Asked;
        self.send_push_update();
    }

    /// Only its Welcome tells which minor a server has: with one that cannot push, the visit that
    /// has begun has no end.
    ///
    /// Source: docs/protocol/push.md, "The device's side".
    pub(super) fn learn_minor(&mut self, minor: u16) {
        if minor < PUSHING_MINOR
            && let Some(woken) = self.woken_mut()
        {
            woken.visit = Visit::Stays;
        }
    }

    /// Asks for what waits: a run begins.
    pub(super) fn send_idle(&mut self) {
        if let Some(woken) = self.woken_mut() {
            woken.visit = match woken.visit {
                Visit::Stays => Visit::Stays,
                Visit::Away { .. }
                | Visit::Coming
                | Visit::Asked
                | Visit::Lingers { .. }
                | Visit::Finishes => Visit::Asked,
            };
        }
        self.send(ToServer::Idle);
    }

    /// A command was answered: another may follow at once.
    pub(super) fn linger(&mut self, now: Timestamp) {
        let Some(woken) = self.woken_mut() else { return };
        match woken.visit {
            Visit::Asked | Visit::Lingers { .. } | Visit::Finishes => {
                woken.visit = Visit::Lingers { until: now.after(LINGERS_FOR) };
            }
            Visit::Away { .. } | Visit::Coming | Visit::Stays => {}
        }
    }

    /// No further command has come. One that has said `NotNow` in this run does not ask again: it
    /// would be asked the same.
    pub(super) fn end_linger(&mut self, now: Timestamp) {
        let Some(Visit::Lingers { until }) = self.visit() else { return };
        if until > now {
            return;
        }
        match self.stage() {
            Ok(Stage::OwesIdle) => self.finish(),
            Ok(Stage::Greeting | Stage::Open) | Err(Misplaced) => self.send_idle(),
        }
    }

    /// Nothing may be offered now.
    pub(super) fn on_empty(&mut self) {
        if self.visit() == Some(Visit::Asked) {
            self.finish();
        }
    }

    /// Leaves, but not with secrets the server has not acknowledged.
    pub(super) fn finish(&mut self) {
        let Some(enrolment) = self.enrolment_mut() else { return };
        let (Some(woken), Link::Up { stage, reported }) = (&mut enrolment.woken, &enrolment.link)
        else {
            return;
        };
        match enrolment.escrow {
            Escrow::Waiting { .. } => woken.visit = Visit::Finishes,
            Escrow::Settled { .. } => {
                let owes = if *stage == Stage::OwesIdle { Owes::Idle } else { Owes::Nothing };
                woken.visit = Visit::Away { owes, told: Some(*reported) };
                enrolment.link = Link::Down;
                self.push(Output::Disconnect);
            }
        }
    }

    /// The secrets are stored: nothing keeps a device that was about to leave.
    pub(super) fn after_escrow(&mut self) {
        if self.visit() == Some(Visit::Finishes) {
            self.finish();
        }
    }

    /// The connection is lost, which no one wanted: whoever carries the device comes back by itself.
    pub(super) fn lose_visit(&mut self) {
        if let Some(woken) = self.woken_mut() {
            woken.visit = match woken.visit {
                Visit::Away { owes, told } => Visit::Away { owes, told },
                Visit::Coming
                | Visit::Asked
                | Visit::Lingers { .. }
                | Visit::Finishes
                | Visit::Stays => Visit::Coming,
            };
        }
    }

    /// There is no network, so the device is away until there is.
    pub(super) fn end_visit(&mut self) {
        if let Some(woken) = self.woken_mut() {
            woken.visit = Visit::default();
        }
    }

    /// The device is on its way.
    pub(super) fn set_out(&mut self) {
        if let Some(woken) = self.woken_mut() {
            woken.visit = Visit::Coming;
        }
    }

    /// Comes if there is something to say: secrets, another state, or that what made it say
    /// `NotNow` is over.
    ///
    /// Source: REQ-PUSH-004 (docs/protocol/push.md).
    pub(super) fn come_for_a_reason(&mut self) {
        let Some(Visit::Away { owes, told }) = self.visit() else { return };
        let Some(enrolment) = self.enrolment() else { return };
        let says = match (owes, &enrolment.escrow) {
            (Owes::Word, _) | (_, Escrow::Waiting { .. }) => true,
            (Owes::Idle, Escrow::Settled { .. }) => !self.system.is_busy(),
            (Owes::Nothing, Escrow::Settled { .. }) => false,
        };
        let changed = told.is_some_and(|told| told != self.status());
        if (says || changed) && self.system.is_on_network() {
            self.come();
        }
    }

    /// Where the device is reached, for its recording.
    pub(crate) fn push_target_mut(&mut self) -> Option<&mut PushTarget> {
        self.woken_mut().and_then(|woken| woken.target.as_mut())
    }

    fn come(&mut self) {
        self.set_out();
        self.push(Output::Connect);
    }

    fn send_push_update(&mut self) {
        let target = self.woken_mut().and_then(|woken| woken.target.clone());
        self.send(ToServer::PushUpdate(PushUpdate { target }));
    }

    pub(super) fn is_away(&self) -> bool {
        matches!(self.visit(), Some(Visit::Away { .. }))
    }

    fn visit(&self) -> Option<Visit> {
        self.enrolment()?.woken.as_ref().map(|woken| woken.visit)
    }

    fn woken_mut(&mut self) -> Option<&mut Woken> {
        self.enrolment_mut().and_then(|enrolment: &mut Enrolment| enrolment.woken.as_deref_mut())
    }
}
