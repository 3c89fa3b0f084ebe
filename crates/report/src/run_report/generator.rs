//! How well the generator did.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the engine saw of itself, beside the lag that the recorder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vitals {
    /// The longest the generator's event loop did not turn.
    pub stall_max: Duration,
    /// How busy the generator's threads were in the busiest ten seconds, as a share of what the
    /// machine had for them, 0 to 1; `None` if it cannot be told.
    pub cpu_share: Option<f64>,
    /// How much of the time a thread of the generator was ready to run and had no processor, in the
    /// ten seconds and of the thread of which it was most, 0 to 1; `None` if it cannot be told.
    pub waited_share: Option<f64>,
    /// Datagrams the kernel dropped at sockets of the run.
    pub udp_drops: u64,
    /// Most file descriptors open at once.
    pub descriptors_open: u64,
    /// How many may be open; 0 if unknown.
    pub descriptors_limit: u64,
    /// What happened and was not noted, because the notes were not fetched fast enough. Anything
    /// but 0 makes the numbers worthless.
    pub unseen: u64,
}

/// How well the generator did: whether the numbers are about the server at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneratorReport {
    /// Half of what was planned began at most so late.
    pub lag_ms_p50: f64,
    /// 99 in a hundred began at most so late.
    pub lag_ms_p99: f64,
    /// The latest.
    pub lag_ms_max: f64,
    /// The longest its event loop did not turn.
    pub stall_ms_max: f64,
    /// How busy its threads were in the busiest ten seconds, in percent of what they could have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
    /// How much of the time one of them was ready to run and had no processor, in percent, in the
    /// worst ten seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_percent: Option<f64>,
    /// Datagrams the kernel dropped at sockets of the run.
    pub udp_drops: u64,
    /// Most file descriptors open at once.
    pub descriptors_open: u64,
    /// How many may be open; 0 if unknown.
    pub descriptors_limit: u64,
    /// What happened and was not noted, because the notes were not fetched fast enough.
    pub unseen: u64,
    /// Why the numbers may be about the generator and not the server; none if they are not.
    pub inconclusive_reasons: Vec<String>,
    /// How late everything began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<super::Histogram>,
}

impl Vitals {
    /// The vitals of two parts of one run, the worse of each.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let fuller = if self.head_room() <= other.head_room() { self } else { other };
        Self {
            stall_max: self.stall_max.max(other.stall_max),
            cpu_share: self.cpu_share.into_iter().chain(other.cpu_share).reduce(f64::max),
            waited_share: self.waited_share.into_iter().chain(other.waited_share).reduce(f64::max),
            udp_drops: self.udp_drops.saturating_add(other.udp_drops),
            descriptors_open: fuller.descriptors_open,
            descriptors_limit: fuller.descriptors_limit,
            unseen: self.unseen.saturating_add(other.unseen),
        }
    }

    /// Descriptors left; plenty if the limit is unknown.
    pub(crate) const fn head_room(self) -> u64 {
        if self.descriptors_limit == 0 {
            return u64::MAX;
        }
        self.descriptors_limit.saturating_sub(self.descriptors_open)
    }
}
