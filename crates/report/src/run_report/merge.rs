//! Several reports of one run, made one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use muster_scenario::{Scenario, ScenarioError};

use super::restore::legend_of;
use super::{
    Ending, FaultReport, Header, Intervention, Measured, RestoreError, RunReport, Verdict, Vitals,
};
use crate::recorder::Recorder;

/// Most reports of one merge.
const REPORTS_MAX: usize = 256;

/// How far apart shards may begin: clocks of machines that are kept in time differ by less.
const STARTS_APART_MAX: Duration = Duration::from_secs(1);

/// Reports that are not of one run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// None, or too many.
    #[error("{0} reports: from 1 to {REPORTS_MAX} can be merged")]
    Number(usize),
    /// They ran different scenarios, or the same with different overrides.
    #[error("the reports are of different scenarios or overrides: {0:?} and {1:?}")]
    Scenarios(String, String),
    /// They drew differently.
    #[error("the reports are of different seeds: {0} and {1}")]
    Seeds(u64, u64),
    /// One was played slower than another.
    #[error("the reports are of different scales of time: {0} and {1}")]
    TimeScales(f64, f64),
    /// Their plans have different numbers of devices.
    #[error("the reports are of plans with different numbers of devices: {0} and {1}")]
    Devices(u64, u64),
    /// The same part twice, or a whole among parts.
    #[error("the reports overlap: shard {index} of {of} is there more than once")]
    Overlap {
        /// Which part.
        index: u32,
        /// Of so many.
        of: u32,
    },
    /// A part of another number of parts, or a whole run.
    #[error("the reports are not the shards of one run: each needs the same `--shard i/n`")]
    NotShards,
    /// A report that contradicts itself.
    #[error("failed to read what a report measured")]
    Restore(#[from] RestoreError),
    /// A scenario that this build cannot read.
    #[error("failed to read the scenario of the reports")]
    Scenario(#[from] ScenarioError),
}

/// Merges the reports of the shards of one run, and judges anew.
///
/// Histograms are added bucket by bucket; no percentile is averaged. Levels of different machines
/// are added, except for the server, which is one. If a shard is missing, or they did not begin
/// together, what would pass is inconclusive.
///
/// # Errors
/// [`MergeError`] if they are not of one run, or one contradicts itself.
pub fn merge(reports: &[RunReport]) -> Result<RunReport, MergeError> {
    let first = reports.first().filter(|_first| reports.len() <= REPORTS_MAX);
    let first = first.ok_or(MergeError::Number(reports.len()))?;
    for other in reports {
        is_same_run(first, other)?;
    }
    let missing = missing_shards(reports)?;
    let measured = Measured {
        run: header(first, reports),
        scenario: Scenario::parse(&first.run.scenario_toml)?,
        devices: reports.iter().map(|report| report.devices).fold(0, u64::saturating_add),
        recorder: recorder(reports)?,
        vitals: reports.iter().map(RunReport::vitals).fold(Vitals::default(), Vitals::join),
        faults: faults(reports),
        interventions: interventions(reports),
    };
    let mut merged = RunReport::new(&measured);
    keep_links(&mut merged, reports);
    if !missing.is_empty() {
        merged.doubt(format!("shards {missing:?} are missing"));
    }
    let apart = starts_apart(reports);
    if apart > STARTS_APART_MAX {
        merged.doubt(format!("the shards began up to {:.1} s apart", apart.as_secs_f64()));
    }
    Ok(merged)
}

impl RunReport {
    /// Notes a reason to doubt the numbers: what would pass is inconclusive.
    pub fn doubt(&mut self, reason: String) {
        if self.verdict == Verdict::Pass {
            self.verdict = Verdict::Inconclusive;
            self.reason.clone_from(&reason);
        }
        self.generator.inconclusive_reasons.push(reason);
    }
}

fn is_same_run(first: &RunReport, other: &RunReport) -> Result<(), MergeError> {
    if first.run.config_hash != other.run.config_hash
        || first.run.scenario_toml != other.run.scenario_toml
    {
        let names = (first.run.scenario.clone(), other.run.scenario.clone());
        return Err(MergeError::Scenarios(names.0, names.1));
    }
    if first.run.seed != other.run.seed {
        return Err(MergeError::Seeds(first.run.seed, other.run.seed));
    }
    if let Some((one, two)) = differ(first.run.time_scale, other.run.time_scale) {
        return Err(MergeError::TimeScales(one, two));
    }
    if let Some((one, two)) = differ(first.run.devices_of_plan, other.run.devices_of_plan) {
        return Err(MergeError::Devices(one, two));
    }
    Ok(())
}

/// Two values that both are known and are not the same.
fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> Option<(T, T)> {
    one.zip(other).filter(|(one, other)| one != other)
}

/// Between the beginnings of the first and of the last.
fn starts_apart(reports: &[RunReport]) -> Duration {
    let began = || reports.iter().filter_map(|report| report.run.began());
    let ends = began().min().zip(began().max());
    ends.and_then(|(first, last)| last.duration_since(first).ok()).unwrap_or_default()
}

/// The parts that no report is of. A single report without a part is the whole.
fn missing_shards(reports: &[RunReport]) -> Result<Vec<u32>, MergeError> {
    let [first, rest @ ..] = reports else { return Ok(Vec::new()) };
    let Some(shard) = first.run.shard else {
        return if rest.is_empty() { Ok(Vec::new()) } else { Err(MergeError::NotShards) };
    };
    let mut there = Vec::new();
    for report in reports {
        match report.run.shard {
            Some(other) if other.of != shard.of => return Err(MergeError::NotShards),
            Some(other) if there.contains(&other.index) => {
                return Err(MergeError::Overlap { index: other.index, of: other.of });
            }
            Some(other) => there.push(other.index),
            None => return Err(MergeError::NotShards),
        }
    }
    let all = 1..=shard.of.min(u32::try_from(REPORTS_MAX).unwrap_or(u32::MAX));
    Ok(all.filter(|index| !there.contains(index)).collect())
}

fn recorder(reports: &[RunReport]) -> Result<Recorder, RestoreError> {
    let legend = Arc::new(legend_of(reports)?);
    let mut merged = Recorder::new(Arc::clone(&legend));
    for report in reports {
        merged.merge(&report.recorder_under(&legend)?);
    }
    Ok(merged)
}

fn header(first: &RunReport, reports: &[RunReport]) -> Header {
    let runs = reports.iter().map(|report| &report.run);
    let ending = runs.clone().map(|run| run.ending).fold(Ending::Complete, |one, other| {
        match (one, other) {
            (Ending::Interrupted, _) | (_, Ending::Interrupted) => Ending::Interrupted,
            (Ending::Aborted, _) | (_, Ending::Aborted) => Ending::Aborted,
            (Ending::Complete, Ending::Complete) => Ending::Complete,
        }
    });
    Header {
        shard: None,
        merged_from: u32::try_from(reports.len()).unwrap_or(u32::MAX),
        started_at: started_at(reports),
        took_ms: runs.clone().map(|run| run.took_ms).max().unwrap_or(0),
        ending,
        not_observed: not_observed(reports),
        hosts: runs.flat_map(|run| run.hosts.iter().cloned()).collect(),
        ..first.run.clone()
    }
}

/// When the first of them began.
fn started_at(reports: &[RunReport]) -> String {
    let earliest = reports.iter().map(|report| &report.run).min_by_key(|run| run.began());
    earliest.map(|run| run.started_at.clone()).unwrap_or_default()
}

/// What any of them could not see, each once. What each says of some commands is said of the sum.
fn not_observed(reports: &[RunReport]) -> Vec<String> {
    let (mut plain, mut counted) = (BTreeSet::new(), BTreeMap::<_, u64>::new());
    for text in reports.iter().flat_map(|report| &report.run.not_observed) {
        match of_commands(text) {
            Some((words, commands)) => {
                let sum = counted.entry(words).or_default();
                *sum = sum.saturating_add(commands);
            }
            None => drop(plain.insert(text.clone())),
        }
    }
    let counted = counted.into_iter();
    let counted =
        counted.map(|((before, after), commands)| format!("{before} {commands} commands{after}"));
    plain.into_iter().chain(counted).collect()
}

/// What stands around a number of commands, and the number.
fn of_commands(text: &str) -> Option<((&str, &str), u64)> {
    let (before, after) = text.split_once(" commands")?;
    let (before, commands) = before.rsplit_once(' ')?;
    Some(((before, after), commands.parse().ok()?))
}

/// Every fault once, although each shard tells of it.
fn faults(reports: &[RunReport]) -> Vec<FaultReport> {
    let mut faults: Vec<FaultReport> = Vec::new();
    for fault in reports.iter().flat_map(|report| &report.faults) {
        match faults.iter_mut().find(|known| is_same_fault(known, fault)) {
            Some(known) => {
                known.from_s = known.from_s.min(fault.from_s);
                known.to_s = known.to_s.zip(fault.to_s).map(|(one, other)| one.max(other));
            }
            None => faults.push(fault.clone()),
        }
    }
    faults.sort_by(|one, other| one.from_s.total_cmp(&other.from_s));
    faults
}

fn is_same_fault(one: &FaultReport, other: &FaultReport) -> bool {
    (&one.name, one.round, &one.what) == (&other.name, other.round, &other.what)
        && is_one_moment(one.from_s, other.from_s)
}

/// What was changed by hand in any of them. What was told to several shards at once was changed once.
fn interventions(reports: &[RunReport]) -> Vec<Intervention> {
    let mut all: Vec<(usize, Intervention)> = Vec::new();
    for report in reports {
        let mut told = BTreeMap::<&str, usize>::new();
        for one in &report.interventions {
            let nth = told.entry(one.what.as_str()).or_default();
            *nth += 1;
            let known = all.iter_mut().find(|(round, known)| {
                *round == *nth && known.what == one.what && is_one_moment(known.at_s, one.at_s)
            });
            match known {
                Some((_round, known)) => known.at_s = known.at_s.min(one.at_s),
                None => all.push((*nth, one.clone())),
            }
        }
    }
    let mut all: Vec<_> = all.into_iter().map(|(_round, one)| one).collect();
    all.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
    all
}

/// Whether two shards may mean the same moment: what all are told reaches each a little later.
fn is_one_moment(one_s: f64, other_s: f64) -> bool {
    (one_s - other_s).abs() < STARTS_APART_MAX.as_secs_f64()
}

/// The slowest devices keep the way to their timelines.
fn keep_links(merged: &mut RunReport, reports: &[RunReport]) {
    for slow in &mut merged.slowest {
        let mut known = reports.iter().flat_map(|report| &report.slowest);
        if let Some(known) = known.find(|known| known.device == slow.device) {
            slow.timeline.clone_from(&known.timeline);
            slow.recording.clone_from(&known.recording);
            slow.lacks.clone_from(&known.lacks);
        }
    }
}
