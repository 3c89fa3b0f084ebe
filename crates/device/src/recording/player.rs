//! A device in virtual time, with what it has shown and what a crash leaves of it.

use alloc::vec::Vec;

use muster_protocol::{DeviceFacts, Timestamp, decode_at_rest, encode_at_rest};

use super::output::digest;
use super::push::disguise;
use super::secret::{Own, Reference};
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

/// A player between two inputs, in as few bytes as it can be.
#[derive(Clone)]
pub(super) struct Snapshot {
    device: Vec<u8>,
    /// What a crash leaves, if that is something else.
    durable: Option<Vec<u8>>,
    /// How many secrets it has shown.
    shown: u32,
}

impl Player {
    pub(super) fn new(mut device: Device) -> Self {
        device.push_target_mut().into_iter().for_each(disguise);
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

    /// The device that was kept; `own` has the names of its secrets.
    pub(super) fn from_snapshot(snapshot: &Snapshot, own: &Own) -> Self {
        let device = thawed(&snapshot.device);
        let durable = snapshot.durable.as_deref().map_or_else(|| device.clone(), thawed);
        let mut names = Vec::new();
        for kept in [&device, &durable] {
            kept.clone().visit_secrets(&mut |place| {
                let content = place.content();
                if let Reference::Own(number) = own.reference(&content) {
                    names.push((content, number));
                }
            });
        }
        Self { device, durable, own: Own::resumed(snapshot.shown, names) }
    }

    /// What [`Self::from_snapshot`] makes the same player of, if it has shown so many secrets.
    pub(super) fn snapshot(&self, shown: u32) -> Snapshot {
        let device = frozen(&self.device);
        let durable = Some(frozen(&self.durable)).filter(|durable| *durable != device);
        Snapshot { device, durable, shown }
    }

    /// Gives every secret the device has now a number.
    pub(super) fn name_secrets(&self, own: &mut Own) {
        self.device.clone().visit_secrets(&mut |place| {
            own.shown(place.content());
        });
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

fn frozen(device: &Device) -> Vec<u8> {
    let mut bytes = encode_at_rest(device).expect("every list in a device has a bound");
    bytes.shrink_to_fit();
    bytes
}

fn thawed(bytes: &[u8]) -> Device {
    decode_at_rest(bytes).expect("this process has written it")
}

/// The device without what it has not said yet.
fn quiet(device: &Device) -> Device {
    let mut quiet = device.clone();
    while quiet.poll_output().is_some() {}
    quiet
}
