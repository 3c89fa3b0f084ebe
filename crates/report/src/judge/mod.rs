//! Judging: what had to hold, against what was measured.

mod health;
mod judged;
mod late;
mod measure;
mod slope;
mod verdict;
mod windows;

use muster_protocol::Timestamp;
use muster_scenario::{Comparison, Counted, Limit, Metric, Scenario, Stage, Threshold};

use crate::recorder::Recorder;
use crate::run_report::Vitals;

pub use health::Reason;
pub use judged::{Judged, Outcome, Unit};
pub(crate) use verdict::verdict;

use judged::Reading;
use measure::Measure;

/// What is known of a run, at its end or while it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What was measured, all threads merged.
    pub recorder: &'a Recorder,
    /// What the engine saw of itself.
    pub vitals: Vitals,
    /// Which ends of commands were seen.
    pub ends: Ends,
    /// Now, by the clock of the run.
    pub now: Timestamp,
}

/// Which ends of commands a run sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// All: the server is the run's own.
    All,
    /// Those that follow an answer: of a server elsewhere nobody tells the others.
    Answered,
}

/// What a run comes to, threshold by threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Every threshold of the scenario, in its order, and behind them the rule about dropped commands.
    pub thresholds: Vec<Judged>,
    /// Why the generator, and not the server, may be what was measured; nothing if it was not.
    /// Threads that were busy are a reason only for what they may have changed.
    pub reasons: Vec<Reason>,
}

/// Judges every threshold of a scenario, and the share of dropped commands that its limits allow.
///
/// If the generator was the bottleneck, what would pass is inconclusive, unless its threads were
/// busy and nothing else was wrong: what was planned began in time then, and whole ways only take
/// longer by it. What fails fails only if no generator could be to blame: a command lost or
/// executed twice, or a latency that is too long even after the worst lag is taken off, where lag
/// is all that is wrong.
///
/// However well the generator was, a latency does not fail that is too long only by how late it was.
#[must_use]
pub fn judge(scenario: &Scenario, evidence: &Evidence<'_>) -> Judgement {
    let mut reasons = health::reasons(&scenario.generator, evidence);
    let mut doubts = false;
    let mut thresholds = Vec::new();
    for threshold in &scenario.thresholds {
        let mut judged = judge_one(scenario, evidence, threshold);
        if !reasons.is_empty() && !stands(evidence, &reasons, threshold, &judged) {
            judged.outcome = Outcome::Inconclusive;
            judged.note = Some("the generator was the bottleneck".to_owned());
            doubts = true;
        } else if judged.outcome == Outcome::Fail && late::alone(scenario, evidence, threshold) {
            judged.outcome = Outcome::Inconclusive;
            judged.note = Some("too long only by how late the generator was".to_owned());
        }
        thresholds.push(judged);
    }
    if is_only_busy(&reasons) && !doubts {
        reasons.clear();
    }
    thresholds.extend(dropped(scenario, evidence));
    Judgement { thresholds, reasons }
}

/// What was measured against a threshold, whoever was to blame.
fn judge_one(scenario: &Scenario, evidence: &Evidence<'_>, threshold: &Threshold) -> Judged {
    let measure = Measure { scenario, evidence, scope: &threshold.scope };
    let reading = measure.reading(&threshold.metric);
    let outcome = reading.outcome(threshold.comparison, threshold.limit.number());
    let mut judged = Judged::new(threshold, outcome, &reading);
    judged.phase = threshold.scope.phase.and_then(|phase| {
        evidence.recorder.legend.phases.get(phase).map(|phase| phase.name.clone())
    });
    if outcome != Outcome::Inconclusive {
        judged.note = measure.remark(&threshold.metric);
    }
    judged
}

