//! A look at a recorder while it records.

use muster_protocol::Timestamp;
use muster_scenario::Stage;

use crate::error_code::ErrorCode;
use crate::funnel::Funnel;
use crate::latency::{Latency, LatencySummary};
use crate::legend::PhaseRole;

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
        let (mut funnel, mut total) = (Funnel::default(), Latency::default());
        for (series, label) in self.series.iter().zip(self.legend.all_labels()) {
            funnel.add(&series.funnel);
            let phase = self.legend.phases.get(usize::from(label.phase.0));
            if phase.is_some_and(|phase| phase.role == PhaseRole::Measured)
                && let Some(latency) = series.stages.at(Stage::Total)
            {
                total.add(latency);
            }
        }
        let recent = self.slices.before(now);
        let latency = recent.and_then(|slice| slice.stages.at(Stage::Total));
        Look {
            funnel,
            total: total.summary(),
            recent: latency.map_or_else(|| Latency::coarse().summary(), |it| it.summary()),
            recent_terminal: recent.map_or(0, |slice| slice.funnel.terminal()),
            recent_us: self.slices.width_us(),
            lag: self.lag.summary(),
            errors: self.errors.iter().map(|(code, seen)| (code, seen.count)).collect(),
            connect_failures: self.tally.connect_failures,
            executed_twice: self.tally.executed_twice,
        }
    }
}
