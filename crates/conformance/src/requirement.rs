//! What the protocol asks for, sentence by sentence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One row of the tables of `docs/protocol/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// `REQ-<GROUP>-<number>`; never given to another sentence.
    pub id: &'static str,
    /// How much it binds.
    pub level: Level,
    /// Whom it binds.
    pub binds: Side,
    /// The sentence.
    pub statement: &'static str,
    /// Why no case can try it from outside, if none can.
    pub unseen: Option<&'static str>,
}

/// How much a requirement binds: the words of RFC 2119.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Allowed, and worth knowing.
    May,
    /// Wanted, unless there is a good reason.
    Should,
    /// Absolute.
    Must,
}

/// One end of a connection, or either.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The MDM server.
    Server,
    /// The device, or the agent that plays many.
    Device,
    /// Whoever it is.
    Both,
    /// Neither: it binds those who write the next version.
    Authors,
}

/// Which part of the protocol a case belongs to. A target claims profiles.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// What every server and every device has.
    Core,
    /// iPhones and iPads.
    Ios,
    /// Android.
    Android,
    /// Devices that are woken.
    Push,
    /// Connections that change their address.
    Migration,
}

impl Requirement {
    /// The word between the dashes: `TRANSPORT` of `REQ-TRANSPORT-001`.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.id.split('-').nth(1).unwrap_or_default()
    }

    /// Whether a case can try it in this direction.
    #[must_use]
    pub fn is_open_to(&self, side: Side) -> bool {
        self.unseen.is_none() && (self.binds == side || self.binds == Side::Both)
    }
}

impl Side {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Device => "device",
            Self::Both => "both",
            Self::Authors => "authors",
        }
    }
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Core, Self::Ios, Self::Android, Self::Push, Self::Migration];

    /// The word it is claimed by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Push => "push",
            Self::Migration => "migration",
        }
    }
}

impl Level {
    /// As a requirement says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::May => "MAY",
            Self::Should => "SHOULD",
            Self::Must => "MUST",
        }
    }
}
