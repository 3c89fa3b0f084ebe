//! The parts of a report.

use muster_protocol::Platform;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::histogram::Histogram;
use crate::by_stage::ByStage;
use crate::error_code::ErrorClass;
use crate::funnel::Funnel;
use crate::legend::{EventKind, PhaseRole};
use crate::recorder::Gauges;

/// What became of the devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// Most devices that had a session at once.
    pub connected_most: u64,
    /// Devices that had one at the end.
    pub connected_at_end: u64,
    /// Attempts to connect.
    pub connects: u64,
    /// Those that failed.
    pub connect_failures: u64,
}

/// What became of the commands, over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    /// Wanted by the plan.
    pub planned: u64,
    /// Taken by the server, durably.
    pub accepted: u64,
    /// Turned down by the server.
    pub refused: u64,
    /// Never submitted, because of a cap of the generator.
    pub dropped: u64,
    /// Ended, however.
    pub terminal: u64,
    /// Accepted, never ended, and nobody holds them.
    pub lost: u64,
    /// Their effect was seen twice.
    pub executed_twice: u64,
}

/// One phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// Whether it counts.
    pub role: PhaseRole,
    /// When it began.
    pub begins_s: f64,
    /// When it ended.
    pub ends_s: f64,
    /// Commands planned in it that ended, by second of it.
    pub terminal_per_s: f64,
    /// What became of the commands planned in it.
    pub funnel: Funnel,
    /// Their latencies.
    pub latency_ms: ByStage<Figures>,
}

/// The commands of one phase, kind and platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesReport {
    /// The phase they were planned in.
    pub phase: String,
    /// Which command.
    pub command: String,
    /// The devices' platform.
    pub platform: PlatformName,
    /// What became of them.
    pub funnel: Funnel,
    /// Their latencies.
    pub latency_ms: ByStage<Figures>,
    /// The same, in full.
    pub histograms: ByStage<Histogram>,
}

/// A platform as reports name it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PlatformName {
    /// iOS and iPadOS.
    Ios,
    /// Android.
    Android,
}

impl PlatformName {
    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
        }
    }
}

impl From<Platform> for PlatformName {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Apple => Self::Ios,
            Platform::Android => Self::Android,
        }
    }
}

impl From<PlatformName> for Platform {
    fn from(name: PlatformName) -> Self {
        match name {
            PlatformName::Ios => Self::Apple,
            PlatformName::Android => Self::Android,
        }
    }
}

/// The run in slices of time: at most six hundred, whatever its length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlicesReport {
    /// How long each is, in seconds: 1, 2, 4, 8 and so on.
    pub width_s: u64,
    /// The slices, from the start of the run, without gaps.
    pub items: Vec<SliceReport>,
}

/// What was seen in one slice of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SliceReport {
    /// Commands that reached a step in it; none if there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funnel: Option<Funnel>,
    /// Errors in it.
    pub errors: u64,
    /// Levels in it.
    pub gauges: Gauges,
    /// Latencies that ended in it.
    pub latency_ms: ByStage<SliceFigures>,
    /// How late the generator began what it began in it, at the 99th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_ms_p99: Option<f64>,
    /// The latencies in full, to two figures.
    pub histograms: ByStage<Histogram>,
    /// How late it was in full, to two figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<Histogram>,
}

/// Latencies of a slice of time, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SliceFigures {
    /// Half are at most this.
    pub p50: f64,
    /// 99 in a hundred are at most this.
    pub p99: f64,
    /// How many.
    pub count: u64,
}

/// Something the fleet had to get over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventReport {
    /// Its name in the scenario, or what was asked for while the run went on.
    pub name: String,
    /// Which time it came, from 1: what comes again is told of round by round.
    #[serde(default = "first")]
    pub round: u32,
    /// What kind.
    pub kind: EventKind,
    /// When it began.
    pub at_s: f64,
    /// Devices it concerned.
    pub devices: u64,
    /// Devices that were through with it.
    pub through: u64,
    /// How long until half of the devices concerned were through; none if they never were.
    pub to_50_s: Option<f64>,
    /// How long until 90 in a hundred were.
    pub to_90_s: Option<f64>,
    /// How long until 99 in a hundred were.
    pub to_99_s: Option<f64>,
    /// How long until all were.
    pub to_100_s: Option<f64>,
    /// When each was through, counted from its beginning.
    pub histogram: Histogram,
}

/// The errors of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorReport {
    /// The stable code, for example `E0103`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub class: ErrorClass,
    /// How many.
    pub count: u64,
    /// What to look at first.
    pub hint: String,
    /// When the first was seen.
    pub first_at_s: f64,
    /// The first one.
    pub example: String,
}

/// Something that went wrong on purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultReport {
    /// Its name in the scenario, or what was asked for while the run went on.
    pub name: String,
    /// Which time it came, from 1: what comes again is told of round by round.
    #[serde(default = "first")]
    pub round: u32,
    /// What went wrong, in the words of the scenario.
    pub what: String,
    /// When it began.
    pub from_s: f64,
    /// When it was over; none if it lasted to the end.
    pub to_s: Option<f64>,
}

/// Something that somebody changed by hand while the run went on: its plan was stopped, played at
/// another pace, or something was made to go wrong that the plan does not have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intervention {
    /// When.
    pub at_s: f64,
    /// What, in words.
    pub what: String,
}

impl EventReport {
    /// Its name, with its round if it had come before.
    pub(crate) fn titled(&self) -> String {
        titled(&self.name, self.round)
    }
}

impl FaultReport {
    /// Its name, with its round if it had come before.
    pub(crate) fn titled(&self) -> String {
        titled(&self.name, self.round)
    }
}

fn titled(name: &str, round: u32) -> String {
    match round {
        0 | 1 => name.to_owned(),
        round => format!("{name}, round {round}"),
    }
}

/// The round of what a report without rounds tells of.
const fn first() -> u32 {
    1
}

/// A slow device with its slowest command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowReport {
    /// The device's number in the whole scenario.
    pub device: u32,
    /// Id of the command; none if it never had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
    /// Which command.
    pub command: String,
    /// The device's platform.
    pub platform: PlatformName,
    /// The phase it was planned in.
    pub phase: String,
    /// From the planned instant to the end, or to when it was given up.
    pub took_ms: f64,
    /// When it reached each point of its way.
    pub waypoints: Waypoints,
    /// Where it spent its time, stage by stage, as far as it came.
    pub stages_ms: ByStage<f64>,
    /// The device's timeline, as a path from the run's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<String>,
    /// The device's recording, as a path from the run's folder.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "case_file")]
    pub recording: Option<String>,
    /// Why the command is not in timeline and recording, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
}

/// When a command reached each point of its way, in seconds from the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Waypoints {
    /// The plan wanted it then.
    pub planned_s: f64,
    /// The generator began to submit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_s: Option<f64>,
    /// Durable in the server's queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_s: Option<f64>,
    /// Taken by the push service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_s: Option<f64>,
    /// The woken device had a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_s: Option<f64>,
    /// Received by the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_s: Option<f64>,
    /// The answer left the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_s: Option<f64>,
    /// The answer was durable at the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_s: Option<f64>,
}

/// What the server took, as far as it could be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerReport {
    /// Most CPU of its threads in a slice of time, in percent of one core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent_most: Option<f64>,
    /// Most memory. With an embedded server, of server and generator together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_bytes_most: Option<u64>,
}
