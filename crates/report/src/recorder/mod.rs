//! What a run measures while it runs.

mod errors;
mod gauges;
mod look;
mod progress;
mod slices;
mod slowest;

use std::sync::Arc;
use std::time::Duration;

use muster_protocol::{CommandId, Timestamp};
use muster_scenario::Stage;

use crate::by_stage::ByStage;
use crate::error_code::ErrorCode;
use crate::funnel::{Funnel, Step};
use crate::journey::Journey;
use crate::latency::Latency;
use crate::legend::{EventIndex, Label, Legend, PhaseRole};

pub use gauges::Gauges;
pub use look::Look;
pub use slowest::Slow;

pub(crate) use errors::{Errors, Seen};
pub(crate) use progress::Progress;
pub(crate) use slices::{Slice, Slices};
pub(crate) use slowest::Slowest;

/// Whose command it was: what a slow sample leads back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// The device's number in the whole scenario, over all shards.
    pub device: u32,
    /// The command; `None` if the server never gave it an id.
    pub command: Option<CommandId>,
}

/// Everything a run measures, in a size that does not depend on how long it runs.
///
/// One per thread, without locks; [`Recorder::merge`] joins them. All instants are of the run's
/// clock, which starts with the plan. A command with all its stages and steps takes about a
/// microsecond.
#[derive(Clone, Debug)]
pub struct Recorder {
    pub(crate) legend: Arc<Legend>,
    pub(crate) series: Vec<Series>,
    pub(crate) slices: Slices,
    pub(crate) events: Vec<Progress>,
    pub(crate) errors: Errors,
    pub(crate) slowest: Slowest,
    pub(crate) lag: Latency,
    pub(crate) tally: Tally,
}

/// How an attempt to connect went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connect {
    /// The device has a session.
    Done,
    /// It has none. Why is counted apart, by [`Recorder::failed`].
    Failed,
}

/// What belongs to no command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) executed_twice: u64,
    pub(crate) connects: u64,
    pub(crate) connect_failures: u64,
}

impl Tally {
    const fn add(&mut self, other: Self) {
        self.executed_twice = self.executed_twice.saturating_add(other.executed_twice);
        self.connects = self.connects.saturating_add(other.connects);
        self.connect_failures = self.connect_failures.saturating_add(other.connect_failures);
    }
}

/// What is known of the commands with one label.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) funnel: Funnel,
    pub(crate) stages: ByStage<Box<Latency>>,
}

impl Series {
    pub(crate) fn latency(&mut self, stage: Stage) -> &mut Latency {
        self.stages.slot(stage).get_or_insert_default()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.funnel.add(&other.funnel);
        for (stage, latency) in other.stages.iter() {
            self.latency(stage).add(latency);
        }
    }
}

impl Recorder {
    /// A recorder that has seen nothing.
    #[must_use]
    pub fn new(legend: Arc<Legend>) -> Self {
        Self {
            series: vec![Series::default(); legend.labels()],
            slices: Slices::default(),
            events: vec![Progress::default(); legend.events.len()],
            errors: Errors::default(),
            slowest: Slowest::default(),
            lag: Latency::default(),
            tally: Tally::default(),
            legend,
        }
    }

    /// The names behind its numbers.
    #[must_use]
    pub fn legend(&self) -> &Legend {
        &self.legend
    }

    /// Counts a command at a step, seen at `at`. A label the legend lacks is not counted.
    pub fn count(&mut self, at: Timestamp, label: Label, step: Step) {
        if let Some(series) = self.series_mut(label) {
            series.funnel.count(step, 1);
            self.slices.at(at).funnel.count(step, 1);
        }
    }

    /// Records every latency of a command that ended, at `at`.
    ///
    /// Only what [`Journey`] holds becomes a latency. The step it ended with is counted apart,
    /// by [`Recorder::count`].
    pub fn ended(&mut self, at: Timestamp, label: Label, who: Who, journey: &Journey) {
        for (stage, took) in journey.behind() {
            self.measured(at, label, stage, took);
            if stage == Stage::Total {
                self.slowest.see(who, label, journey, took);
            }
        }
    }

