//! What runs beside a live device.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use muster_protocol::{Seed, Timestamp};

use super::output::{digest, name, words};
use super::player::Player;
use super::secret::Own;
use super::{Entry, FORMAT, Happened, RecordedInput, Recording, Said, Start};
use crate::device::Device;
use crate::input::Input;
use crate::output::Output;
use crate::spec::DeviceSpec;

/// Inputs kept of one device: days of a quiet one, every message of a busy one for minutes. At
/// some 200 bytes each that is 50 KB a device.
pub const INPUTS_MAX: usize = 256;

/// Keeps the last inputs of a device and a digest of every output.
#[derive(Clone)]
pub struct Recorder {
    origin: Origin,
    /// The device before the oldest kept input.
    base: Player,
    left_out: u64,
    kept: VecDeque<Kept>,
    kept_max: usize,
    own: Own,
}

/// Where the recorded device comes from.
#[derive(Clone)]
enum Origin {
    OutOfItsBox { spec: Box<DeviceSpec>, seed: Seed },
    WithAPast,
}

/// One thing that happened, as cheap as it can be kept.
#[derive(Clone)]
struct Kept {
    at: Timestamp,
    what: Happening,
    said: Vec<(&'static str, u64)>,
}

#[derive(Clone)]
enum Happening {
    Input(Input),
    CutShort(Input),
    Restarted,
}

impl core::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Recorder")
            .field("kept", &self.kept.len())
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// Beside `Device::new(spec, seed)`, before its first input; keeps so many inputs.
    #[must_use]
    pub fn fresh(spec: DeviceSpec, seed: Seed, inputs_max: usize) -> Self {
        let device = Device::new(spec.clone(), seed);
        let origin = Origin::OutOfItsBox { spec: Box::new(spec), seed };
        Self::beside(device, origin, inputs_max)
    }

    /// Beside a device with a past, which is not known.
    #[must_use]
    pub fn resumed(device: Device, inputs_max: usize) -> Self {
        Self::beside(device, Origin::WithAPast, inputs_max)
    }

    fn beside(device: Device, origin: Origin, inputs_max: usize) -> Self {
        Self {
            origin,
            base: Player::new(device),
            left_out: 0,
            kept: VecDeque::new(),
            kept_max: inputs_max.max(1),
            own: Own::default(),
        }
    }

    /// Takes note of an input before the device gets it.
    pub fn input(&mut self, at: Timestamp, input: &Input) {
        self.keep(at, Happening::Input(input.clone()));
    }

    /// Takes note of an output before it is carried out.
    pub fn output(&mut self, output: &Output) {
        let digest = digest(output, &mut self.own);
        if let Some(kept) = self.kept.back_mut() {
            kept.said.push((name(output), digest));
        }
    }

    /// The agent died, and whatever it had not carried out is lost; it starts again from the
    /// state after the last [`Output::Persist`].
    pub fn restarted(&mut self, at: Timestamp) {
        self.cut_short();
        self.keep(at, Happening::Restarted);
    }

    /// What is kept while the outputs of the last input are still being carried out.
    #[must_use]
    pub fn recording_so_far(&self) -> Recording {
        let mut so_far = self.clone();
        so_far.cut_short();
        so_far.recording()
    }

    fn cut_short(&mut self) {
        if let Some(kept) = self.kept.back_mut()
            && let Happening::Input(input) = &kept.what
        {
            kept.what = Happening::CutShort(input.clone());
        }
    }

    /// What is kept, without secrets. To be called between two inputs.
    ///
    /// Plays what is kept once more, for the words of the outputs.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let mut player = self.base.clone();
        let start = match &self.origin {
            Origin::OutOfItsBox { spec, seed } if self.left_out == 0 => {
                Start::Fresh { spec: spec.clone(), seed: *seed }
            }
            Origin::OutOfItsBox { .. } | Origin::WithAPast => {
                player.disguised(&mut self.own.clone())
            }
        };
        let serial = player.facts().serial.clone();
        let entries = self.kept.iter().map(|kept| kept.entry(&mut player)).collect();
        Recording { format: FORMAT, serial, start, left_out: self.left_out, entries }
    }

    fn keep(&mut self, at: Timestamp, what: Happening) {
        if self.kept.len() == self.kept_max
            && let Some(oldest) = self.kept.pop_front()
        {
            oldest.advance(&mut self.base);
            self.left_out += 1;
        }
        self.kept.push_back(Kept { at, what, said: Vec::new() });
    }
}

impl Kept {
    /// Brings a device over this entry.
    fn advance(self, player: &mut Player) {
        match self.what {
            Happening::Input(input) => {
                player.give(self.at, input);
                while player.poll().is_some() {}
            }
            Happening::CutShort(input) => {
                player.give(self.at, input);
                for _carried_out in self.said {
                    player.poll();
                }
            }
            Happening::Restarted => player.restart(),
        }
    }

    /// The entry in words, from a device that comes to it.
    fn entry(&self, player: &mut Player) -> Entry {
        let (happened, said) = match &self.what {
            Happening::Input(input) => {
                let recorded = RecordedInput::of(input, player.own());
                player.give(self.at, input.clone());
                let said = self.said(player);
                while player.poll().is_some() {}
                (Happened::Input(recorded), said)
            }
            Happening::CutShort(input) => {
                let recorded = RecordedInput::of(input, player.own());
                player.give(self.at, input.clone());
                (Happened::CutShort(recorded), self.said(player))
            }
            Happening::Restarted => {
                player.restart();
                (Happened::Restarted, Vec::new())
            }
        };
        Entry { at: self.at, happened, said }
    }

    fn said(&self, player: &mut Player) -> Vec<Said> {
        let words_of = |(name, digest): &(&'static str, u64)| {
            let again = player.poll().filter(|(_, again)| again == digest);
            let what = again.map_or_else(|| (*name).to_owned(), |(output, _)| words(&output));
            Said { what, digest: *digest }
        };
        self.said.iter().map(words_of).collect()
    }
}
