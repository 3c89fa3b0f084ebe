//! Whom a work concerns.

use alloc::format;
use alloc::vec::Vec;

use muster_protocol::{Seed, Timestamp};

use super::{Plan, PlannedDevice, timeline};
use crate::units::{Percent, Span, Spread};
use crate::work::{Selection, Work};

/// How long after it was switched on for the first time a device is left in peace: until then it
/// enrols, and a server that has never heard of it refuses what is asked of it.
const ENROLLED_AFTER: Span = Span::from_secs(5);

/// The devices a work concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// All there are.
    All(u32),
    /// Those with these indices, in order.
    These(Vec<u32>),
}

impl Chosen {
    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        match self {
            Self::All(count) => *count,
            Self::These(devices) => u32::try_from(devices.len()).unwrap_or(u32::MAX),
        }
    }

    /// The device at this place among them.
    pub(super) fn device(&self, place: u64) -> Option<u32> {
        match self {
            Self::All(count) => u32::try_from(place).ok().filter(|device| device < count),
            Self::These(devices) => devices.get(usize::try_from(place).ok()?).copied(),
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + Clone {
        (0..u64::from(self.count())).filter_map(|place| self.device(place))
    }
}

impl Plan {
    /// The devices a work concerns.
    pub(super) fn choose(&self, work: &Work) -> Chosen {
        if work.devices == Selection::ALL {
            return Chosen::All(u32::try_from(self.devices.len()).unwrap_or(u32::MAX));
        }
        let label = format!("chosen for {}", work.name);
        let is_chosen = |device: &&PlannedDevice| {
            work.devices.fits(device) && self.is_drawn(work, &label, device)
        };
        Chosen::These(self.devices.iter().filter(is_chosen).map(|device| device.index).collect())
    }

    fn is_drawn(&self, work: &Work, label: &str, device: &PlannedDevice) -> bool {
        let share = work.devices.share;
        share == Percent::ALL
            || share.hits_by(&mut self.device_seed(device).child(label, 0).stream())
    }

    /// Has the devices of a wave switched on: those that no earlier one has.
    pub(super) fn switch_on(&mut self, work: &Work, spread: &Spread) -> Chosen {
        let (begins, spread) = (self.begins(work), spread.scaled(self.run.time_scale));
        let chosen = self.choose(work);
        let is_new = |device: &u32| self.switched_on_at(*device).is_none();
        let new: Vec<u32> = chosen.iter().filter(is_new).collect();
        for device in &new {
            let after = spread.draw(&mut self.work_seed(work, *device).child("when", 0).stream());
            self.devices[*device as usize].switched_on_at = Some(begins.after(after));
        }
        Chosen::These(new)
    }

    /// When a work begins.
    pub(super) fn begins(&self, work: &Work) -> Timestamp {
        let (beginning, _) = timeline::part(&self.phases, work.phase);
        beginning.after(self.scaled(work.at))
    }

    /// The chance of one device in one work.
    pub(super) fn work_seed(&self, work: &Work, device: u32) -> Seed {
        self.device_seed(&self.devices[device as usize]).child(&work.name, 0)
    }

    /// When a device is switched on for the first time, if not before the run.
    pub(super) fn switched_on_at(&self, device: u32) -> Option<Timestamp> {
        self.devices[device as usize].switched_on_at
    }

    /// Whether something may be asked of a device then.
    pub(super) fn is_there(&self, device: u32, at: Timestamp) -> bool {
        self.switched_on_at(device).is_none_or(|since| since.after(ENROLLED_AFTER) <= at)
    }
}

impl Selection {
    /// Whether a device is as it should be, but for the draw.
    fn fits(&self, device: &PlannedDevice) -> bool {
        (self.cohorts.is_empty() || self.cohorts.contains(&device.cohort))
            && self.platform.is_none_or(|platform| device.platform() == platform)
            && self.mode.is_none_or(|mode| device.mode == mode)
    }
}
