//! A look at a recorder while it records.

use muster_protocol::Timestamp;

use crate::error_code::ErrorCode;
use crate::funnel::Funnel;
use crate::latency::LatencySummary;

use super::{Recorder, Slow};

/// What there is to say of a run that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What became of the commands of all phases so far.
    pub funnel: Funnel,
    /// From planned to stored, of the phases that count.
    pub total: LatencySummary,
    /// The same of the last slice of time that is over, of whatever phase.
    pub recent: LatencySummary,
    /// Commands that came to an end in that slice.
    pub recent_terminal: u64,
    /// How long that slice is, in microseconds.
    pub recent_us: u64,
    /// How late the generator was.
    pub lag: LatencySummary,
    /// Errors so far, by kind.
    pub errors: Vec<(ErrorCode, u64)>,
    /// Attempts of devices to connect that failed.
    pub connect_failures: u64,
    /// Commands whose effect was seen twice.
    pub executed_twice: u64,
}

impl Recorder {
    /// The slowest devices, each with its slowest command, the slowest first; those that were slow
    /// in a warm-up only come last.
    pub fn slowest(&self) -> impl Iterator<Item = &Slow> {
        self.slowest.iter()
    }

    /// Sums up what was recorded until `now`.
    #[must_use]
    pub fn look(&self, now: Timestamp) -> Look {
        self.share(now).look()
    }
}
