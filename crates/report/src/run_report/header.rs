//! What was run, where and with what.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a run comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every threshold holds, and the generator was not the bottleneck.
    Pass,
    /// A threshold does not hold, and it was not the generator.
    Fail,
    /// Nobody can tell: the generator was the bottleneck, or there was nothing to measure.
    Inconclusive,
    /// Ended early by a threshold that aborts the run. Counts as a failure.
    Aborted,
    /// Ended early by its user.
    Interrupted,
}

impl Verdict {
    /// The word in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Aborted => "aborted",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a run came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Its plan was played and what was under way has ended or been given up.
    #[default]
    Complete,
    /// A threshold with `abort-on-fail` did not hold.
    Aborted,
    /// Its user stopped it.
    Interrupted,
}

/// How commands were submitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Through {
    /// Straight into the embedded server.
    #[default]
    Direct,
    /// Over HTTPS, through the Graph API. What is stored is then learnt by asking for a sample.
    Graph,
}

/// What was run, where and with what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Name of the scenario.
    pub scenario: String,
    /// The question it answers.
    pub question: String,
    /// The scenario file as it was run, overrides included: a merge judges by it.
    pub scenario_toml: String,
    /// SHA-256 of that text, in hexadecimal. Runs with the same one, the same seed, scale of time
    /// and number of devices can be compared.
    pub config_hash: String,
    /// All chance of the run.
    pub seed: u64,
    /// How long the spans of the scenario were: 0.1 makes six seconds of a minute. None in reports
    /// that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_scale: Option<f64>,
    /// Devices of the whole plan, those of all shards. None in reports that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices_of_plan: Option<u64>,
    /// Which share of the whole; none if it is the whole, or merged from all shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardOf>,
    /// How many reports this one was merged from; 1 if from none.
    pub merged_from: u32,
    /// Version of muster.
    pub version: String,
    /// The commit it was built from, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it began, as RFC 3339 writes it.
    pub started_at: String,
    /// How long it took, drain included, in milliseconds.
    pub took_ms: u64,
    /// How it came to its end.
    pub ending: Ending,
    /// The server: `embedded`, or where it is.
    pub server: String,
    /// How commands were submitted.
    pub through: Through,
    /// What could not be seen of the server, a sentence each; nothing of a server of the run's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_observed: Vec<String>,
    /// The machines the load came from.
    pub hosts: Vec<Host>,
}

impl Header {
    /// When it began; `None` if what stands there is no date since 1970.
    pub(crate) fn began(&self) -> Option<SystemTime> {
        let at: jiff::Timestamp = self.started_at.parse().ok()?;
        Some(SystemTime::from(at)).filter(|at| *at >= UNIX_EPOCH)
    }
}

/// Which share of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShardOf {
    /// From 1.
    pub index: u32,
    /// Of so many.
    pub of: u32,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Cores that may be used.
    pub cores: u32,
    /// Name and release of the kernel, for example `Linux 6.8.0`.
    pub kernel: String,
    /// Memory of the machine.
    pub memory_bytes: u64,
}
