//! Whom a fault strikes and when, in one vocabulary for virtual time and the live fleet.
//!
//! What goes wrong differs between the two: packets exist on a live network only, a whole world
//! can be stopped in virtual time only. Whom and when are the same words in both.

use core::fmt;
use core::str::FromStr;

use alloc::string::String;
use serde::{Deserialize, Serialize};

use crate::platform::Mode;
use crate::seed::Stream;

/// Who is struck. A fault of the server strikes the server, whatever the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// One device, by its number.
    Device(u32),
    /// Every device that is managed in this way.
    Mode(Mode),
    /// So many of so many devices, drawn for each.
    Share {
        /// So many.
        hits: u32,
        /// Of so many.
        of: u32,
    },
    /// Every device.
    All,
}

impl Scope {
    /// Whether the device is struck; `draws` is its own stream for this fault.
    pub fn strikes(self, device: u32, mode: Mode, draws: &mut Stream) -> bool {
        match self {
            Self::Device(number) => number == device,
            Self::Mode(struck) => struck == mode,
            Self::Share { hits, of } => draws.chance(hits.into(), of.into()),
            Self::All => true,
        }
    }
}

/// When a fault strikes, counted from the time it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// At that time.
    AtOnce,
    /// Once, the next time.
    After(Moment),
    /// Once, as soon as the device is so.
    When(Condition),
    /// Once, the n-th time.
    Nth {
        /// Of what.
        moment: Moment,
        /// Counted from one.
        nth: u32,
    },
    /// Every time anew with these odds; in virtual time until everything is calm.
    Odds {
        /// Of what.
        moment: Moment,
        /// So many times.
        hits: u32,
        /// Of so many.
        of: u32,
    },
}

/// Something that happens again and again, and that a fault can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Moment {
    /// The device begins an attempt to enrol or to connect.
    Connecting,
    /// The device has a connection.
    Connected,
    /// A command reaches the device.
    CommandArrives,
    /// A command reaches the device that it was sent before.
    CommandReturns,
    /// The device hands out an effect of any kind; it is not carried out yet.
    Output,
    /// The device is about to make its state durable.
    Persisting,
    /// The state is durable.
    Persisted,
    /// A command has taken effect.
    Executed,
    /// The device is about to answer a command.
    Answering,
    /// The answer is on its way.
    Answered,
    /// The server is about to write.
    Committing,
    /// The server has written, and told nobody.
    Committed,
}

impl Moment {
    /// Every moment.
    pub const ALL: [Self; 12] = [
        Self::Connecting,
        Self::Connected,
        Self::CommandArrives,
        Self::CommandReturns,
        Self::Output,
        Self::Persisting,
        Self::Persisted,
        Self::Executed,
        Self::Answering,
        Self::Answered,
        Self::Committing,
        Self::Committed,
    ];

    /// Its name, in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::CommandArrives => "command-arrives",
            Self::CommandReturns => "command-returns",
            Self::Output => "output",
            Self::Persisting => "persisting",
            Self::Persisted => "persisted",
            Self::Executed => "executed",
            Self::Answering => "answering",
            Self::Answered => "answered",
            Self::Committing => "committing",
            Self::Committed => "committed",
        }
    }

    /// Whether it is one of the server: a device and its agent know nothing of it.
    #[must_use]
    pub const fn is_of_the_server(self) -> bool {
        match self {
            Self::Committing | Self::Committed => true,
            Self::Connecting
            | Self::Connected
            | Self::CommandArrives
            | Self::CommandReturns
            | Self::Output
            | Self::Persisting
            | Self::Persisted
            | Self::Executed
            | Self::Answering
            | Self::Answered => false,
        }
    }
}

/// A state of a device that a fault can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Condition {
    /// It is enrolled.
    Enrolled,
    /// It is enrolled and has a connection.
    Connected,
    /// It is in Lost Mode.
    Lost,
    /// It is switched off.
    SwitchedOff,
    /// It has left management.
    Unenrolled,
}

impl Condition {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Enrolled, Self::Connected, Self::Lost, Self::SwitchedOff, Self::Unenrolled];

    /// Its name, in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Connected => "connected",
            Self::Lost => "lost",
            Self::SwitchedOff => "switched-off",
            Self::Unenrolled => "unenrolled",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no moment or no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names nothing a fault can wait for")]
pub struct ParseWordError(String);

impl FromStr for Moment {
    type Err = ParseWordError;

    fn from_str(text: &str) -> Result<Self, ParseWordError> {
        let found = Self::ALL.into_iter().find(|moment| moment.name() == text);
        found.ok_or_else(|| ParseWordError(text.into()))
    }
}

impl FromStr for Condition {
    type Err = ParseWordError;

    fn from_str(text: &str) -> Result<Self, ParseWordError> {
        let found = Self::ALL.into_iter().find(|condition| condition.name() == text);
        found.ok_or_else(|| ParseWordError(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use alloc::string::ToString as _;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for moment in Moment::ALL {
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
        for condition in Condition::ALL {
            assert_eq!(condition.to_string().parse(), Ok(condition));
        }
        assert!("sometimes".parse::<Moment>().is_err());
        assert!("sometimes".parse::<Condition>().is_err());
    }

    #[test]
    fn a_scope_strikes_whom_it_names_and_a_share_by_lot() {
        let mode = Mode::AppleDevice;
        let draws = |number| Seed::root(1).child("device", number).stream();
        assert!(Scope::Device(3).strikes(3, mode, &mut draws(3)));
        assert!(!Scope::Device(3).strikes(4, mode, &mut draws(4)));
        assert!(Scope::Mode(mode).strikes(0, mode, &mut draws(0)));
        assert!(!Scope::Mode(mode).strikes(0, Mode::AppleUser, &mut draws(0)));
        let share = Scope::Share { hits: 1, of: 5 };
        let struck = (0..1_000).filter(|at| share.strikes(0, mode, &mut draws(*at))).count();
        assert!((150..250).contains(&struck), "{struck}");
    }
}
