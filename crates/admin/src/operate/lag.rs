//! Writes that are seen late: for a while, whoever reads devices is told what was before.
//!
//! The service is of many parts that hear of a change one after the other; here that is asked for.

use core::iter::Peekable;
use core::ops::{Bound, ControlFlow};
use core::time::Duration;
use std::collections::{BTreeMap, btree_map};
use std::sync::{Arc, Mutex, PoisonError};

use muster_control::DeviceRecord;
use muster_protocol::{DeviceId, Timestamp};

use crate::devices::labels::{Labels, Snapshot};
use crate::devices::listed::is_listed;

/// Devices whose past is kept, at most; a write on one more is seen at once.
const DEVICES_MAX: usize = 1000;

/// The devices with a write that nobody sees yet, each as it was.
#[derive(Debug, Default)]
pub(crate) struct Lagging(Mutex<Arc<Earlier>>);

/// The same at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Earlier(BTreeMap<DeviceId, Arc<Before>>);

/// A device before the first write on it that nobody sees yet.
#[derive(Clone, Debug)]
struct Before {
    record: DeviceRecord,
    labels: Option<Labels>,
    /// When the last write on it is seen.
    until: Timestamp,
}

/// What a request sees of writes, and how soon its own are seen.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    /// Everything as it is.
    Present,
    /// Some devices as they were.
    Past(Arc<Earlier>),
    /// Everything as it is; others see its writes later.
    Delaying { lagging: Arc<Lagging>, labels: Arc<Snapshot>, hidden: Hidden },
}

/// How long a write is not seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden {
    from: Timestamp,
    until: Timestamp,
}

impl Lagging {
    /// What readers are told at a moment. What has become visible by then is forgotten.
    pub(crate) fn at(&self, now: Timestamp) -> Sight {
        let mut earlier = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_until(&mut earlier, now);
        if earlier.0.is_empty() { Sight::Present } else { Sight::Past(Arc::clone(&earlier)) }
    }

    /// Everything is seen.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// Keeps a device as it was, and says whether it was not kept before. Of one that was, the older
    /// past stays, for longer.
    fn keep(&self, record: DeviceRecord, labels: Option<Labels>, hidden: Hidden) -> bool {
        let mut earlier = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget_until(&mut earlier, hidden.from);
        let devices = &mut Arc::make_mut(&mut earlier).0;
        if let Some(known) = devices.get_mut(&record.id) {
            let before = Arc::make_mut(known);
            before.until = before.until.max(hidden.until);
            return false;
        }
        let has_room = devices.len() < DEVICES_MAX;
        if has_room {
            let until = hidden.until;
            devices.insert(record.id, Arc::new(Before { record, labels, until }));
        }
        has_room
    }

    /// Forgets what a device was before a write that came to nothing, unless another write is hidden
    /// by it as well.
    fn forget(&self, device: DeviceId, hidden: Hidden) {
        let mut earlier = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if earlier.0.get(&device).is_some_and(|before| before.until == hidden.until) {
            Arc::make_mut(&mut earlier).0.remove(&device);
        }
    }
}

/// Forgets what has become visible by now.
fn forget_until(earlier: &mut Arc<Earlier>, now: Timestamp) {
    if earlier.0.values().any(|before| before.until <= now) {
        Arc::make_mut(earlier).0.retain(|_device, before| now < before.until);
    }
}

impl Sight {
    /// For a request whose writes are seen so much later.
    pub(crate) fn delaying(
        lagging: &Arc<Lagging>,
        labels: Arc<Snapshot>,
        (now, by): (Timestamp, Duration),
    ) -> Self {
        let hidden = Hidden { from: now, until: now.after(by) };
        Self::Delaying { lagging: Arc::clone(lagging), labels, hidden }
    }

    /// The devices that are shown as they were, if there are any.
    pub(crate) fn past(&self) -> Option<&Earlier> {
        match self {
            Self::Past(earlier) => Some(earlier),
            Self::Present | Self::Delaying { .. } => None,
        }
    }

    /// A device as it was, if it is to be shown so.
    pub(crate) fn record(&self, device: DeviceId) -> Option<&DeviceRecord> {
        self.past()?.0.get(&device).map(|before| &before.record)
    }

    /// What is written on devices, as far as it is seen.
    pub(crate) fn labels(&self, mut present: Arc<Snapshot>) -> Arc<Snapshot> {
        for (device, before) in self.past().into_iter().flat_map(|earlier| &earlier.0) {
            Arc::make_mut(&mut present).write(*device, before.labels.clone());
        }
        present
    }

    /// Whether the past of devices that are written on has to be kept.
    pub(crate) const fn is_delaying(&self) -> bool {
        match self {
            Self::Delaying { .. } => true,
            Self::Present | Self::Past(_) => false,
        }
    }

    /// Keeps a device that is about to be written on as it is, and says whether it was not kept
    /// before.
    pub(crate) fn keep(&self, before: DeviceRecord) -> bool {
        match self {
            Self::Delaying { lagging, labels, hidden } => {
                let written = labels.of(before.id).cloned();
                lagging.keep(before, written, *hidden)
            }
            Self::Present | Self::Past(_) => false,
        }
    }

