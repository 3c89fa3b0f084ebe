//! The black box of each live device.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_device::recording::{INPUTS_MAX, Recorder, Recording};
use muster_device::{Device, DeviceSpec};
use muster_protocol::Seed;

/// Recordings kept because something went wrong: the first ones tell what there is to know.
const SPILLED_MAX: usize = 64;

/// Whether devices keep their last inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlackBox {
    /// They do not, and cost nothing.
    #[default]
    Off,
    /// They keep the last [`INPUTS_MAX`], some 50 KB for a busy device.
    On,
}

impl BlackBox {
    /// A recorder beside a new device.
    pub(crate) fn fresh(self, spec: &DeviceSpec, seed: Seed) -> Option<Box<Recorder>> {
        match self {
            Self::Off => None,
            Self::On => Some(Box::new(Recorder::fresh(spec.clone(), seed, INPUTS_MAX))),
        }
    }

    /// A recorder beside a device that has lived before.
    pub(crate) fn resumed(self, device: &Device) -> Option<Box<Recorder>> {
        match self {
            Self::Off => None,
            Self::On => Some(Box::new(Recorder::resumed(device.clone(), INPUTS_MAX))),
        }
    }
}

/// Recordings of the moments in which something went wrong, the first of each device.
#[derive(Debug, Default)]
pub(crate) struct Spilled(Mutex<BTreeMap<u32, Recording>>);

impl Spilled {
    /// Keeps the recording of the device with this index, if it is its first and there is room.
    pub(crate) fn add(&self, index: u32, recording: impl FnOnce() -> Recording) {
        let mut recordings = self.lock();
        if recordings.len() < SPILLED_MAX {
            recordings.entry(index).or_insert_with(recording);
        }
    }

    pub(crate) fn all(&self) -> Vec<Recording> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Recording>> {
        // A panic elsewhere leaves whole recordings.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