/// Whether a judgement stands although the generator was the bottleneck.
fn stands(
    evidence: &Evidence<'_>,
    reasons: &[Reason],
    threshold: &Threshold,
    judged: &Judged,
) -> bool {
    match judged.outcome {
        Outcome::Pass => is_only_busy(reasons) && holds_for_a_faster_one(threshold),
        Outcome::Inconclusive => true,
        Outcome::Fail => match &threshold.metric {
            Metric::Count(counted) | Metric::Share(counted) => measure::is_servers(*counted),
            Metric::Latency { .. } | Metric::TimeTo { .. } => {
                fails_without_lag(evidence, reasons, threshold, judged)
            }
            Metric::Memory | Metric::MemoryGrowth => true,
            Metric::Lag { .. } | Metric::PerSecond(_) => false,
        },
    }
}

/// Whether threads without time to spare are all that is wrong with the generator.
fn is_only_busy(reasons: &[Reason]) -> bool {
    reasons.iter().all(|reason| matches!(reason, Reason::Cpu { .. }))
}

/// Whether what a busy generator has passed, one with time to spare would pass too: it would bring no
/// less. Of a single stage that cannot be said, nor of an upper bound of what is brought: what the
/// devices bring later finds a server with less to do.
fn holds_for_a_faster_one(threshold: &Threshold) -> bool {
    let bounds = match threshold.comparison {
        Comparison::Below | Comparison::AtMost => Bounds::Above,
        Comparison::Equal if threshold.limit.number() == 0.0 => Bounds::Above,
        Comparison::Equal => return false,
        Comparison::AtLeast | Comparison::Above => Bounds::Below,
    };
    let wanted = match threshold.metric {
        Metric::Latency { stage: Stage::Total | Stage::Service, .. }
        | Metric::TimeTo { .. }
        | Metric::Lag { .. }
        | Metric::Memory
        | Metric::MemoryGrowth => Bounds::Above,
        Metric::Latency { .. } => return false,
        Metric::Count(Counted::Accepted | Counted::Terminal)
        | Metric::Share(Counted::Accepted | Counted::Terminal)
        | Metric::PerSecond(_) => Bounds::Below,
        Metric::Count(_) | Metric::Share(_) => Bounds::Above,
    };
    bounds == wanted
}

/// On which side a threshold has its limit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bounds {
    Above,
    Below,
}

/// Whether a latency is too long even after the worst lag is taken off it.
fn fails_without_lag(
    evidence: &Evidence<'_>,
    reasons: &[Reason],
    threshold: &Threshold,
    judged: &Judged,
) -> bool {
    let only_lag = reasons.iter().all(|reason| matches!(reason, Reason::Lag { .. }));
    let lag = evidence.recorder.lag.max().map_or(0.0, |max| max.latency.as_secs_f64());
    let (Some(value), Limit::Span(limit)) = (judged.value, threshold.limit) else {
        return false;
    };
    only_lag && !threshold.comparison.holds(value / 1_000.0 - lag, limit.as_secs_f64())
}

/// The rule that nothing is dropped in silence: more than the scenario allows is a failure.
fn dropped(scenario: &Scenario, evidence: &Evidence<'_>) -> Option<Judged> {
    let funnel = evidence.recorder.funnel();
    let limit = scenario.limits.drop_share.ratio();
    let share = (funnel.planned > 0).then(|| funnel.dropped as f64 / funnel.planned as f64)?;
    let outcome = if share <= limit { Outcome::Pass } else { Outcome::Fail };
    Some(Judged {
        text: format!("share(dropped) <= {} (limits)", scenario.limits.drop_share),
        outcome,
        value: Some(share),
        at_least: false,
        limit,
        unit: Unit::Share,
        phase: None,
        note: None,
    })
}

impl Judged {
    fn new(threshold: &Threshold, outcome: Outcome, reading: &Reading) -> Self {
        let unit = Unit::of(threshold.limit);
        Self {
            text: threshold.text.clone(),
            outcome,
            value: reading.value().map(|value| unit.told(value)),
            at_least: matches!(reading, Reading::AtLeast(_)),
            limit: unit.told(threshold.limit.number()),
            unit,
            phase: None,
            note: reading.note().map(str::to_owned),
        }
    }
}