    /// Forgets what was kept for a write that has come to nothing.
    pub(crate) fn forget(&self, device: DeviceId) {
        match self {
            Self::Delaying { lagging, labels: _, hidden } => lagging.forget(device, *hidden),
            Self::Present | Self::Past(_) => {}
        }
    }
}

/// Puts devices as they were in the place of those that are, and back where they have gone.
pub(crate) struct Overlay<'a> {
    left: Peekable<btree_map::Range<'a, DeviceId, Arc<Before>>>,
    flow: ControlFlow<()>,
}

impl<'a> Overlay<'a> {
    /// Over the devices behind `after`, in the order of their ids.
    pub(crate) fn new(earlier: &'a Earlier, after: Option<DeviceId>) -> Self {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let left = earlier.0.range((from, Bound::Unbounded)).peekable();
        Self { left, flow: ControlFlow::Continue(()) }
    }

    /// Shows what stands before a device, and then the device.
    pub(crate) fn visit(
        &mut self,
        record: &DeviceRecord,
        show: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> ControlFlow<()> {
        self.flow = self.visit_up_to(record, show);
        self.flow
    }

    /// Shows what is left, unless somebody has seen enough.
    pub(crate) fn finish(
        self,
        show: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> ControlFlow<()> {
        self.flow?;
        self.left.into_iter().try_for_each(|(_device, before)| shown(before, show))
    }

    /// A device, those that stand before it first.
    fn visit_up_to(
        &mut self,
        record: &DeviceRecord,
        show: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
    ) -> ControlFlow<()> {
        while let Some((device, before)) = self.left.next_if(|(device, _)| **device <= record.id) {
            shown(before, show)?;
            if *device == record.id {
                return ControlFlow::Continue(());
            }
        }
        show(record)
    }
}

fn shown(
    before: &Before,
    show: &mut (dyn FnMut(&DeviceRecord) -> ControlFlow<()> + Send),
) -> ControlFlow<()> {
    if is_listed(&before.record) { show(&before.record) } else { ControlFlow::Continue(()) }
}

#[cfg(test)]
mod tests {
    use muster_control::{EnrolmentProfile, KeyFingerprint, NewLife};
    use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Policy};

    use super::*;

    fn device(number: u32) -> DeviceRecord {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let facts = DeviceFacts {
            serial: "F17-1".parse().expect("a serial"),
            mode: Mode::AppleDevice,
            operating_system: OperatingSystem::Ios,
            os_version: OsVersion::major(18),
            model: "any".to_owned(),
        };
        let key = KeyFingerprint([0; 32]);
        let profile = EnrolmentProfile { name: "all".to_owned(), policy: Policy::FULL };
        let id = DeviceId::from_bytes(id);
        DeviceRecord::new(Timestamp::ZERO, NewLife { id, facts, key, profile })
    }

    /// A second from here on.
    fn hidden(from_s: u64) -> Hidden {
        let from = Timestamp::ZERO.after(Duration::from_secs(from_s));
        Hidden { from, until: from.after(Duration::from_secs(1)) }
    }

    fn half_a_second_later(Hidden { from, until }: Hidden) -> Hidden {
        let by = Duration::from_millis(500);
        Hidden { from: from.after(by), until: until.after(by) }
    }

    #[test]
    fn no_more_devices_are_kept_than_the_bound_and_none_for_longer_than_asked() {
        let lagging = Lagging::default();
        let hidden = hidden(0);
        let until = hidden.until;
        for number in 0..=1000 {
            lagging.keep(device(number), None, hidden);
        }
        let sight = lagging.at(Timestamp::ZERO);
        assert_eq!(sight.past().expect("a past").0.len(), DEVICES_MAX);
        assert!(sight.record(device(1000).id).is_none());
        assert!(lagging.at(until).past().is_none());
        assert!(lagging.at(Timestamp::ZERO).past().is_none(), "it was forgotten");
    }

    #[test]
    fn what_has_become_visible_is_not_hidden_again_by_the_next_write() {
        let lagging = Lagging::default();
        let mut written = device(1);
        lagging.keep(written.clone(), None, hidden(0));
        written.last_seen = hidden(9).from;
        // Nobody has read between the two.
        lagging.keep(written.clone(), None, hidden(60));
        let sight = lagging.at(hidden(60).from);
        assert_eq!(sight.record(written.id).expect("a past").last_seen, written.last_seen);
    }

    #[test]
    fn a_write_that_comes_to_nothing_hides_nothing_unless_another_does() {
        let lagging = Lagging::default();
        let id = device(1).id;
        assert!(lagging.keep(device(1), None, hidden(0)));
        lagging.forget(id, hidden(0));
        assert!(lagging.at(Timestamp::ZERO).past().is_none());
        lagging.keep(device(1), None, hidden(0));
        assert!(!lagging.keep(device(1), None, half_a_second_later(hidden(0))));
        lagging.forget(id, hidden(0));
        assert!(lagging.at(Timestamp::ZERO).record(id).is_some());
    }
}
