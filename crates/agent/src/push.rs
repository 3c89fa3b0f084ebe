//! The vendors' push services, as the devices of a fleet and its servers reach them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use muster_device::push::{
    Accepted, PushRefusal, PushRequest, PushServiceState, Registration, Wake, WakeWord,
};
use muster_protocol::seed::Stream;
use muster_protocol::{Mode, Platform, PushService, PushTarget, SerialNumber, Timestamp};
use tracing::debug;

use crate::clock::Clock;
use crate::device_task::Request;
use crate::faults::WakeFault;
use crate::mailbox::Mailbox;

/// What APNs tells servers of this kind apart by.
///
/// Source: Apple, "MDM vendor CSR signing": the topic begins with `com.apple.mgmt.`.
const APNS_TOPIC: &str = "com.apple.mgmt.External.muster";

/// The project of every Android of a fleet at FCM.
const FCM_PROJECT: &str = "muster";

/// The push services of a fleet, which its devices and its servers share.
///
/// What waits here for a device that is away is gone with the process, as the promise of such a
/// service allows; the addresses come again, because devices ask for them anew.
#[derive(Clone, Debug)]
pub struct PushHandle {
    services: PushServices,
    clock: Clock,
}

/// The services themselves, and the way to every device they wake.
#[derive(Clone, Debug, Default)]
pub(crate) struct PushServices(Arc<Mutex<Services>>);

#[derive(Debug, Default)]
struct Services {
    state: PushServiceState,
    /// Where a push reaches its device.
    mailboxes: BTreeMap<SerialNumber, Arc<Mailbox<Request>>>,
}

/// Whether a device has a connection to its push service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Online,
    Offline,
}

/// What a woken device holds of its push service.
#[derive(Debug)]
pub(crate) struct Subscriber {
    chance: Stream,
    target: Option<PushTarget>,
    /// Whether the device has been given its target since it was started.
    is_told: Told,
    reach: Reach,
    /// What goes wrong with the next push.
    spoilt: Option<WakeFault>,
    /// Pushes that are late, and when they come.
    held: Vec<(Timestamp, WakeWord)>,
}

/// Pushes of one device that may be late at once: a server pushes once a minute at most, and one
/// push is as good as many.
const HELD_MAX: usize = 16;

/// Whether the device knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Yes,
    No,
}

impl PushHandle {
    pub(crate) fn new(services: PushServices, clock: Clock) -> Self {
        Self { services, clock }
    }

    /// Takes a push for a device and, if the device is online, hands it over at once.
    ///
    /// # Errors
    /// [`PushRefusal`] says why it is not taken.
    pub fn accept(&self, request: PushRequest) -> Result<Accepted, PushRefusal> {
        let mut services = self.services.lock();
        let accepted = services.state.accept(self.clock.now(), request)?;
        services.deliver();
        Ok(accepted)
    }

    /// This moment of the run.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The point of the run at this time since 1970; what was before the run is its beginning.
    #[must_use]
    pub fn run_time(&self, since_1970: Duration) -> Timestamp {
        let (now, wall) = (self.clock.now(), self.clock.wall_since_1970());
        let elapsed = now.since(Timestamp::ZERO).saturating_add(since_1970);
        Timestamp::ZERO.after(elapsed.saturating_sub(wall))
    }

    /// The time since 1970 of a point of the run that is not ahead.
    #[must_use]
    pub fn since_1970(&self, at: Timestamp) -> Duration {
        self.clock.wall_since_1970().saturating_sub(self.clock.now().since(at))
    }
}

impl PushServices {
    /// Takes a device on: pushes for it go here.
    pub(crate) fn connect(&self, serial: SerialNumber, mailbox: Arc<Mailbox<Request>>) {
        self.lock().mailboxes.insert(serial, mailbox);
    }

    fn register(
        &self,
        now: Timestamp,
        registration: Registration,
        chance: &mut Stream,
        reach: Reach,
    ) -> String {
        let mut services = self.lock();
        let serial = registration.serial.clone();
        let token = services.state.register(now, registration, chance);
        if reach == Reach::Offline {
            services.state.offline(&serial);
        }
        token
    }

    fn unregister(&self, now: Timestamp, serial: &SerialNumber) {
        self.lock().state.unregister(now, serial);
    }

    fn reached(&self, now: Timestamp, serial: &SerialNumber, reach: Reach) {
        let mut services = self.lock();
        match reach {
            Reach::Online => services.state.online(now, serial),
            Reach::Offline => services.state.offline(serial),
        }
        services.deliver();
    }

    fn lock(&self) -> MutexGuard<'_, Services> {
        // A panic elsewhere leaves the services as they were between two calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Services {
    fn deliver(&mut self) {
        for Wake { serial, word, .. } in self.state.due() {
            let posted =
                self.mailboxes.get(&serial).map(|mailbox| mailbox.post(Request::Pushed(word)));
            if !matches!(posted, Some(Ok(()))) {
                // Nobody was promised that it arrives, and its server pushes again.
                debug!(%serial, "a push is lost: its device has too much to do");
            }
        }
    }
}

