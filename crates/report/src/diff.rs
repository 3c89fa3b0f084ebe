//! Two reports compared: what got better, what got worse, and what is noise.

use muster_scenario::Stage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::{Outcome, Unit};
use crate::latency::Latency;
use crate::numbers::in_unit;
use crate::run_report::{EventReport, RestoreError, RunReport};
use crate::table::Table;

/// A change of less than this share is noise, whatever the numbers: two runs of one build on one
/// idle machine differ by as much.
const NOISE_SHARE: f64 = 0.10;

/// A latency that changes by less than this is noise: half a millisecond, below what a timer of
/// the generator resolves.
const NOISE_MS: f64 = 0.5;

/// How many standard deviations a quantile's rank may be off: 95 in a hundred are within.
const CONFIDENCE: f64 = 1.96;

/// What two reports have to say to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// Why the two can hardly be compared; nothing if they can.
    pub caveats: Vec<String>,
    /// Thresholds of either.
    pub thresholds: Vec<ThresholdChange>,
    /// Numbers of both.
    pub changes: Vec<Change>,
    /// Whether a threshold got worse: from pass to anything else, or to fail.
    pub worse: bool,
}

/// What became of a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdChange {
    /// The threshold.
    pub text: String,
    /// The phase it is about.
    pub phase: Option<String>,
    /// What it came to before; none if it was not there.
    pub before: Option<Outcome>,
    /// What it comes to now; none if it is gone.
    pub after: Option<Outcome>,
}

/// What became of a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which number.
    pub what: String,
    /// Its unit.
    pub unit: Unit,
    /// Before.
    pub before: f64,
    /// Now.
    pub after: f64,
    /// By how much, as a share of what it was; none if it was 0.
    pub share: Option<f64>,
    /// What that means.
    pub meaning: Meaning,
}

/// What a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Too small, or too few samples, to mean anything.
    Noise,
    /// For the better.
    Better,
    /// For the worse.
    Worse,
}

impl Meaning {
    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Better => "better",
            Self::Worse => "worse",
        }
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Good {
    Less,
    More,
}

/// Compares a report with a baseline.
///
/// # Errors
/// [`RestoreError`] if a report contradicts itself.
pub fn diff(before: &RunReport, after: &RunReport) -> Result<Diff, RestoreError> {
    let mut changes = latencies(before, after)?;
    changes.extend(counts(before, after));
    changes.extend(events(before, after));
    let thresholds = thresholds(before, after);
    let worse = thresholds.iter().any(ThresholdChange::is_worse);
    Ok(Diff { caveats: caveats(before, after), thresholds, changes, worse })
}

impl ThresholdChange {
    /// Whether it got worse.
    #[must_use]
    pub const fn is_worse(&self) -> bool {
        matches!(
            (self.before, self.after),
            (Some(Outcome::Pass), Some(Outcome::Fail | Outcome::Inconclusive))
                | (Some(Outcome::Inconclusive), Some(Outcome::Fail))
        )
    }
}

fn caveats(before: &RunReport, after: &RunReport) -> Vec<String> {
    let (one, other) = (&before.run, &after.run);
    let differs = [
        (one.config_hash != other.config_hash, "the scenarios or their overrides differ"),
        (one.seed != other.seed, "the seeds differ"),
        (before.devices != after.devices, "the numbers of devices differ"),
        (one.time_scale != other.time_scale, "they were played at different scales of time"),
        (one.hosts != other.hosts, "they ran on different machines"),
        (one.through != other.through, "commands were submitted in different ways"),
        (one.server != other.server, "the servers are not in the same place"),
        (
            [before, after].iter().any(|report| !report.interventions.is_empty()),
            "somebody changed at least one of them by hand while it ran",
        ),
        (
            ![before, after].iter().all(|report| report.generator.inconclusive_reasons.is_empty()),
            "the generator was the bottleneck of at least one of them",
        ),
    ];
    let told = differs.into_iter().filter(|(differs, _why)| *differs);
    told.map(|(_differs, why)| why.to_owned()).collect()
}

fn thresholds(before: &RunReport, after: &RunReport) -> Vec<ThresholdChange> {
    let outcome = |report: &RunReport, text: &str, phase: &Option<String>| {
        let mut all = report.thresholds.iter();
        all.find(|judged| judged.text == text && judged.phase == *phase).map(|j| j.outcome)
    };
    let mut changes: Vec<ThresholdChange> = Vec::new();
    for judged in after.thresholds.iter().chain(&before.thresholds) {
        let (text, phase) = (&judged.text, &judged.phase);
        if changes.iter().all(|known| known.text != *text || known.phase != *phase) {
            changes.push(ThresholdChange {
                before: outcome(before, text, phase),
                after: outcome(after, text, phase),
                text: text.clone(),
                phase: phase.clone(),
            });
        }
    }
    changes
}

fn latencies(before: &RunReport, after: &RunReport) -> Result<Vec<Change>, RestoreError> {
    let (before, after) = (before.recorder()?, after.recorder()?);
    let stages = Stage::ALL.map(|stage| (stage, before.latency(stage), after.latency(stage)));
    let changes = stages.iter().flat_map(|(stage, before, after)| {
        [("p50", 0.5), ("p99", 0.99)].into_iter().filter_map(move |(name, q)| {
            let what = format!("{name}({stage})");
            quantile_change(what, q, before, after)
        })
    });
    Ok(changes.collect())
}

