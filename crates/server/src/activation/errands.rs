//! Which devices something is to be asked for, and when.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use muster_protocol::DeviceId;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long to wait after the first call that failed.
const RETRY_MIN: Duration = Duration::from_millis(250);

/// How long to wait at most.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Devices with a call to make. One entry for each, so they are bounded by the devices that have
/// a command waiting, which the server counts.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    due: Mutex<BTreeMap<DeviceId, Errand>>,
    /// Tells the courier that there is something new.
    pub(super) news: Notify,
}

/// When to call for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    /// Calls in a row that got no answer.
    failures: u32,
    not_before: Instant,
}

impl Errands {
    /// A device has something to ask for, as soon as possible.
    pub(crate) fn add(&self, device: DeviceId) {
        self.with(|due| due.insert(device, Errand { failures: 0, not_before: Instant::now() }));
        self.news.notify_one();
    }

    /// A device may have something to ask for again; one that waits for its time goes on waiting.
    pub(crate) fn remind(&self, device: DeviceId) {
        let errand = Errand { failures: 0, not_before: Instant::now() };
        self.with(|due| {
            due.entry(device).or_insert(errand);
        });
        self.news.notify_one();
    }

    /// A call for a device failed: it waits, the longer the more often that happens.
    pub(super) fn put_back(&self, device: DeviceId, failed: Errand) {
        let failures = failed.failures.saturating_add(1);
        let errand = Errand { failures, not_before: Instant::now() + pause(failures) };
        // What was added meanwhile goes first.
        self.with(|due| {
            due.entry(device).or_insert(errand);
        });
    }

    /// Takes a device whose time has come, the longest-waiting first.
    pub(super) fn take(&self, now: Instant) -> Option<(DeviceId, Errand)> {
        self.with(|due| {
            let (device, errand) = first(due)?;
            (errand.not_before <= now).then(|| {
                due.remove(&device);
                (device, errand)
            })
        })
    }

    /// When [`Self::take`] has something.
    pub(super) fn next(&self) -> Option<Instant> {
        self.with(|due| first(due).map(|(_device, errand)| errand.not_before))
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<DeviceId, Errand>) -> T) -> T {
        act(&mut self.due.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn first(due: &BTreeMap<DeviceId, Errand>) -> Option<(DeviceId, Errand)> {
    let first = due.iter().min_by_key(|(_device, errand)| errand.not_before)?;
    Some((*first.0, *first.1))
}

/// How long to wait after this many failures in a row.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    RETRY_MIN.saturating_mul(1 << doublings).min(RETRY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);
    const OTHER: DeviceId = DeviceId::from_bytes([2; 16]);

    #[tokio::test(start_paused = true)]
    async fn a_failed_call_waits_longer_each_time_and_a_new_one_does_not() {
        let errands = Errands::default();
        errands.add(DEVICE);
        let mut last = Duration::ZERO;
        for _failure in 0..12 {
            let (_device, errand) = errands.take(errands.next().unwrap()).unwrap();
            errands.put_back(DEVICE, errand);
            assert_eq!(errands.take(Instant::now()), None);
            let pause = errands.next().unwrap() - Instant::now();
            assert!(pause > last || pause == RETRY_MAX, "{pause:?}");
            last = pause;
        }
        assert_eq!(last, RETRY_MAX);
        errands.add(DEVICE);
        assert!(errands.take(Instant::now()).is_some());
        assert_eq!(errands.next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reminder_does_not_shorten_the_wait_after_a_failure() {
        let errands = Errands::default();
        errands.remind(DEVICE);
        let (_device, errand) = errands.take(Instant::now()).unwrap();
        errands.put_back(DEVICE, errand);
        errands.remind(DEVICE);
        assert_eq!(errands.take(Instant::now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_new_does_not_wait_behind_what_failed() {
        let errands = Errands::default();
        errands.add(DEVICE);
        let (_device, errand) = errands.take(Instant::now()).unwrap();
        errands.put_back(DEVICE, errand);
        errands.add(OTHER);
        assert_eq!(errands.take(Instant::now()).map(|(device, _)| device), Some(OTHER));
        assert_eq!(errands.take(Instant::now()), None);
    }
}
