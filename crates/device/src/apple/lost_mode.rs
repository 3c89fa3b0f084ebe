//! Lost Mode: the device locks itself and waits for a finder.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::Location;
use muster_protocol::seed::Stream;
use serde::{Deserialize, Serialize};

/// Whether the organisation has declared the device lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LostMode {
    /// Not lost.
    #[default]
    Off,
    /// Lost: nobody can unlock it.
    On {
        /// What the lock screen says.
        notice: Notice,
        /// Where it lies.
        place: Location,
    },
}

impl LostMode {
    pub(crate) const fn is_on(&self) -> bool {
        match self {
            Self::On { .. } => true,
            Self::Off => false,
        }
    }

    /// Where the device lies, which it tells in Lost Mode only.
    pub(crate) const fn place(&self) -> Option<Location> {
        match self {
            Self::On { place, .. } => Some(*place),
            Self::Off => None,
        }
    }
}

/// The lock screen of a lost device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) message: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) footnote: Option<String>,
}

impl Notice {
    /// Whether a finder would know what to do.
    pub(crate) fn helps_a_finder(&self) -> bool {
        let says = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        says(&self.message) || says(&self.phone_number)
    }

    /// The lines, in the order of the screen.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &String> {
        [&self.message, &self.phone_number, &self.footnote].into_iter().flatten()
    }

    /// All of it as one text.
    pub(crate) fn text(&self) -> String {
        self.lines().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Some place on Earth: where the device was left is chance.
pub(crate) fn somewhere(chance: &mut Stream) -> Location {
    Location {
        latitude_microdegrees: within(chance, 90_000_000),
        longitude_microdegrees: within(chance, 180_000_000),
        horizontal_accuracy_metres: 65,
    }
}

/// A number from `-bound` to `bound`.
fn within(chance: &mut Stream, bound: i32) -> i32 {
    let width = u64::from(bound.unsigned_abs()) * 2 + 1;
    let drawn = i64::try_from(chance.below(width)).unwrap_or(0);
    i32::try_from(drawn - i64::from(bound)).unwrap_or(0)
}
