//! The vendor's activation service: a third party both sides talk to.

use core::time::Duration;

use muster_control::{VendorCall, VendorOutcome};
use muster_device::activation::{ActivationService, Ownership, Unlocking};
use muster_protocol::{CommandId, DeviceId};

use super::{Event, World};
use crate::log::What;
use crate::plan::PlannedDevice;

/// How long the server waits before it calls again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What the vendor knows of the hardware before anything happens.
pub(super) fn books(devices: &[PlannedDevice]) -> ActivationService {
    let mut books = ActivationService::default();
    for device in devices {
        if let Some(ownership) = Ownership::of(device.spec.facts.mode) {
            books.admit(&device.spec.facts.serial, ownership);
        }
    }
    books
}

impl World {
    pub(super) fn service_down(&mut self, lasts: Duration) {
        self.see(None, What::Fault { name: "service-down" });
        self.vendor_down_until = self.vendor_down_until.max(self.now.after(lasts));
    }

    /// Lets the server make the call that waits, if there is one.
    pub(super) fn call_vendor(&mut self, life: DeviceId) {
        self.serve(|server, now, effects| server.call_vendor(now, life, effects));
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
        self.serve(|server, now, effects| {
            server.vendor_said(now, (life, command), outcome, effects);
        });
        self.schedule(self.now.after(AGAIN_AFTER), Event::VendorAgain { life });
    }
}
