//! A device in virtual time, with what it has shown and what a crash leaves of it.

use alloc::vec::Vec;

use muster_protocol::{DeviceFacts, Timestamp};

use super::output::digest;
use super::secret::Own;
use super::{Recording, Start};
use crate::device::Device;
use crate::input::Input;
use crate::output::Output;

/// Plays entries against a device.
#[derive(Clone)]
pub(super) struct Player {
    device: Device,
    durable: Device,
    own: Own,
}

impl Player {
    pub(super) fn new(device: Device) -> Self {
        Self { durable: device.clone(), device, own: Own::default() }
    }

    /// The device as it was before the first entry of a recording.
    pub(super) fn of(recording: &Recording) -> Self {
        match &recording.start {
            Start::Fresh { spec, seed } => Self::new(Device::new((**spec).clone(), *seed)),
            Start::Kept { device, durable, shown, names } => {
                let (mut device, mut durable) = ((**device).clone(), (**durable).clone());
                let mut contents = Vec::new();
                for kept in [&mut device, &mut durable] {
                    kept.visit_secrets(&mut |place| contents.push(place.content()));
                }
                let names = contents.into_iter().zip(names.iter().copied());
                Self { device, durable, own: Own::resumed(*shown, names) }
            }
        }
    }

    /// The same device with pseudonyms for its secrets, as a recording keeps it.
    pub(super) fn disguised(&self, own: &mut Own) -> Start {
        let (mut device, mut durable) = (self.device.clone(), self.durable.clone());
        let mut names = Vec::new();
        for kept in [&mut device, &mut durable] {
            kept.visit_secrets(&mut |mut place| names.push(own.disguise(&mut place)));
        }
        let (device, durable) = (device.into(), durable.into());
        Start::Kept { device, durable, shown: self.own.next(), names }
    }

    pub(super) fn give(&mut self, at: Timestamp, input: Input) {
        self.device.handle(at, input);
    }

    /// The next output, with its digest.
    pub(super) fn poll(&mut self) -> Option<(Output, u64)> {
        let output = self.device.poll_output()?;
        if output == Output::Persist {
            self.durable = quiet(&self.device);
        }
        let digest = digest(&output, &mut self.own);
        Some((output, digest))
    }

    pub(super) const fn facts(&self) -> &DeviceFacts {
        self.device.facts()
    }

    /// What the device has shown so far.
    pub(super) const fn own(&self) -> &Own {
        &self.own
    }

    pub(super) fn into_device(self) -> Device {
        self.device
    }

    /// Dies, and starts again from what was durable.
    pub(super) fn restart(&mut self) {
        self.device = self.durable.clone();
    }
}

/// The device without what it has not said yet.
fn quiet(device: &Device) -> Device {
    let mut quiet = device.clone();
    while quiet.poll_output().is_some() {}
    quiet
}
