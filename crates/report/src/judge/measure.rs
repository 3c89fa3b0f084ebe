//! The value of a metric in a scope.

use std::time::Duration;

use muster_protocol::Timestamp;
use muster_scenario::{Counted, Event, Metric, Scenario, Scope, Stage};

use super::judged::Reading;
use super::{Ends, Evidence, slope, windows};
use crate::funnel::Funnel;
use crate::latency::{Bound, Latency, Quantile};
use crate::legend::{EventKind, Label, PhaseLegend, PhaseRole};
use crate::recorder::Series;

/// What is said of ends that nobody could see.
const UNSEEN: &str = "of a server elsewhere only the ends of answered commands are seen";

/// A scope, with everything its value is found in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) evidence: &'a Evidence<'a>,
    pub(super) scope: &'a Scope,
}

/// Whether this can only be the server's or a device's doing, however bad the generator.
pub(super) const fn is_servers(counted: Counted) -> bool {
    match counted {
        Counted::Lost | Counted::ExecutedTwice | Counted::Errors => true,
        Counted::Accepted
        | Counted::Terminal
        | Counted::Dropped
        | Counted::TimedOut
        | Counted::Refused
        | Counted::Expired
        | Counted::Cancelled
        | Counted::ConnectFailures
        | Counted::UdpDrops => false,
    }
}

