//! What a look is made of, in a form that can be sent and added up.

use std::collections::BTreeMap;

use muster_protocol::Timestamp;
use muster_scenario::Stage;
use serde::{Deserialize, Serialize};

use super::{Look, Recorder};
use crate::error_code::ErrorCode;
use crate::funnel::Funnel;
use crate::latency::Latency;

/// What one of several recorders of a run has to say while the run goes on.
///
/// It holds whole histograms and no quantiles: a look at the sum of all shares is that of one recorder
/// that has seen everything. As JSON it is some ten kilobytes, most of it the two histograms of three
/// significant figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    funnel: Funnel,
    total: Latency,
    recent: Latency,
    recent_terminal: u64,
    recent_us: u64,
    lag: Latency,
    errors: BTreeMap<ErrorCode, u64>,
    connect_failures: u64,
    executed_twice: u64,
}

impl Recorder {
    /// What was recorded until `now`, to be added to what other recorders of the run have.
    #[must_use]
    pub fn share(&self, now: Timestamp) -> Share {
        let recent = self.slices.before(now);
        let latency = recent.and_then(|slice| slice.stages.at(Stage::Total));
        Share {
            funnel: self.funnel(),
            total: self.latency(Stage::Total),
            recent: latency.map_or_else(Latency::coarse, |latency| (**latency).clone()),
            recent_terminal: recent.map_or(0, |slice| slice.funnel.terminal()),
            recent_us: self.slices.width_us(),
            lag: self.lag.clone(),
            errors: self.errors.iter().map(|(code, seen)| (code, seen.count)).collect(),
            connect_failures: self.tally.connect_failures,
            executed_twice: self.tally.executed_twice,
        }
    }
}

impl Share {
    /// Adds another share of the same run.
    ///
    /// Histograms are added bucket by bucket. The slices of time that were over last should be the
    /// same of both: where they are not, the longer one counts.
    pub fn add(&mut self, other: &Self) {
        self.funnel.add(&other.funnel);
        self.total.add(&other.total);
        self.recent.add(&other.recent);
        self.recent_terminal = self.recent_terminal.saturating_add(other.recent_terminal);
        self.recent_us = self.recent_us.max(other.recent_us);
        self.lag.add(&other.lag);
        for (code, count) in &other.errors {
            let mine = self.errors.entry(*code).or_default();
            *mine = mine.saturating_add(*count);
        }
        self.connect_failures = self.connect_failures.saturating_add(other.connect_failures);
        self.executed_twice = self.executed_twice.saturating_add(other.executed_twice);
    }

    /// Nothing of it is recent any more: it ended earlier than others.
    pub fn rest(&mut self) {
        (self.recent, self.recent_terminal) = (Latency::coarse(), 0);
    }

    /// Sums it up.
    #[must_use]
    pub fn look(&self) -> Look {
        Look {
            funnel: self.funnel,
            total: self.total.summary(),
            recent: self.recent.summary(),
            recent_terminal: self.recent_terminal,
            recent_us: self.recent_us,
            lag: self.lag.summary(),
            errors: self.errors.iter().map(|(code, count)| (*code, *count)).collect(),
            connect_failures: self.connect_failures,
            executed_twice: self.executed_twice,
        }
    }
}