    /// Records a command given up at `at`, because it was dropped or its deadline passed.
    ///
    /// The stages behind it are measured, those it is in are censored: at least so long. If it
    /// ends later all the same, that is counted and no latency is recorded again. A dropped
    /// command is given up at its planned instant plus its deadline: the worst that could be.
    pub fn given_up(&mut self, at: Timestamp, label: Label, who: Who, journey: &Journey) {
        for (stage, took) in journey.behind() {
            self.measured(at, label, stage, took);
        }
        for (stage, at_least) in journey.open(at) {
            self.censored(at, label, stage, at_least);
            if stage == Stage::Total {
                self.slowest.see(who, label, journey, at_least);
            }
        }
    }

    /// Notes that an event concerns so many more devices.
    pub fn event_concerns(&mut self, event: EventIndex, devices: u64) {
        if let Some(progress) = self.events.get_mut(usize::from(event.0)) {
            progress.devices += devices;
        }
    }

    /// Records that a device is through with an event, `took` after the event began.
    pub fn through(&mut self, event: EventIndex, took: Duration) {
        if let Some(progress) = self.events.get_mut(usize::from(event.0)) {
            progress.through.record(took);
        }
    }

    /// Counts an error; the first of its kind is kept as the example that `describe` makes.
    ///
    /// An example is cut after 400 characters. It must not hold secrets.
    pub fn failed(&mut self, at: Timestamp, code: ErrorCode, describe: impl FnOnce() -> String) {
        self.errors.see(at, code, describe);
        self.slices.at(at).errors += 1;
    }

    /// Records how late the generator began something it had planned.
    pub fn lag(&mut self, at: Timestamp, late: Duration) {
        self.lag.record(late);
        self.slices.at(at).lag_mut().record(late);
    }

    /// Notes the level of what has one, for the curves of the report.
    pub fn gauges(&mut self, at: Timestamp, gauges: Gauges) {
        self.slices.at(at).gauges.meet(gauges);
    }

    /// Counts a command whose effect was seen twice on its device. There must be none.
    pub const fn executed_twice(&mut self) {
        self.tally.executed_twice += 1;
    }

    /// Counts an attempt of a device to connect.
    pub const fn connect(&mut self, outcome: Connect) {
        self.tally.connects += 1;
        if let Connect::Failed = outcome {
            self.tally.connect_failures += 1;
        }
    }

    /// Adds what another recorder of the same legend has seen.
    ///
    /// Histograms are added bucket by bucket; no percentile is ever averaged.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.series.iter_mut().zip(&other.series) {
            mine.add(theirs);
        }
        for (mine, theirs) in self.events.iter_mut().zip(&other.events) {
            mine.add(theirs);
        }
        self.slices.merge(&other.slices);
        self.errors.merge(&other.errors);
        self.slowest.merge(&other.slowest);
        self.lag.add(&other.lag);
        self.tally.add(other.tally);
    }

    /// What became of all commands, warm-ups included.
    #[must_use]
    pub fn funnel(&self) -> Funnel {
        let mut funnel = Funnel::default();
        for series in &self.series {
            funnel.add(&series.funnel);
        }
        funnel
    }

    /// The latencies of a stage over all phases but warm-ups.
    #[must_use]
    pub fn latency(&self, stage: Stage) -> Latency {
        let mut latency = Latency::default();
        for (label, series) in self.labelled() {
            let phase = self.legend.phases.get(usize::from(label.phase.0));
            let counts = phase.is_some_and(|phase| phase.role == PhaseRole::Measured);
            if let Some(part) = series.stages.at(stage).filter(|_part| counts) {
                latency.add(part);
            }
        }
        latency
    }

    /// All series with their labels.
    pub(crate) fn labelled(&self) -> impl Iterator<Item = (Label, &Series)> {
        self.legend.all_labels().zip(&self.series)
    }

    pub(crate) fn series_mut(&mut self, label: Label) -> Option<&mut Series> {
        let place = self.legend.place(label)?;
        self.series.get_mut(place)
    }

    fn measured(&mut self, at: Timestamp, label: Label, stage: Stage, took: Duration) {
        if let Some(series) = self.series_mut(label) {
            series.latency(stage).record(took);
            self.slices.at(at).latency(stage).record(took);
        }
    }

    fn censored(&mut self, at: Timestamp, label: Label, stage: Stage, at_least: Duration) {
        if let Some(series) = self.series_mut(label) {
            series.latency(stage).record_censored(at_least);
            self.slices.at(at).latency(stage).record_censored(at_least);
        }
    }
}
