//! Lost Mode: the device locks itself and waits for a finder.

use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::Location;
use serde::{Deserialize, Serialize};

pub(super) use crate::place::somewhere;

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
