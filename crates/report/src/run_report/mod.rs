//! What a run found out, as a file: `report.json`.

mod build;
mod figures;
mod generator;
mod header;
mod histogram;
mod merge;
mod parts;
mod read;
mod restore;
mod schema;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by_stage::ByStage;
use crate::funnel::Funnel;

pub use build::Measured;
pub use figures::Figures;
pub use generator::{GeneratorReport, Vitals};
pub use header::{Ending, Header, Host, ShardOf, Through, Verdict};
pub use histogram::{Histogram, HistogramError};
pub use merge::{MergeError, merge};
pub use parts::{
    Commands, ErrorReport, EventReport, FaultReport, Fleet, Intervention, PhaseReport,
    PlatformName, SeriesReport, ServerReport, SliceFigures, SliceReport, SlicesReport, SlowReport,
    Waypoints,
};
pub use read::{READ_BYTES_MAX, ReadError};
pub use restore::RestoreError;
pub use schema::schema;

use crate::judge::Judged;

/// The name of the format, and the version of it that this build writes and reads.
pub const FORMAT: &str = "muster.load/1";

/// What a run found out. Its size does not depend on how long the run was.
///
/// Latencies are in milliseconds, other times in seconds from the start of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunReport {
    /// Always `muster.load/1`. Fields may be added under the same number, never changed.
    pub format: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// What was run, where and with what.
    pub run: Header,
    /// What had to hold, and whether it did.
    pub thresholds: Vec<Judged>,
    /// Devices of the plan.
    pub devices: u64,
    /// What became of the devices.
    pub fleet: Fleet,
    /// What became of the commands, over the whole run, warm-ups included.
    pub commands: Commands,
    /// Latencies by stage, over all phases but warm-ups.
    pub latency_ms: ByStage<Figures>,
    /// How well the generator did: whether the numbers are about the server at all.
    pub generator: GeneratorReport,
    /// What the server took.
    pub server: ServerReport,
    /// How many commands reached each step, over the whole run.
    pub funnel: Funnel,
    /// The phases, in the order of time.
    pub phases: Vec<PhaseReport>,
    /// Broadcasts, storms and the like: how long until the fleet had got over them.
    pub events: Vec<EventReport>,
    /// Errors by kind, by code.
    pub errors: Vec<ErrorReport>,
    /// What went wrong on purpose, and when, each round of what came again.
    pub faults: Vec<FaultReport>,
    /// What somebody changed by hand while the run went on; nothing if it was played as planned.
    #[serde(default)]
    pub interventions: Vec<Intervention>,
    /// The slowest devices, the slowest first.
    pub slowest: Vec<SlowReport>,
    /// The run in slices of time.
    pub slices: SlicesReport,
    /// Counts and histograms by phase, command and platform: what a merge adds up.
    pub series: Vec<SeriesReport>,
}
