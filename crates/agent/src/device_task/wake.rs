//! A woken device and its push service.

use muster_device::push::WakeWord;
use muster_device::{Connectivity, Input, Phase};
use muster_protocol::Timestamp;
use tracing::{debug, trace};

use super::DeviceTask;
use crate::faults::{Trouble, WakeFault};
use crate::progress::Count;
use crate::push::Reach;
use crate::state::StateError;
use crate::watch::Seen;

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
        let reach = self.reach();
        let Some(subscriber) = &mut self.subscriber else { return };
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

    /// Has the next push go wrong; nobody pushes a device that stays connected.
    pub(super) fn spoil_push(&mut self, fault: WakeFault) {
        if let Some(subscriber) = &mut self.subscriber {
            subscriber.spoil(fault);
        }
    }

    /// The service has sent a push, which arrives unless something goes wrong on its way.
    pub(super) async fn on_pushed(&mut self, word: WakeWord) -> Result<(), StateError> {
        let now = self.shared.clock.now();
        let Some(subscriber) = &mut self.subscriber else { return Ok(()) };
        let by_plan = self.trouble.as_deref_mut().and_then(Trouble::next_wake);
        let Some(fault) = subscriber.take_spoilt().or(by_plan) else {
            return self.wake(word).await;
        };
        debug!(index = self.index, ?fault, "a push goes wrong");
        match fault {
            WakeFault::Lost => Ok(()),
            WakeFault::Late { by } => {
                subscriber.hold(now.after(by), word);
                Ok(())
            }
            WakeFault::Duplicated => {
                self.wake(word.clone()).await?;
                self.wake(word).await
            }
        }
    }

    /// When the first push comes that is late.
    pub(super) fn next_late_push(&self) -> Option<Timestamp> {
        self.subscriber.as_ref().and_then(|subscriber| subscriber.next_held())
    }

    /// A push comes late; a device that has no network by then does not hear of it.
    pub(super) async fn on_late_push(&mut self) -> Result<(), StateError> {
        let (now, reach) = (self.shared.clock.now(), self.reach());
        match (self.subscriber.as_mut().and_then(|it| it.take_held(now)), reach) {
            (Some(word), Reach::Online) => self.wake(word).await,
            (Some(_), Reach::Offline) | (None, _) => Ok(()),
        }
    }

    fn reach(&self) -> Reach {
        match self.presence.network() {
            Connectivity::Online if self.device.is_on_network() => Reach::Online,
            Connectivity::Online | Connectivity::Offline => Reach::Offline,
        }
    }

    /// A push has arrived. Whose it is, is for the device to judge; that some were thrown away it
    /// hears from the service itself.
    async fn wake(&mut self, word: WakeWord) -> Result<(), StateError> {
        let Some(subscriber) = &self.subscriber else { return Ok(()) };
        let magic = match word {
            WakeWord::Magic(magic) => Some(magic),
            WakeWord::MessagesDeleted => subscriber.magic().map(str::to_owned),
        };
        trace!(target: "timeline", index = self.index, "pushed");
        self.shared.counters.count(Count::Push);
        self.shared.watch.saw(self.index, || Seen::Woken);
        if let Some(magic) = magic {
            self.handle(Input::Pushed { magic }).await?;
        }
        Ok(())
    }
}
