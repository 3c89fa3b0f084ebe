//! `[[fault]]`

use alloc::string::String;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::text::{Placed, Text};
use crate::units::Span;

/// Something that goes wrong.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FaultTable {
    /// Name of the fault; default: its first word.
    pub(crate) name: Option<Placed<String>>,
    /// The phase whose beginning its times count from, and until whose end it comes again; default:
    /// the run.
    pub(crate) phase: Option<Placed<String>>,
    /// When it begins; default "0s".
    pub(crate) at: Option<Placed<Text<Span>>>,
    /// For how long; default: until the end.
    pub(crate) lasts: Option<Placed<Text<Span>>>,
    /// How often it comes again, until its phase is over.
    pub(crate) every: Option<Placed<Text<Span>>>,
    /// What goes wrong on the devices' side, in the words of `muster fleet --fault` but for those
    /// of time.
    pub(crate) fleet: Option<Placed<String>>,
    /// What goes wrong on the server's side.
    pub(crate) server: Option<Placed<ServerWord>>,
    /// restart and kill: how long there is no server; default "1s".
    pub(crate) away: Option<Placed<Text<Span>>>,
    /// slow-disk: how much longer each commit takes.
    pub(crate) by: Option<Placed<Text<Span>>>,
}

/// What goes wrong on the server's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServerWord {
    /// It stops as it should, and starts again.
    Restart,
    /// It is gone from one instruction to the next, and starts again.
    Kill,
    /// Each commit takes longer.
    SlowDisk,
    /// Each connect takes a round trip more: it is answered with a Retry.
    Retry,
}

impl ServerWord {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Kill => "kill",
            Self::SlowDisk => "slow-disk",
            Self::Retry => "retry",
        }
    }
}
