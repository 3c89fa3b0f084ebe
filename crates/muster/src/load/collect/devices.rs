//! What is known of each device while the run goes on.

use std::collections::BTreeMap;

use muster_protocol::{DeviceId, Platform};
use muster_scenario::{Contact, PlannedDevice, TakenOut};

/// The devices of this process, by their places in its fleet.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    all: Vec<Device>,
    /// Those that have to be woken, by who they are to the server.
    woken: BTreeMap<DeviceId, usize>,
    pub(crate) connected: u64,
    pub(crate) enrolled: u64,
}

/// One device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    /// Its number in the whole fleet.
    pub(super) number: u32,
    pub(super) platform: Platform,
    pub(super) contact: Contact,
    pub(super) is_connected: bool,
    /// Who it is to the server; nobody while it is not enrolled.
    enrolled_as: Option<DeviceId>,
    /// What becomes of it once its management has ended.
    pub(super) taken_out: TakenOut,
}

impl Device {
    pub(super) const fn is_enrolled(&self) -> bool {
        self.enrolled_as.is_some()
    }

    /// Whether it has to come back if the server goes.
    pub(super) fn keeps_connection_now(&self) -> bool {
        self.is_connected && self.contact == Contact::Connected
    }
}

impl Devices {
    pub(super) fn of(planned: &[PlannedDevice]) -> Self {
        let device = |planned: &PlannedDevice| Device {
            number: planned.index,
            platform: planned.platform(),
            contact: planned.contact,
            is_connected: false,
            enrolled_as: None,
            taken_out: TakenOut::No,
        };
        Self { all: planned.iter().map(device).collect(), ..Self::default() }
    }

    pub(super) fn at(&self, place: usize) -> Option<&Device> {
        self.all.get(place)
    }

    pub(super) fn at_mut(&mut self, place: usize) -> Option<&mut Device> {
        self.all.get_mut(place)
    }

    pub(super) fn all(&self) -> &[Device] {
        &self.all
    }

    /// The place of a device that has to be woken.
    pub(super) fn woken(&self, device: DeviceId) -> Option<usize> {
        self.woken.get(&device).copied()
    }

    /// A device is enrolled under this id, or is no longer.
    pub(super) fn enrolled(&mut self, place: usize, id: Option<DeviceId>) {
        let Some(device) = self.all.get_mut(place) else { return };
        let before = std::mem::replace(&mut device.enrolled_as, id);
        self.enrolled = match (before, id) {
            (None, Some(_)) => self.enrolled.saturating_add(1),
            (Some(_), None) => self.enrolled.saturating_sub(1),
            (None, None) | (Some(_), Some(_)) => self.enrolled,
        };
        if device.contact == Contact::Woken {
            before.map(|before| self.woken.remove(&before));
            id.map(|id| self.woken.insert(id, place));
        }
    }

    /// A device has a session.
    pub(super) fn came(&mut self, place: usize) {
        if let Some(device) = self.all.get_mut(place)
            && !device.is_connected
        {
            device.is_connected = true;
            self.connected = self.connected.saturating_add(1);
        }
    }

    /// A device has its session no more.
    pub(super) fn left(&mut self, place: usize) {
        if let Some(device) = self.all.get_mut(place)
            && device.is_connected
        {
            device.is_connected = false;
            self.connected = self.connected.saturating_sub(1);
        }
    }
}