impl Measure<'_> {
    pub(super) fn reading(&self, metric: &Metric) -> Reading {
        match metric {
            Metric::Count(counted) | Metric::Share(counted) | Metric::PerSecond(counted)
                if self.is_unseen(*counted) =>
            {
                Reading::Nothing(UNSEEN)
            }
            Metric::Latency { stage, quantile } => self.latency(*stage, quantile.ratio()),
            Metric::Lag { quantile } => self.lag(quantile.ratio()),
            Metric::TimeTo { share, event } => self.time_to(share.ratio(), event),
            Metric::Count(counted) => Reading::Exactly(self.count(*counted) as f64),
            Metric::Share(counted) => self.share(*counted),
            Metric::PerSecond(counted) => self.per_second(*counted),
            Metric::Memory => slope::most(self.evidence.recorder),
            Metric::MemoryGrowth => slope::growth(self.evidence.recorder, &self.spans()),
        }
    }

    /// What is to be said of how something was measured: in a long run slices of time are wide, and
    /// no window is shorter than one.
    pub(super) fn remark(&self, metric: &Metric) -> Option<String> {
        let window = match metric {
            Metric::Latency { .. } | Metric::Lag { .. } | Metric::PerSecond(_) => {
                self.scope.window?
            }
            Metric::TimeTo { .. }
            | Metric::Count(_)
            | Metric::Share(_)
            | Metric::Memory
            | Metric::MemoryGrowth => return None,
        };
        let real = windows::widened(self.evidence.recorder, window)?;
        Some(format!("in windows of {real:?}, not {window:?}: so wide are the slices of this run"))
    }

    /// Whether a zero would only say that nobody has looked.
    fn is_unseen(&self, counted: Counted) -> bool {
        let is_without_answer = matches!(counted, Counted::Expired | Counted::Cancelled);
        is_without_answer && self.evidence.ends == Ends::Answered
    }

    fn latency(&self, stage: Stage, q: f64) -> Reading {
        if let Some(window) = self.scope.window {
            let of_part = self.scope.command.is_some() || self.scope.platform.is_some();
            if of_part {
                return Reading::Nothing("windows are kept for all commands together");
            }
            return windows::worst(
                self.evidence.recorder,
                &self.spans_to_the_end(),
                window,
                |slice| slice.stages.at(stage).map(AsRef::as_ref),
            )
            .quantile(q);
        }
        let mut latency = Latency::default();
        for (_label, series) in self.series() {
            if let Some(part) = series.stages.at(stage) {
                latency.add(part);
            }
        }
        reading(latency.quantile(q))
    }

    /// How late the generator was.
    pub(super) fn lag(&self, q: f64) -> Reading {
        let recorder = self.evidence.recorder;
        let spans = self.spans();
        match (self.scope.window, self.scope.phase) {
            (Some(window), _) => {
                windows::worst(recorder, &spans, window, |slice| slice.lag.as_deref()).quantile(q)
            }
            (None, Some(_)) => {
                let whole = spans.iter().map(|(begins, ends)| ends.since(*begins)).sum();
                windows::worst(recorder, &spans, whole, |slice| slice.lag.as_deref()).quantile(q)
            }
            (None, None) => reading(recorder.lag.quantile(q)),
        }
    }

    /// The longest of the events meant.
    fn time_to(&self, share: f64, event: &Event) -> Reading {
        let recorder = self.evidence.recorder;
        let events = recorder.legend.events.iter().zip(&recorder.events);
        let meant = events.filter(|(legend, progress)| {
            let named = match event {
                Event::EveryBroadcast => legend.kind == EventKind::Broadcast,
                Event::Work(index) => {
                    self.scenario.works.get(*index).is_some_and(|work| work.name == legend.name)
                }
                Event::Fault(index) => {
                    self.scenario.faults.get(*index).is_some_and(|fault| fault.name == legend.name)
                }
            };
            named && progress.devices > 0
        });
        let readings = meant.map(|(legend, progress)| match progress.time_to(share) {
            Some(took) => Reading::Exactly(took.as_secs_f64()),
            None => Reading::AtLeast(self.evidence.now.since(legend.at).as_secs_f64()),
        });
        readings.reduce(Reading::worse).unwrap_or(Reading::Nothing("there was no such event"))
    }

    fn count(&self, counted: Counted) -> u64 {
        let recorder = self.evidence.recorder;
        match counted {
            Counted::ExecutedTwice => recorder.tally.executed_twice,
            Counted::ConnectFailures => recorder.tally.connect_failures,
            Counted::UdpDrops => self.evidence.vitals.udp_drops,
            Counted::Accepted
            | Counted::Terminal
            | Counted::Lost
            | Counted::Dropped
            | Counted::TimedOut
            | Counted::Refused
            | Counted::Errors
            | Counted::Expired
            | Counted::Cancelled => of_funnel(&self.funnel(counted), counted),
        }
    }

    fn share(&self, counted: Counted) -> Reading {
        let accepted = self.funnel(counted).queued;
        if accepted == 0 {
            return Reading::Nothing("no command was accepted");
        }
        Reading::Exactly(self.count(counted) as f64 / accepted as f64)
    }

    fn per_second(&self, counted: Counted) -> Reading {
        let spans = self.spans();
        if let Some(window) = self.scope.window {
            return windows::slowest(self.evidence.recorder, &spans, window, |slice| {
                of_funnel(&slice.funnel, counted)
            });
        }
        let seconds: f64 = spans.iter().map(|(from, to)| to.since(*from).as_secs_f64()).sum();
        if seconds > 0.0 {
            Reading::Exactly(self.count(counted) as f64 / seconds)
        } else {
            Reading::Nothing("the phase has not begun")
        }
    }

    /// What became of the commands in scope. What is lost in a warm-up is lost all the same.
    fn funnel(&self, counted: Counted) -> Funnel {
        let everywhere = counted == Counted::Lost && self.scope.phase.is_none();
        let mut funnel = Funnel::default();
        for (label, series) in self.evidence.recorder.labelled() {
            if (everywhere || self.has_phase(label)) && self.has_command(label) {
                funnel.add(&series.funnel);
            }
        }
        funnel
    }

    /// The commands in scope.
    fn series(&self) -> impl Iterator<Item = (Label, &Series)> {
        let all = self.evidence.recorder.labelled();
        all.filter(|(label, _series)| self.has_phase(*label) && self.has_command(*label))
    }

    /// From when to when the phases in scope lasted, as far as they have come.
    fn spans(&self) -> Vec<(Timestamp, Timestamp)> {
        let phases = self.evidence.recorder.legend.phases.iter().enumerate();
        let phases = phases.filter(|(index, phase)| self.is_phase(*index, phase));
        let spans = phases.map(|(_index, phase)| (phase.begins, phase.ends.min(self.evidence.now)));
        spans.filter(|(begins, ends)| begins < ends).collect()
    }

    /// The same, and with the last phase of a run what came to its end only after it: what hung until
    /// then, or was given up.
    fn spans_to_the_end(&self) -> Vec<(Timestamp, Timestamp)> {
        let last = self.evidence.recorder.legend.phases.last().map(|phase| phase.ends);
        let mut spans = self.spans();
        for (_begins, ends) in spans.iter_mut().filter(|(_begins, ends)| Some(*ends) == last) {
            *ends = Timestamp::from_micros(u64::MAX);
        }
        spans
    }

    fn has_phase(&self, label: Label) -> bool {
        let index = usize::from(label.phase.0);
        let phase = self.evidence.recorder.legend.phases.get(index);
        phase.is_some_and(|phase| self.is_phase(index, phase))
    }

    fn is_phase(&self, index: usize, phase: &PhaseLegend) -> bool {
        match self.scope.phase {
            Some(wanted) => wanted == index,
            None => phase.role == PhaseRole::Measured,
        }
    }

    fn has_command(&self, label: Label) -> bool {
        let legend = &self.evidence.recorder.legend;
        let name = legend.commands.get(usize::from(label.command.0));
        let command = self
            .scope
            .command
            .is_none_or(|wanted| name.is_some_and(|name| name.as_str() == wanted.name()));
        command && self.scope.platform.is_none_or(|wanted| wanted == label.platform)
    }
}

const fn of_funnel(funnel: &Funnel, counted: Counted) -> u64 {
    match counted {
        Counted::Accepted => funnel.queued,
        Counted::Terminal => funnel.terminal(),
        Counted::Lost => funnel.lost,
        Counted::Dropped => funnel.dropped,
        Counted::TimedOut => funnel.timed_out,
        Counted::Refused => funnel.refused,
        Counted::Errors => funnel.error,
        Counted::Expired => funnel.expired,
        Counted::Cancelled => funnel.cancelled,
        Counted::ExecutedTwice | Counted::ConnectFailures | Counted::UdpDrops => 0,
    }
}

/// A quantile as a reading, in seconds.
pub(super) fn reading(quantile: Option<Quantile>) -> Reading {
    let seconds = |latency: Duration| latency.as_secs_f64();
    match quantile {
        Some(Quantile { latency, bound: Bound::Exact }) => Reading::Exactly(seconds(latency)),
        Some(Quantile { latency, bound: Bound::AtLeast }) => Reading::AtLeast(seconds(latency)),
        None => Reading::Nothing("no samples"),
    }
}
