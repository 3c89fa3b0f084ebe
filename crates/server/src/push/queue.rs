//! Which devices are to be pushed, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use muster_protocol::{DeviceId, Timestamp};
use tokio::sync::Notify;
use tracing::warn;

use crate::vendor_access::VendorAccess;

/// One line for all devices: an entry for each that owes a push, which are devices with a command
/// waiting, so the bound on those bounds it.
#[derive(Debug, Default)]
pub(crate) struct PushQueue {
    waiting: Mutex<Waiting>,
    served: Served,
    /// Tells the courier that the first in line is another.
    pub(super) news: Notify,
}

/// Whether somebody sends what is owed.
#[derive(Debug)]
enum Served {
    Yes,
    No { said: AtomicBool },
}

impl Default for Served {
    fn default() -> Self {
        Self::No { said: AtomicBool::new(false) }
    }
}

#[derive(Debug, Default)]
struct Waiting {
    due_by_device: BTreeMap<DeviceId, Timestamp>,
    line: BTreeSet<(Timestamp, DeviceId)>,
    /// Devices a push of is on its way: they are not in line.
    out: BTreeSet<DeviceId>,
}

impl PushQueue {
    /// A queue that a courier with this access serves. Without one the queue says so once, and the
    /// commands wait until their devices come.
    pub(crate) fn served_by(access: Option<&VendorAccess>) -> Self {
        match access {
            Some(_access) => Self::served(),
            None => Self::default(),
        }
    }

    fn served() -> Self {
        Self { served: Served::Yes, ..Self::default() }
    }

    /// The next push of a device is due then; `None` if it owes none.
    pub(crate) fn set(&self, device: DeviceId, due: Option<Timestamp>) {
        match &self.served {
            Served::Yes => {
                if self.with(|waiting| waiting.set(device, due)) == First::Changed {
                    self.news.notify_one();
                }
            }
            Served::No { said } => {
                if due.is_some() && !said.swap(true, Ordering::Relaxed) {
                    warn!("no push service is known: commands wait until their devices come");
                }
            }
        }
    }

    /// How many devices owe a push, those included whose push is on its way.
    pub(crate) fn owed(&self) -> u64 {
        self.with(|waiting| u64::try_from(waiting.due_by_device.len()).unwrap_or(u64::MAX))
    }

    /// Takes a device whose push is due, the longest-waiting first. It has to be given
    /// [`Self::back`].
    pub(super) fn take(&self, now: Timestamp) -> Option<DeviceId> {
        self.with(|waiting| {
            let (due, device) = waiting.line.first().copied()?;
            (due <= now).then(|| {
                waiting.line.remove(&(due, device));
                waiting.out.insert(device);
                device
            })
        })
    }

    /// A push is over; if the device owes another one by now, it stands in line again.
    pub(super) fn back(&self, device: DeviceId) {
        self.with(|waiting| {
            waiting.out.remove(&device);
            if let Some(due) = waiting.due_by_device.get(&device) {
                waiting.line.insert((*due, device));
            }
        });
    }

    /// When [`Self::take`] has something.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.with(|waiting| waiting.line.first().map(|(due, _device)| *due))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Waiting) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the courier has to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Same,
    Changed,
}

impl Waiting {
    fn set(&mut self, device: DeviceId, due: Option<Timestamp>) -> First {
        let first = self.line.first().copied();
        let before = match due {
            Some(due) => self.due_by_device.insert(device, due),
            None => self.due_by_device.remove(&device),
        };
        if let Some(before) = before {
            self.line.remove(&(before, device));
        }
        if let Some(due) = due.filter(|_due| !self.out.contains(&device)) {
            self.line.insert((due, device));
        }
        if self.line.first().copied() == first { First::Same } else { First::Changed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: DeviceId = DeviceId::from_bytes([1; 16]);
    const TWO: DeviceId = DeviceId::from_bytes([2; 16]);

    fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn the_longest_waiting_goes_first_and_nobody_before_its_time() {
        let queue = PushQueue::served();
        queue.set(ONE, Some(at(20)));
        queue.set(TWO, Some(at(10)));
        assert_eq!((queue.next(), queue.take(at(9))), (Some(at(10)), None));
        assert_eq!(queue.take(at(30)), Some(TWO));
        assert_eq!(queue.take(at(30)), Some(ONE));
        assert_eq!((queue.next(), queue.take(at(30))), (None, None));
    }

    #[test]
    fn a_device_is_pushed_once_at_a_time() {
        let queue = PushQueue::served();
        queue.set(ONE, Some(at(1)));
        assert_eq!(queue.take(at(5)), Some(ONE));
        queue.set(ONE, Some(at(2)));
        assert_eq!(queue.take(at(5)), None);
        queue.back(ONE);
        assert_eq!(queue.take(at(5)), Some(ONE));
        queue.set(ONE, None);
        queue.back(ONE);
        assert_eq!(queue.take(at(5)), None);
    }

    #[test]
    fn a_push_nobody_owes_any_more_is_not_made() {
        let queue = PushQueue::served();
        queue.set(ONE, Some(at(1)));
        queue.set(ONE, None);
        assert_eq!((queue.next(), queue.take(at(5))), (None, None));
    }

    #[test]
    fn nothing_is_kept_that_nobody_sends() {
        let queue = PushQueue::default();
        queue.set(ONE, Some(at(1)));
        assert_eq!(queue.next(), None);
    }
}
