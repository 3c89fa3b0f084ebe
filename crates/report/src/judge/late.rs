//! What a late generator adds to the latencies that count from the plan's instants.
//!
//! A lag too small to spoil a whole run can still be what is too much for a close limit: it is not the
//! server that fails then. What passes has passed with the lag in it, and is never in doubt.

use muster_scenario::{Comparison, Metric, Scenario, Stage, Threshold};

use super::Evidence;
use super::measure::Measure;

/// Whether a threshold that does not hold would hold without the lag of the generator, at the same
/// percentile and in the same part of the run.
pub(super) fn alone(scenario: &Scenario, evidence: &Evidence<'_>, threshold: &Threshold) -> bool {
    let Metric::Latency { stage: Stage::Total | Stage::Queued, quantile } = &threshold.metric
    else {
        return false;
    };
    let is_upper_bound = match threshold.comparison {
        Comparison::Below | Comparison::AtMost => true,
        Comparison::Equal | Comparison::AtLeast | Comparison::Above => false,
    };
    let measure = Measure { scenario, evidence, scope: &threshold.scope };
    let took = measure.reading(&threshold.metric).value();
    let late = measure.lag(quantile.ratio()).value();
    let (Some(took), Some(late)) = (took, late) else { return false };
    is_upper_bound && threshold.comparison.holds(took - late, threshold.limit.number())
}
