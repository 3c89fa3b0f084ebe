//! Playing a recording again.

use alloc::string::String;
use core::fmt;

use muster_protocol::Timestamp;

use super::output::words;
use super::player::Player;
use super::{Entry, Happened, RecordedInput, Recording, Said};
use crate::device::Device;
use crate::output::Output;

/// A replay that came out like the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The device after the last entry.
    pub device: Device,
    /// Inputs it took.
    pub inputs: usize,
    /// Outputs that were compared.
    pub outputs: usize,
}

/// The first output that is not the one recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Index of the entry in the recording.
    pub entry: usize,
    /// When, in the time of the recording.
    pub at: Timestamp,
    /// Name of the input that led to it.
    pub input: &'static str,
    /// Index of the output among those of this input.
    pub output: usize,
    /// What was recorded; `None` if nothing more was.
    pub expected: Option<String>,
    /// What came out now; `None` if nothing more did.
    pub actual: Option<String>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, at, input, output, expected, actual } = self;
        let nothing = "nothing";
        let expected = expected.as_deref().unwrap_or(nothing);
        let actual = actual.as_deref().unwrap_or(nothing);
        write!(
            f,
            "entry {entry} ({input} at {at}), output {output}: expected {expected}, got {actual}"
        )
    }
}

impl core::error::Error for Divergence {}

/// Feeds a device of the same making the recorded inputs at their recorded times.
///
/// # Errors
/// [`Divergence`] at the first output that is not the one recorded: another build decides
/// otherwise, or the recorded device did not do what its core says.
pub fn replay(recording: &Recording) -> Result<Replayed, Divergence> {
    let mut player = Player::of(recording);
    let (mut inputs, mut outputs) = (0, 0);
    for (index, entry) in recording.entries.iter().enumerate() {
        let step = Step { index, entry };
        match &entry.happened {
            Happened::Input(input) => {
                step.play(&mut player, input)?;
                step.expect_nothing_more(&mut player, input)?;
                inputs += 1;
            }
            Happened::CutShort(input) => {
                step.play(&mut player, input)?;
                inputs += 1;
            }
            Happened::Restarted => player.restart(),
        }
        outputs += entry.said.len();
    }
    Ok(Replayed { device: player.into_device(), inputs, outputs })
}

/// One entry and its place.
struct Step<'a> {
    index: usize,
    entry: &'a Entry,
}

impl Step<'_> {
    fn play(&self, player: &mut Player, input: &RecordedInput) -> Result<(), Divergence> {
        let restored = input.restored(player.own());
        player.give(self.entry.at, restored);
        for (output, expected) in self.entry.said.iter().enumerate() {
            let actual = player.poll();
            if actual.as_ref().map(|(_, digest)| *digest) != Some(expected.digest) {
                return Err(self.divergence(input, output, Some(expected), actual));
            }
        }
        Ok(())
    }

    fn expect_nothing_more(
        &self,
        player: &mut Player,
        input: &RecordedInput,
    ) -> Result<(), Divergence> {
        match player.poll() {
            None => Ok(()),
            more => Err(self.divergence(input, self.entry.said.len(), None, more)),
        }
    }

    fn divergence(
        &self,
        input: &RecordedInput,
        output: usize,
        expected: Option<&Said>,
        actual: Option<(Output, u64)>,
    ) -> Divergence {
        Divergence {
            entry: self.index,
            at: self.entry.at,
            input: input.name(),
            output,
            expected: expected.map(|said| said.what.clone()),
            actual: actual.map(|(output, _)| words(&output)),
        }
    }
}
