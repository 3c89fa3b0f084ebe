//! Pushes the server owes.

use muster_control::{PushOrder, PushOutcome};
use muster_protocol::{DeviceId, Timestamp};

use super::effects::Presence;
use super::{Effects, Server};

impl Server {
    /// When a push of a device that has no session is owed.
    pub(crate) fn next_push(&self, life: DeviceId) -> Option<Timestamp> {
        if self.presence(life) != Presence::Away {
            return None;
        }
        self.record(life)?.next_push(&self.readings)
    }

    /// The push to make now.
    pub(crate) fn push_due(&self, now: Timestamp, life: DeviceId) -> Option<PushOrder> {
        if self.presence(life) != Presence::Away {
            return None;
        }
        self.record(life)?.push_due(now, &self.readings)
    }

    /// Takes what became of a push.
    pub(crate) fn pushed(
        &mut self,
        now: Timestamp,
        life: DeviceId,
        (order, outcome): (&PushOrder, PushOutcome),
        effects: &mut Effects,
    ) {
        // If it cannot be written, the service says the same again next time.
        let _written = self.decide(now, life, effects, |record| record.pushed(now, order, outcome));
    }
}
