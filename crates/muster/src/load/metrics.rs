//! What a run tells a scraper: the numbers of its live view.

use muster_metrics::{Family, Metric, Source};
use muster_report::{ErrorCode, Look, Step};
use tokio::sync::watch;

use super::snapshot::{Snapshot, Standing};

const ELAPSED: Metric =
    Metric::gauge("muster_load_elapsed_seconds", "How far the plan of the run is");
const PLANNED: Metric =
    Metric::gauge("muster_load_planned_seconds", "How long the plan of the run is");
const OPEN: Metric =
    Metric::gauge("muster_load_commands_open", "Commands of the run that are not over");
const COMMANDS: Metric =
    Metric::counter("muster_load_commands", "How many commands of the run reached each step")
        .by(&["step"]);
const EXECUTED_TWICE: Metric = Metric::counter(
    "muster_load_commands_executed_twice",
    "Commands of the run whose effect was seen twice: must stay 0",
);
const LATENCY: Metric = Metric::gauge(
    "muster_load_latency_seconds",
    "From the planned instant to the durable answer, of the last second",
)
.by(&["quantile"]);
const LAG: Metric =
    Metric::gauge("muster_load_lag_seconds", "How late the generator was, of the whole run")
        .by(&["quantile"]);
const ERRORS: Metric =
    Metric::counter("muster_load_errors", "Errors of the run by code, see docs/reports.md")
        .by(&["code"]);
const CONNECTS_FAILED: Metric = Metric::counter(
    "muster_load_connects_failed",
    "Attempts of the run's devices to connect that failed",
);
const THRESHOLDS: Metric =
    Metric::gauge("muster_load_thresholds", "Thresholds of the run by how they stand")
        .by(&["state"]);

/// A run as a scraper sees it.
#[derive(Debug)]
pub(crate) struct LoadMetrics(pub(crate) watch::Receiver<Snapshot>);

impl Source for LoadMetrics {
    fn read(&self) -> Vec<Family> {
        let now = self.0.borrow().clone();
        let mut told = vec![
            ELAPSED.is(now.at.as_secs_f64()),
            PLANNED.is(now.lasts.as_secs_f64()),
            OPEN.is(now.open),
            THRESHOLDS.each(standings(&now.thresholds)),
        ];
        told.extend(now.look.iter().flat_map(looked));
        told
    }
}

fn looked(look: &Look) -> [Family; 6] {
    let steps = Step::ALL.map(|(step, name)| (name, look.funnel.at(step)));
    let errors = ErrorCode::ALL.iter().map(|code| {
        let seen = look.errors.iter().find(|(met, _count)| met == code);
        (code.code(), seen.map_or(0, |(_code, count)| *count))
    });
    [
        COMMANDS.each(steps),
        EXECUTED_TWICE.is(look.executed_twice),
        LATENCY.each([("0.5", seconds(look.recent.p50)), ("0.99", seconds(look.recent.p99))]),
        LAG.each([("0.5", seconds(look.lag.p50)), ("0.99", seconds(look.lag.p99))]),
        ERRORS.each(errors),
        CONNECTS_FAILED.is(look.connect_failures),
    ]
}

fn standings(thresholds: &[Standing]) -> [(&'static str, u64); 3] {
    [("holds", Some(true)), ("failed", Some(false)), ("open", None)].map(|(name, holds)| {
        let count = thresholds.iter().filter(|it| it.holds == holds).count();
        (name, u64::try_from(count).unwrap_or(u64::MAX))
    })
}

fn seconds(milliseconds: f64) -> f64 {
    milliseconds / 1_000.0
}
