//! The black box of each live device.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_device::recording::{INPUTS_MAX, Recorder, Recording};
use muster_device::{Device, DeviceSpec};
use muster_protocol::Seed;

/// Recordings kept because something went wrong: the first ones tell what there is to know.
const SPILLED_MAX: usize = 64;

/// Inputs a device keeps without being asked: a command is two or three of them. Full, with what
/// goes with it, that is about 3 KB a device.
const INPUTS_USUAL: NonZeroUsize = NonZeroUsize::new(32).expect("more than none");

/// Most inputs a device keeps.
const INPUTS_LONGEST: NonZeroUsize = NonZeroUsize::new(INPUTS_MAX).expect("more than none");

/// Whether devices keep their last inputs, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlackBox {
    /// They keep nothing.
    Off,
    /// They keep so many.
    Last(NonZeroUsize),
}

impl Default for BlackBox {
    fn default() -> Self {
        Self::Last(INPUTS_USUAL)
    }
}

impl BlackBox {
    /// As much as is ever kept, for a few devices somebody looks at: [`INPUTS_MAX`].
    pub const LONGEST: Self = Self::Last(INPUTS_LONGEST);

    /// A recorder beside a new device.
    pub(crate) fn fresh(self, spec: &DeviceSpec, seed: Seed) -> Option<Box<Recorder>> {
        match self {
            Self::Off => None,
            Self::Last(inputs) => Some(Box::new(Recorder::fresh(spec.clone(), seed, inputs.get()))),
        }
    }

    /// A recorder beside a device that has lived before.
    pub(crate) fn resumed(self, device: &Device) -> Option<Box<Recorder>> {
        match self {
            Self::Off => None,
            Self::Last(inputs) => Some(Box::new(Recorder::resumed(device.clone(), inputs.get()))),
        }
    }
}

impl FromStr for BlackBox {
    type Err = BlackBoxError;

    fn from_str(text: &str) -> Result<Self, BlackBoxError> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let inputs: Option<NonZeroUsize> = text.parse().ok();
        let inputs = inputs.filter(|inputs| *inputs <= INPUTS_LONGEST);
        inputs.map(Self::Last).ok_or_else(|| BlackBoxError(text.to_owned()))
    }
}

/// A size of black boxes that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither off nor a number of inputs from 1 to {INPUTS_MAX}")]
pub struct BlackBoxError(String);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_black_box_is_off_or_keeps_a_bounded_number_of_inputs() {
        assert_eq!("off".parse(), Ok(BlackBox::Off));
        assert_eq!("256".parse(), Ok(BlackBox::LONGEST));
        assert_eq!("32".parse(), Ok(BlackBox::default()));
        for refused in ["0", "257", "-1", "on", "", "./run"] {
            assert!(refused.parse::<BlackBox>().is_err(), "{refused}");
        }
    }
}
