//! A woken device and its push service.

use muster_device::push::WakeWord;
use muster_device::{Input, Phase};
use tracing::trace;

use super::DeviceTask;
use crate::fleet::Start;
use crate::progress::Count;
use crate::push::Reach;
use crate::state::StateError;

impl DeviceTask {
    /// Gives the device an address at its push service, if it is to have one and does not know it.
    pub(super) fn subscribe(&mut self) -> Option<Input> {
        let subscriber = self.subscriber.as_mut()?;
        if self.device.phase() != Phase::Enrolled {
            return None;
        }
        let (services, now) = (&self.shared.push, self.shared.clock.now());
        let facts = self.device.facts();
        let target = subscriber.subscribe(services, now, (&facts.serial, facts.mode))?;
        Some(Input::PushTarget(target))
    }

    /// The address of an enrolment ends with it.
    pub(super) fn unsubscribe(&mut self) {
        if let Some(subscriber) = &mut self.subscriber {
            let (services, now) = (&self.shared.push, self.shared.clock.now());
            subscriber.unsubscribe(services, now, &self.device.facts().serial);
        }
    }

    /// Tells the push service whether the device can be reached, if that has changed.
    pub(super) fn show_presence(&mut self) {
        let Some(subscriber) = &mut self.subscriber else { return };
        let reach = match self.presence {
            Start::Online if self.device.is_on_network() => Reach::Online,
            Start::Online | Start::Offline => Reach::Offline,
        };
        let (services, now) = (&self.shared.push, self.shared.clock.now());
        subscriber.reach(services, now, &self.device.facts().serial, reach);
    }

    /// Leaves, because the core says so. A visit of a woken device is short, and one that ends like
    /// this has shown that the server is well.
    pub(super) fn leave_politely(&mut self) {
        if self.subscriber.is_some() {
            self.backoff.reset();
        }
        self.part();
    }

    /// A push has arrived. Whose it is, is for the device to judge; that some were thrown away it
    /// hears from the service itself.
    pub(super) async fn on_pushed(&mut self, word: WakeWord) -> Result<(), StateError> {
        let Some(subscriber) = &self.subscriber else { return Ok(()) };
        let magic = match word {
            WakeWord::Magic(magic) => Some(magic),
            WakeWord::MessagesDeleted => subscriber.magic().map(str::to_owned),
        };
        trace!(target: "timeline", index = self.index, "pushed");
        self.shared.counters.count(Count::Push);
        if let Some(magic) = magic {
            self.handle(Input::Pushed { magic }).await?;
        }
        Ok(())
    }
}
