//! The vendor's activation service: a third party both sides talk to.

use core::time::Duration;

use muster_control::{VendorCall, VendorOutcome};
use muster_device::activation::Unlocking;
use muster_protocol::{CommandId, DeviceId};

use super::{Event, World};
use crate::log::What;
use crate::server::Effects;

/// How long the server waits before it calls again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

impl World {
    pub(super) fn service_down(&mut self, lasts: Duration) {
        self.see(None, What::Fault { name: "activation service down" });
        self.vendor_down_until = self.vendor_down_until.max(self.now.after(lasts));
    }

    /// Lets the server make the call that waits, if there is one.
    pub(super) fn call_vendor(&mut self, life: DeviceId) {
        if !self.server.is_up() {
            return;
        }
        let mut effects = Effects::default();
        self.server.call_vendor(self.now, life, &mut effects);
        self.carry_out(effects);
    }

    pub(super) fn vendor_asked(&mut self, life: DeviceId, call: VendorCall) {
        let command = call.id;
        let outcome = if self.now < self.vendor_down_until {
            VendorOutcome::Unreachable
        } else {
            match self.vendor.escrow_key_unlock(&call.serial, call.escrow_key.expose()) {
                Unlocking::Unlocked => VendorOutcome::Unlocked,
                Unlocking::KeyMismatch => VendorOutcome::KeyMismatch,
                Unlocking::UnknownDevice => VendorOutcome::UnknownDevice,
            }
        };
        let at = self.now.after(self.plan.network.delay);
        self.schedule(at, Event::VendorAnswered { life, command, outcome });
    }

    pub(super) fn vendor_answered(
        &mut self,
        life: DeviceId,
        command: CommandId,
        outcome: VendorOutcome,
    ) {
        if !self.server.is_up() {
            return;
        }
        let mut effects = Effects::default();
        self.server.vendor_said(self.now, (life, command), outcome, &mut effects);
        self.carry_out(effects);
        self.schedule(self.now.after(AGAIN_AFTER), Event::VendorAgain { life });
    }
}
