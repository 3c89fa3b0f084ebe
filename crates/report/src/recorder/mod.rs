//! What a run measures while it runs.

mod errors;
mod gauges;
mod look;
mod progress;
mod share;
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
use crate::legend::{EventIndex, EventKind, EventLegend, Label, Legend, PhaseRole};

pub use gauges::Gauges;
pub use look::Look;
pub use share::Share;
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

    /// The same with all the memory it will ever need, some 40 MB: what watches its own process does
    /// not see its instruments grow.
    #[must_use]
    pub fn with_room(legend: Arc<Legend>) -> Self {
        Self { slices: Slices::with_room(), ..Self::new(legend) }
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
                self.slow(who, label, journey, took);
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
                self.slow(who, label, journey, at_least);
            }
        }
    }

    /// Moves what the phases still have ahead, because the plan was stopped or is played at another
    /// pace: `when` is asked with the instants of `plan`, the legend as it was at first, and answers
    /// nothing where one has passed.
    pub fn retime(&mut self, plan: &Legend, when: impl Fn(Timestamp) -> Option<Timestamp>) {
        Arc::make_mut(&mut self.legend).retime(plan, when);
    }

    /// Notes that an event has begun, where that is not when the plan says.
    pub fn event_began(&mut self, event: EventIndex, at: Timestamp) {
        let index = usize::from(event.0);
        if self.legend.events.get(index).is_some_and(|event| event.at != at) {
            let events = &mut Arc::make_mut(&mut self.legend).events;
            events.iter_mut().skip(index).take(1).for_each(|event| event.at = at);
        }
    }

    /// Notes an event that the legend lacks: one more round of those with this name, or one that
    /// nobody has planned. Each has numbers of its own.
    ///
    /// Of more than [`Legend::EVENTS_MAX`] events the last with this name goes on; `None` if there
    /// is none.
    pub fn one_more_event(
        &mut self,
        name: &str,
        kind: EventKind,
        at: Timestamp,
    ) -> Option<EventIndex> {
        let named = self.legend.events.iter().enumerate().filter(|(_index, it)| it.name == name);
        let last = named.max_by_key(|(_index, event)| event.round);
        let last = last.map(|(index, event)| (index, event.round));
        let next = self.legend.events.len();
        if next >= Legend::EVENTS_MAX {
            return last.and_then(|(index, _round)| u16::try_from(index).ok()).map(EventIndex);
        }
        let round = last.map_or(1, |(_index, round)| round.saturating_add(1));
        let event = EventLegend { name: name.to_owned(), round, kind, at };
        Arc::make_mut(&mut self.legend).events.push(event);
        self.events.push(Progress::default());
        u16::try_from(next).ok().map(EventIndex)
    }

    /// Notes that an event has begun again: says which of the rounds this is.
    pub fn event_again(&mut self, event: EventIndex, at: Timestamp) -> EventIndex {
        let known = self.legend.events.get(usize::from(event.0));
        let known = known.map(|event| (event.name.clone(), event.kind));
        let round = known.and_then(|(name, kind)| self.one_more_event(&name, kind, at));
        round.unwrap_or(event)
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
        self.slices.lag(at).record(late);
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

    fn slow(&mut self, who: Who, label: Label, journey: &Journey, took: Duration) {
        if let Some(role) = self.legend.role(label) {
            self.slowest.see(Slow { who, label, role, took, journey: *journey });
        }
    }

    fn measured(&mut self, at: Timestamp, label: Label, stage: Stage, took: Duration) {
        if let Some(series) = self.series_mut(label) {
            series.latency(stage).record(took);
            self.slices.latency(at, stage).record(took);
        }
    }

    fn censored(&mut self, at: Timestamp, label: Label, stage: Stage, at_least: Duration) {
        if let Some(series) = self.series_mut(label) {
            series.latency(stage).record_censored(at_least);
            self.slices.latency(at, stage).record_censored(at_least);
        }
    }
}
