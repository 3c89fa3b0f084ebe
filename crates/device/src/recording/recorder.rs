//! What runs beside a live device.

use alloc::boxed::Box;
use alloc::vec::Vec;

use muster_protocol::{Seed, Timestamp, decode_at_rest, encode_at_rest};

use super::output::{digest, words};
use super::player::{Player, Snapshot};
use super::ring::{Kept, Ring, Sort};
use super::secret::Own;
use super::{Entry, FORMAT, Happened, RecordedInput, Recording, Said, Start};
use crate::device::Device;
use crate::input::Input;
use crate::output::Output;
use crate::spec::DeviceSpec;

/// Inputs kept of a device somebody looks at: days of a quiet one, every message of a busy one for
/// minutes. At some 80 bytes each that is 20 KB.
pub const INPUTS_MAX: usize = 256;

/// What is written in the place of an output that does not come again.
const NOT_SAID_AGAIN: &str = "an output that does not come again";

/// So much of what is kept goes at once when there is no more room: bringing the device before it
/// up to date costs some microseconds whatever goes.
const GOES_AT_ONCE: usize = 4;

/// Keeps the last inputs of a device and a digest of every output. No secret of an input is kept,
/// not even here.
#[derive(Clone)]
pub struct Recorder {
    base: Base,
    left_out: u64,
    kept: Ring,
    kept_max: usize,
    own: Own,
}

/// The device before the oldest kept input.
#[derive(Clone)]
enum Base {
    /// Nothing has gone yet: as long as that is so, no state is kept.
    OutOfItsBox { spec: Box<DeviceSpec>, seed: Seed },
    /// As its history has made it.
    WithAPast(Snapshot),
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
    /// Beside `Device::new(spec, seed)`, before its first input; keeps at most so many inputs.
    #[must_use]
    pub fn fresh(spec: DeviceSpec, seed: Seed, inputs_max: usize) -> Self {
        let base = Base::OutOfItsBox { spec: Box::new(spec), seed };
        Self::on(base, Own::default(), inputs_max)
    }

    /// Beside a device with a past, which is not known.
    #[must_use]
    pub fn resumed(device: Device, inputs_max: usize) -> Self {
        let mut own = Own::default();
        let player = Player::new(device);
        player.name_secrets(&mut own);
        let snapshot = player.snapshot(own.next());
        Self::on(Base::WithAPast(snapshot), own, inputs_max)
    }

    fn on(base: Base, own: Own, inputs_max: usize) -> Self {
        Self { base, left_out: 0, kept: Ring::default(), kept_max: inputs_max.max(1), own }
    }

    /// Takes note of an input before the device gets it.
    pub fn input(&mut self, at: Timestamp, input: &Input) {
        let recorded = RecordedInput::of(input, &self.own);
        let bytes = encode_at_rest(&recorded);
        let bytes = bytes.expect("a message or an act of a person is far below what is kept");
        self.keep(Sort::Input, at, &bytes);
    }

    /// Takes note of an output before it is carried out.
    pub fn output(&mut self, output: &Output) {
        self.kept.said(digest(output, &mut self.own));
    }

    /// The agent died, and whatever it had not carried out is lost; it starts again from the
    /// state after the last [`Output::Persist`].
    pub fn restarted(&mut self, at: Timestamp) {
        self.kept.cut_last_short();
        self.keep(Sort::Restarted, at, &[]);
    }

    /// What is kept while the outputs of the last input are still being carried out.
    #[must_use]
    pub fn recording_so_far(&self) -> Recording {
        let mut so_far = self.clone();
        so_far.kept.cut_last_short();
        so_far.recording()
    }

    /// What is kept, without secrets. To be called between two inputs.
    ///
    /// Plays what is kept once more, for the words of the outputs.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let mut player = self.player();
        let start = match &self.base {
            Base::OutOfItsBox { spec, seed } => Start::Fresh { spec: spec.clone(), seed: *seed },
            Base::WithAPast(_) => player.disguised(&mut self.own.clone()),
        };
        let serial = player.facts().serial.clone();
        let entries = self.kept.iter().map(|kept| entry(&kept, &mut player)).collect();
        Recording { format: FORMAT, serial, start, left_out: self.left_out, entries }
    }

    fn keep(&mut self, sort: Sort, at: Timestamp, input: &[u8]) {
        if self.kept.len() >= self.kept_max {
            self.make_room();
        }
        self.kept.push(sort, at, input);
    }

    /// Lets the oldest inputs go: the device before the first that stays is what they made of it.
    fn make_room(&mut self) {
        let mut player = self.player();
        let mut gone = 0;
        for kept in self.kept.iter().take(self.going()) {
            play(&kept, &mut player);
            gone += 1;
        }
        self.base = Base::WithAPast(player.snapshot(player.own().next()));
        self.kept.drop_oldest(gone);
        self.left_out += u64::try_from(gone).unwrap_or(u64::MAX);
    }

    /// How many go. One that was cut short does not go without the restart after it: in between
    /// there are outputs nobody keeps.
    fn going(&self) -> usize {
        let least = (self.kept_max / GOES_AT_ONCE).max(1);
        let cut_short = |kept: &Kept<'_>| kept.sort == Sort::CutShort;
        let longer = self.kept.iter().skip(least - 1).take_while(cut_short).count();
        least + longer
    }

    /// The device before the oldest kept input.
    fn player(&self) -> Player {
        match &self.base {
            Base::OutOfItsBox { spec, seed } => Player::new(Device::new((**spec).clone(), *seed)),
            Base::WithAPast(snapshot) => Player::from_snapshot(snapshot, &self.own),
        }
    }
}

/// Brings a device over what happened.
fn play(kept: &Kept<'_>, player: &mut Player) -> Vec<(Output, u64)> {
    let outputs_max = match kept.sort {
        Sort::Input => usize::MAX,
        Sort::CutShort => kept.said.len(),
        Sort::Restarted => {
            player.restart();
            return Vec::new();
        }
    };
    let input = recorded(kept).restored(player.own());
    player.give(kept.at, input);
    core::iter::from_fn(|| player.poll()).take(outputs_max).collect()
}

/// What happened, in words; the device comes to it.
fn entry(kept: &Kept<'_>, player: &mut Player) -> Entry {
    let happened = match kept.sort {
        Sort::Input => Happened::Input(recorded(kept)),
        Sort::CutShort => Happened::CutShort(recorded(kept)),
        Sort::Restarted => Happened::Restarted,
    };
    let again = play(kept, player);
    let said = |(index, digest): (usize, &u64)| {
        let again = again.get(index).filter(|(_, again)| again == digest);
        let what = again.map_or_else(|| NOT_SAID_AGAIN.into(), |(output, _)| words(output));
        Said { what, digest: *digest }
    };
    Entry { at: kept.at, happened, said: kept.said.iter().enumerate().map(said).collect() }
}

fn recorded(kept: &Kept<'_>) -> RecordedInput {
    decode_at_rest(kept.input).expect("this process has written it")
}
