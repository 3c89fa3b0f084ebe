//! From a report back to what was measured, so that reports can be merged and judged again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::Timestamp;

use super::{
    EventReport, Histogram, HistogramError, PhaseReport, PlatformName, RunReport, SliceReport,
    SlicesReport, SlowReport, Vitals, Waypoints,
};
use crate::by_stage::ByStage;
use crate::error_code::ErrorCode;
use crate::journey::Journey;
use crate::latency::Latency;
use crate::legend::{EventLegend, Label, Legend, PhaseIndex, PhaseLegend};
use crate::recorder::{Recorder, Seen, Slice, Slices, Slow, Tally, Who};

/// Most phases and commands of a report: more than a scenario can have. What a report may make a
/// reader allocate is bounded by them.
const PHASES_MAX: usize = 64;
const COMMANDS_MAX: usize = 64;

/// A report that contradicts itself.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A histogram that is none.
    #[error("failed to read a histogram of the report")]
    Histogram(#[from] HistogramError),
    /// A series of a phase that is not among the phases, or a phase of two kinds.
    #[error("the report contradicts itself about its phase {0:?}")]
    Phase(String),
    /// More phases, commands or events than any scenario has.
    #[error("the report has more phases, commands or events than a scenario can have")]
    TooMany,
    /// Slices of a length or number that none have.
    #[error("the report has slices of time that no run makes")]
    Slices,
    /// An error code nobody knows.
    #[error("the report has an error code that this build does not know")]
    ErrorCode(#[from] crate::error_code::ParseErrorCodeError),
}

impl RunReport {
    /// What was measured, as far as it can be read from the report.
    ///
    /// # Errors
    /// [`RestoreError`] if the report contradicts itself.
    pub fn recorder(&self) -> Result<Recorder, RestoreError> {
        self.recorder_under(&Arc::new(legend_of(std::slice::from_ref(self))?))
    }

    /// The same, under a legend that several reports share.
    pub(crate) fn recorder_under(&self, legend: &Arc<Legend>) -> Result<Recorder, RestoreError> {
        let mut recorder = Recorder::new(Arc::clone(legend));
        for series in &self.series {
            let label = label(legend, &series.phase, &series.command, series.platform);
            let label = label.ok_or_else(|| RestoreError::Phase(series.phase.clone()))?;
            let restored = recorder.series_mut(label).expect("a label of this legend");
            restored.funnel.add(&series.funnel);
            for (stage, histogram) in series.histograms.iter() {
                restored.latency(stage).add(&histogram.latency()?);
            }
        }
        for report in &self.events {
            let told = event(report);
            let place = legend.events.iter().position(|known| is_same(known, &told));
            if let Some(progress) = place.and_then(|place| recorder.events.get_mut(place)) {
                progress.devices = progress.devices.saturating_add(report.devices);
                progress.through.add(&report.histogram.latency()?);
            }
        }
        self.restore_rest(&mut recorder)?;
        Ok(recorder)
    }

    /// What the engine saw of itself.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        let generator = &self.generator;
        Vitals {
            stall_max: Duration::try_from_secs_f64(generator.stall_ms_max / 1_000.0)
                .unwrap_or_default(),
            cpu_share: generator.cpu_percent.map(|percent| percent / 100.0),
            waited_share: generator.waited_percent.map(|percent| percent / 100.0),
            udp_drops: generator.udp_drops,
            descriptors_open: generator.descriptors_open,
            descriptors_limit: generator.descriptors_limit,
            unseen: generator.unseen,
        }
    }

    fn restore_rest(&self, recorder: &mut Recorder) -> Result<(), RestoreError> {
        recorder.slices = slices(&self.slices)?;
        for error in &self.errors {
            let first_at = instant(error.first_at_s);
            let seen = Seen { count: error.count, first_at, example: error.example.clone() };
            recorder.errors.add(error.code.parse::<ErrorCode>()?, &seen);
        }
        for slow in &self.slowest {
            if let Some(slow) = slowest(&recorder.legend, slow) {
                recorder.slowest.insert(slow);
            }
        }
        if let Some(lag) = &self.generator.lag {
            recorder.lag = lag.latency()?;
        }
        recorder.tally = Tally {
            executed_twice: self.commands.executed_twice,
            connects: self.fleet.connects,
            connect_failures: self.fleet.connect_failures,
        };
        Ok(())
    }
}