fn quantile_change(what: String, q: f64, before: &Latency, after: &Latency) -> Option<Change> {
    let in_ms = |latency: &Latency| Some(latency.quantile(q)?.latency.as_secs_f64() * 1_000.0);
    let mut change = Change::new(what, Unit::Ms, (in_ms(before)?, in_ms(after)?), Good::Less);
    let small = (change.after - change.before).abs() < NOISE_MS;
    if small || overlap(range(before, q), range(after, q)) {
        change.meaning = Meaning::Noise;
    }
    Some(change)
}

/// Between which values, in seconds, a quantile lies with some confidence, by the ranks of its
/// neighbours: the fewer samples, the wider.
fn range(latency: &Latency, q: f64) -> (f64, f64) {
    let spread = CONFIDENCE * (q * (1.0 - q) / latency.count().max(1) as f64).sqrt();
    let at = |q: f64| {
        let quantile = latency.quantile(q.clamp(0.0, 1.0));
        quantile.map_or(0.0, |quantile| quantile.latency.as_secs_f64())
    };
    (at(q - spread), at(q + spread))
}

fn overlap((from, to): (f64, f64), (other_from, other_to): (f64, f64)) -> bool {
    from <= other_to && other_from <= to
}

fn counts(before: &RunReport, after: &RunReport) -> Vec<Change> {
    let of = |what: &str, unit, value: fn(&RunReport) -> f64, good| {
        Change::new(what.to_owned(), unit, (value(before), value(after)), good)
    };
    vec![
        of("terminal", Unit::Count, |report| report.commands.terminal as f64, Good::More),
        of("lost", Unit::Count, |report| report.commands.lost as f64, Good::Less),
        of("executed twice", Unit::Count, |r| r.commands.executed_twice as f64, Good::Less),
        of("dropped", Unit::Count, |report| report.commands.dropped as f64, Good::Less),
        of("errors", Unit::Count, errors, Good::Less),
        of("connect failures", Unit::Count, |r| r.fleet.connect_failures as f64, Good::Less),
        of("server memory", Unit::Bytes, memory, Good::Less),
        of("generator lag p99", Unit::Ms, |report| report.generator.lag_ms_p99, Good::Less),
    ]
}

fn errors(report: &RunReport) -> f64 {
    report.errors.iter().map(|error| error.count as f64).sum()
}

fn memory(report: &RunReport) -> f64 {
    report.server.rss_bytes_most.unwrap_or(0) as f64
}

fn events(before: &RunReport, after: &RunReport) -> Vec<Change> {
    let changes = after.events.iter().filter_map(|event| {
        let is_same = |known: &&EventReport| known.titled() == event.titled();
        let known = before.events.iter().find(is_same)?;
        let values = (known.to_99_s? * 1_000.0, event.to_99_s? * 1_000.0);
        Some(Change::new(format!("time_to_99({})", event.titled()), Unit::Ms, values, Good::Less))
    });
    changes.collect()
}

impl Change {
    fn new(what: String, unit: Unit, (before, after): (f64, f64), good: Good) -> Self {
        let share = (before != 0.0).then(|| (after - before) / before);
        let small = share.map_or(after == 0.0, |share| share.abs() < NOISE_SHARE);
        let meaning = match (small, good, after < before) {
            (true, _, _) => Meaning::Noise,
            (false, Good::Less, true) | (false, Good::More, false) => Meaning::Better,
            (false, Good::Less, false) | (false, Good::More, true) => Meaning::Worse,
        };
        Self { what, unit, before, after, share, meaning }
    }

    /// By how much, in percent.
    pub(crate) fn told_share(&self) -> String {
        let told = self.share.map(|share| format!("{:+.1} %", share * 100.0));
        told.unwrap_or_else(|| "–".to_owned())
    }
}

impl Diff {
    /// The difference as text on a terminal.
    #[must_use]
    pub fn told(&self) -> String {
        let caveats = self.caveats.iter().map(|caveat| format!("caution: {caveat}\n"));
        let mut thresholds = Table::new(&["threshold", "before", "now", ""]);
        for change in &self.thresholds {
            let name = |outcome: Option<Outcome>| outcome.map_or("–", Outcome::name).to_owned();
            let worse = if change.is_worse() { "worse" } else { "" };
            let row = [change.text.clone(), name(change.before), name(change.after)];
            thresholds.row(row.into_iter().chain([worse.to_owned()]));
        }
        let mut changes = Table::new(&["number", "before", "now", "change", ""]);
        for column in 1..4 {
            changes.right(column);
        }
        for change in &self.changes {
            changes.row([
                change.what.clone(),
                in_unit(change.before, change.unit),
                in_unit(change.after, change.unit),
                change.told_share(),
                change.meaning.name().to_owned(),
            ]);
        }
        format!("{}{thresholds}\n{changes}", caveats.collect::<String>())
    }
}
