//! How the thresholds stand while a run goes on, and whether one of them wants it to end.

use std::sync::Arc;

use muster_protocol::Timestamp;
use muster_report::{Ends, Evidence, Outcome, Recorder, Vitals, judge};
use muster_scenario::Scenario;

use crate::load::snapshot::Standing;

/// Judges the thresholds now and then.
#[derive(Debug)]
pub(super) struct Watchdog {
    scenario: Arc<Scenario>,
    ends: Ends,
    /// Since when each has not held.
    failing: Vec<Option<Timestamp>>,
}

impl Watchdog {
    pub(super) fn new(scenario: Arc<Scenario>, ends: Ends) -> Self {
        Self { failing: vec![None; scenario.thresholds.len()], scenario, ends }
    }

    /// How they stand, and whether one that may end the run has not held for long enough.
    pub(super) fn look(
        &mut self,
        recorder: &Recorder,
        vitals: Vitals,
        now: Timestamp,
    ) -> (Vec<Standing>, bool) {
        let evidence = Evidence { recorder, vitals, ends: self.ends, now };
        let judged = judge(&self.scenario, &evidence).thresholds;
        let mut aborts = false;
        let thresholds = self.scenario.thresholds.iter().zip(&mut self.failing);
        for ((threshold, since), judged) in thresholds.zip(&judged) {
            *since = match judged.outcome {
                Outcome::Fail => Some(since.unwrap_or(now)),
                Outcome::Pass | Outcome::Inconclusive => None,
            };
            if let (Some(since), Some(after)) = (*since, threshold.abort_after) {
                aborts |= now.since(since) >= after;
            }
        }
        let standing = judged.into_iter().map(|judged| Standing {
            holds: match judged.outcome {
                Outcome::Pass => Some(true),
                Outcome::Fail => Some(false),
                Outcome::Inconclusive => None,
            },
            text: judged.text,
        });
        (standing.collect(), aborts)
    }
}