impl Subscriber {
    /// A device that has asked for nothing yet. All tokens and words of it come from `chance`.
    pub(crate) const fn new(chance: Stream) -> Self {
        Self {
            chance,
            target: None,
            is_told: Told::No,
            reach: Reach::Offline,
            spoilt: None,
            held: Vec::new(),
        }
    }

    /// Has the next push go wrong.
    pub(crate) const fn spoil(&mut self, fault: WakeFault) {
        self.spoilt = Some(fault);
    }

    /// What somebody wants to go wrong with this push.
    pub(crate) const fn take_spoilt(&mut self) -> Option<WakeFault> {
        self.spoilt.take()
    }

    /// Keeps a push until it comes late; one too many is lost, as a push may be.
    pub(crate) fn hold(&mut self, until: Timestamp, word: WakeWord) {
        if self.held.len() < HELD_MAX {
            self.held.push((until, word));
        }
    }

    /// When the first push comes that is late.
    pub(crate) fn next_held(&self) -> Option<Timestamp> {
        self.held.iter().map(|(at, _word)| *at).min()
    }

    /// The push that comes now, if one does.
    pub(crate) fn take_held(&mut self, now: Timestamp) -> Option<WakeWord> {
        let due = self.held.iter().position(|(at, _word)| *at <= now)?;
        Some(self.held.remove(due).1)
    }

    /// The device starts: what it was told before may not have been kept.
    pub(crate) const fn started(&mut self) {
        self.is_told = Told::No;
    }

    /// An address for the device, if it has none or does not know it.
    pub(crate) fn subscribe(
        &mut self,
        services: &PushServices,
        now: Timestamp,
        (serial, mode): (&SerialNumber, Mode),
    ) -> Option<PushTarget> {
        if self.is_told == Told::Yes {
            return None;
        }
        self.is_told = Told::Yes;
        if self.target.is_none() {
            let (service, topic) = match mode.platform() {
                Platform::Apple => (PushService::Apns, APNS_TOPIC),
                Platform::Android => (PushService::Fcm, FCM_PROJECT),
            };
            let (serial, topic) = (serial.clone(), topic.to_owned());
            let registration = Registration { serial, service, topic: topic.clone() };
            let token = services.register(now, registration, &mut self.chance, self.reach);
            let magic = format!("{:016x}{:016x}", self.chance.next_u64(), self.chance.next_u64());
            self.target = Some(PushTarget { service, topic, token, magic });
        }
        self.target.clone()
    }

    /// The device is managed no more: its address is gone.
    pub(crate) fn unsubscribe(
        &mut self,
        services: &PushServices,
        now: Timestamp,
        serial: &SerialNumber,
    ) {
        self.is_told = Told::No;
        if self.target.take().is_some() {
            services.unregister(now, serial);
        }
    }

    /// The device has found or lost the network its pushes come over.
    pub(crate) fn reach(
        &mut self,
        services: &PushServices,
        now: Timestamp,
        serial: &SerialNumber,
        reach: Reach,
    ) {
        if std::mem::replace(&mut self.reach, reach) != reach {
            services.reached(now, serial, reach);
        }
    }

    /// The word the device trusts, if it was given one.
    pub(crate) fn magic(&self) -> Option<&str> {
        self.target.as_ref().map(|target| target.magic.as_str())
    }
}

impl Clock {
    /// The wall time of the run.
    fn wall_since_1970(&self) -> Duration {
        self.skew().wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Seed;
    use muster_transport::Skew;

    #[tokio::test(start_paused = true)]
    async fn wall_time_and_run_time_are_one_clock() {
        let skew = Skew::of_runtime(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000));
        let clock = Clock::start(Duration::from_secs(60), skew);
        let handle = PushHandle::new(PushServices::default(), clock);
        let at = |secs: u64| Duration::from_secs(secs);
        assert_eq!(handle.run_time(at(1_000)), Timestamp::ZERO.after(at(60)));
        assert_eq!(handle.run_time(at(1_007)), Timestamp::ZERO.after(at(67)));
        assert_eq!(handle.run_time(at(990)), Timestamp::ZERO.after(at(50)));
        assert_eq!(handle.run_time(at(1)), Timestamp::ZERO);
        assert_eq!(handle.since_1970(Timestamp::ZERO.after(at(50))), at(990));
    }

    #[test]
    fn a_device_keeps_its_address_over_a_restart_and_has_another_after_it_has_left() {
        let services = PushServices::default();
        let serial: SerialNumber = "PHONE".parse().unwrap();
        let who = (&serial, Mode::AppleDevice);
        let mut subscriber = Subscriber::new(Seed::root(1).stream());
        let first = subscriber.subscribe(&services, Timestamp::ZERO, who).unwrap();
        assert_eq!(subscriber.subscribe(&services, Timestamp::ZERO, who), None);
        subscriber.started();
        assert_eq!(subscriber.subscribe(&services, Timestamp::ZERO, who), Some(first.clone()));
        subscriber.unsubscribe(&services, Timestamp::ZERO, &serial);
        let second = subscriber.subscribe(&services, Timestamp::ZERO, who).unwrap();
        assert!(first.token != second.token && first.magic != second.magic);
    }
}
