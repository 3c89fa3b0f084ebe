//! A scenario that cannot be wrong: every name is known, every span has its unit.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::ScenarioError;
use crate::file::File;
use crate::population::Cohort;
use crate::read::read;
use crate::threshold::Threshold;
use crate::units::{Percent, Span};
use crate::work::Work;

/// What a run consists of.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name: lower-case letters, digits and dashes.
    pub name: String,
    /// The question it answers, in one sentence.
    pub question: String,
    /// The seed, if nothing else is said.
    pub seed: u64,
    /// How many devices, if nothing else is said.
    pub devices: u32,
    /// How long a day of the people lasts; the run starts on a Monday at 08:00.
    pub day_length: Span,
    /// Who takes part; one at least.
    pub cohorts: Vec<Cohort>,
    /// What it is divided into, one after another; one at least.
    pub phases: Vec<Phase>,
    /// What is asked and what happens.
    pub works: Vec<Work>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What has to hold.
    pub thresholds: Vec<Threshold>,
    /// How much a generator may lag before its numbers are not believed.
    pub generator: GeneratorLimits,
    /// Bounds of the run.
    pub limits: Limits,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place, why it is, and what to do about it.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        read(text)
    }

    /// How long a run of it lasts, without its drain.
    #[must_use]
    pub fn length(&self) -> Span {
        self.phases.iter().map(|phase| phase.lasts).sum()
    }

    /// The JSON schema of the file, for editors and for those who write scenarios by program.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(File).to_value()
    }
}

/// A part of a run with statistics of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its name, unique in the scenario.
    pub name: String,
    /// How long it lasts.
    pub lasts: Span,
    /// Whether the verdict leaves it out.
    pub counts: Counts,
}

/// Whether a phase counts for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Thresholds without a phase are about this one too.
    Yes,
    /// Warm-up: no threshold is about it unless it names it.
    WarmUp,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name, unique among works and faults.
    pub name: String,
    /// The phase whose beginning its times count from; `None` for the run.
    pub phase: Option<usize>,
    /// When it begins.
    pub at: Span,
    /// For how long; `None` until the run is over, or for as long as it takes.
    pub lasts: Option<Span>,
    /// How often it comes again; `None` if it comes once.
    pub every: Option<Span>,
    /// What goes wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// How long it is there: what it says, or how long the server is away.
    #[must_use]
    pub fn duration(&self) -> Option<Span> {
        match &self.kind {
            FaultKind::Fleet(_) => self.lasts,
            FaultKind::Server(fault) => fault.away().or(self.lasts),
        }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// On the devices' side, in the words of `muster fleet --fault`, without times.
    Fleet(String),
    /// On the server's side.
    Server(ServerFault),
}

/// What goes wrong on the server's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerFault {
    /// It stops as it should, and starts again.
    Restart {
        /// How long there is no server.
        away: Span,
    },
    /// It is gone from one instruction to the next, and starts again.
    Kill {
        /// How long there is no server.
        away: Span,
    },
    /// Each commit takes so much longer.
    SlowDisk {
        /// By how much.
        by: Span,
    },
    /// Each connect takes a round trip more: it is answered with a Retry.
    Retry,
}

impl ServerFault {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restart { .. } => "restart",
            Self::Kill { .. } => "kill",
            Self::SlowDisk { .. } => "slow-disk",
            Self::Retry => "retry",
        }
    }

    /// How long there is no server; `None` if there is one all the time.
    #[must_use]
    pub const fn away(self) -> Option<Span> {
        match self {
            Self::Restart { away } | Self::Kill { away } => Some(away),
            Self::SlowDisk { .. } | Self::Retry => None,
        }
    }
}

impl fmt::Display for ServerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart { away } | Self::Kill { away } => {
                write!(f, "{}, away {away:?}", self.name())
            }
            Self::SlowDisk { by } => write!(f, "{} by {by:?}", self.name()),
            Self::Retry => f.write_str(self.name()),
        }
    }
}

/// How much a generator may lag before its numbers are not believed: beyond one of these a run
/// that would pass is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorLimits {
    /// How late the 99th percentile of the moments may be.
    pub lag_p99: Span,
    /// How busy the generator's threads may be.
    pub cpu: Percent,
    /// How many datagrams the kernel may drop at the generator's sockets.
    pub udp_drops: u64,
}

/// Bounds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many commands may be under way at once; one more is dropped, and counted.
    pub in_flight: u32,
    /// How many of the commands may be dropped before the run fails.
    pub drop_share: Percent,
    /// After how long a command counts as timed out; it is followed to the end all the same.
    pub deadline: Span,
    /// How long after the last phase the run waits for commands that are under way.
    pub drain: Span,
}
