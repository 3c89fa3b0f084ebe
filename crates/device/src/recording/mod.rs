//! The black box of a device: what happened to it lately, and a replay that must come out alike.
//!
//! A [`Recorder`] runs beside a live device and keeps its last inputs with a digest of every
//! output. Written out as a [`Recording`] it holds no secret: what the device made itself is
//! named by number, of everything else only the length is kept. [`replay`] feeds a fresh device
//! the same inputs in virtual time, gives it its own secrets back, and stops at the first output
//! that is not the one recorded.

mod input;
mod output;
mod player;
mod push;
mod recorder;
mod replay;
mod ring;
mod secret;
mod shrink;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::{Seed, SerialNumber, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::device::Device;
use crate::spec::DeviceSpec;

pub use input::{RecordedEvent, RecordedInput};
pub use recorder::{INPUTS_MAX, Recorder};
pub use replay::{Divergence, Replayed, replay};
pub use secret::Reference;
pub use shrink::{Shrunk, Signature, shrink};

pub(crate) use output::visit_outcome;
pub(crate) use secret::SecretMut;

/// Version of the format. Another number is another format; fields are only ever added to one.
pub const FORMAT: u16 = 1;

/// A device's history, complete in itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// [`FORMAT`] of the build that wrote it.
    #[serde(deserialize_with = "known_format")]
    pub format: u16,
    /// The hardware's number.
    pub serial: SerialNumber,
    /// The device before the first entry.
    pub start: Start,
    /// Inputs before the first entry, which are not kept.
    pub left_out: u64,
    /// What happened, oldest first.
    pub entries: Vec<Entry>,
}

/// The device before the first entry.
///
/// The secrets of a simulated device follow from its seed. The seed here is the device's own:
/// neither the run's nor another device's follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// Out of its box.
    Fresh {
        /// What it is.
        spec: Box<DeviceSpec>,
        /// All its chance.
        seed: Seed,
    },
    /// As its history has made it, with pseudonyms for its secrets.
    Kept {
        /// The state.
        device: Box<Device>,
        /// The state it would go back to if it lost power.
        durable: Box<Device>,
        /// How many secrets it has shown.
        shown: u32,
        /// Which secret is in each place, in the order of the places of both states.
        names: Vec<u32>,
    },
}

/// One thing that happened, and what the device said to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub happened: Happened,
    /// What came out, in its order; without what was lost to a crash.
    pub said: Vec<Said>,
}

/// What an [`Entry`] is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happened {
    /// An input.
    Input(RecordedInput),
    /// An input whose outputs were not all carried out: the agent died on the way.
    CutShort(RecordedInput),
    /// The agent started again from what was durable.
    Restarted,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The output in words, if a device that plays the same says it again.
    pub what: String,
    /// Tells it apart from any other, its secrets by their numbers.
    pub digest: u64,
}

fn known_format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let format = u16::deserialize(deserializer)?;
    if format == FORMAT {
        return Ok(format);
    }
    Err(D::Error::custom(format_args!("recording of format {format}, this build reads {FORMAT}")))
}

impl Recording {
    /// How many secrets were left out of it: own ones by number, others altogether.
    #[must_use]
    pub fn redactions(&self) -> usize {
        let inputs = self.entries.iter().filter_map(|entry| entry.happened.input());
        inputs.map(|input| input.secrets.len()).sum()
    }
}

impl Happened {
    /// The input, if it was one.
    #[must_use]
    pub const fn input(&self) -> Option<&RecordedInput> {
        match self {
            Self::Input(input) | Self::CutShort(input) => Some(input),
            Self::Restarted => None,
        }
    }
}