/// The legend that these reports have in common: all names of all of them.
pub(crate) fn legend_of(reports: &[RunReport]) -> Result<Legend, RestoreError> {
    let mut legend = Legend::default();
    for report in reports {
        for phase in report.phases.iter().map(phase) {
            meet(&mut legend.phases, phase)?;
        }
        for event in report.events.iter().map(event) {
            if !legend.events.iter().any(|known| is_same(known, &event)) {
                legend.events.push(event);
            }
        }
        let counted = report.series.iter().map(|series| &series.command);
        let commands: BTreeSet<_> = counted.cloned().chain(legend.commands).collect();
        legend.commands = commands.into_iter().collect();
        if legend.phases.len() > PHASES_MAX
            || legend.commands.len() > COMMANDS_MAX
            || legend.events.len() > Legend::EVENTS_MAX
        {
            return Err(RestoreError::TooMany);
        }
    }
    legend.events.sort_by_key(|event| event.at);
    Ok(legend)
}

/// Adds a phase, or what another report knows of the same phase.
fn meet(phases: &mut Vec<PhaseLegend>, phase: PhaseLegend) -> Result<(), RestoreError> {
    match phases.iter_mut().find(|known| known.name == phase.name) {
        Some(known) if known.role != phase.role => Err(RestoreError::Phase(phase.name)),
        Some(known) => {
            known.ends = known.ends.max(phase.ends);
            Ok(())
        }
        None => {
            phases.push(phase);
            Ok(())
        }
    }
}

fn label(legend: &Legend, phase: &str, command: &str, platform: PlatformName) -> Option<Label> {
    let phase = legend.phases.iter().position(|known| known.name == phase)?;
    let phase = PhaseIndex(u16::try_from(phase).ok()?);
    Some(Label { phase, command: legend.command(command)?, platform: platform.into() })
}

fn phase(phase: &PhaseReport) -> PhaseLegend {
    PhaseLegend {
        name: phase.name.clone(),
        role: phase.role,
        begins: instant(phase.begins_s),
        ends: instant(phase.ends_s),
    }
}

fn event(event: &EventReport) -> EventLegend {
    EventLegend {
        name: event.name.clone(),
        round: event.round,
        kind: event.kind,
        at: instant(event.at_s),
    }
}

/// Whether two reports tell of one event.
fn is_same(one: &EventLegend, other: &EventLegend) -> bool {
    (&one.name, one.round) == (&other.name, other.round)
}

fn slices(report: &SlicesReport) -> Result<Slices, RestoreError> {
    let items: Result<_, RestoreError> = report.items.iter().map(slice).collect();
    let width_us = report.width_s.checked_mul(1_000_000).ok_or(RestoreError::Slices)?;
    Slices::restored(width_us, items?).ok_or(RestoreError::Slices)
}

fn slice(report: &SliceReport) -> Result<Slice, RestoreError> {
    let mut stages = ByStage::default();
    for (stage, histogram) in report.histograms.iter() {
        *stages.slot(stage) = Some(boxed(histogram)?);
    }
    Ok(Slice {
        funnel: report.funnel.unwrap_or_default(),
        errors: report.errors,
        gauges: report.gauges,
        stages,
        lag: report.lag.as_ref().map(boxed).transpose()?,
    })
}

fn boxed(histogram: &Histogram) -> Result<Box<Latency>, HistogramError> {
    histogram.latency().map(Box::new)
}

/// A slow device; nothing if its phase or command is not the report's.
fn slowest(legend: &Legend, slow: &SlowReport) -> Option<Slow> {
    let id = slow.command_id.as_ref().and_then(|id| id.parse().ok());
    let label = label(legend, &slow.phase, &slow.command, slow.platform)?;
    Some(Slow {
        who: Who { device: slow.device, command: id },
        label,
        role: legend.role(label)?,
        took: Duration::try_from_secs_f64(slow.took_ms / 1_000.0).ok()?,
        journey: journey(&slow.waypoints),
    })
}

fn journey(waypoints: &Waypoints) -> Journey {
    Journey {
        planned: instant(waypoints.planned_s),
        started: waypoints.started_s.map(instant),
        queued: waypoints.queued_s.map(instant),
        pushed: waypoints.pushed_s.map(instant),
        connected: waypoints.connected_s.map(instant),
        delivered: waypoints.delivered_s.map(instant),
        acknowledged: waypoints.acknowledged_s.map(instant),
        stored: waypoints.stored_s.map(instant),
    }
}

/// An instant of the run; its start if the number is none, its end of time if it is too large.
fn instant(seconds: f64) -> Timestamp {
    let micros = (seconds * 1e6).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from a float stops at the ends of the integer"
    )]
    Timestamp::from_micros(micros as u64)
}
