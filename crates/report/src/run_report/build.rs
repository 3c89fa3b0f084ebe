//! From what was measured to the report.

use std::time::Duration;

use muster_protocol::Timestamp;
use muster_scenario::{Scenario, Stage};

use super::figures::exact_millis;
use super::{
    Commands, ErrorReport, EventReport, FORMAT, FaultReport, Figures, Fleet, GeneratorReport,
    Header, Histogram, Intervention, PhaseReport, RunReport, SeriesReport, ServerReport,
    SliceFigures, SliceReport, SlicesReport, SlowReport, Verdict, Vitals, Waypoints,
};
use crate::by_stage::ByStage;
use crate::error_code::ErrorCode;
use crate::funnel::Funnel;
use crate::journey::Journey;
use crate::judge::{Ends, Evidence, Judgement, judge, verdict};
use crate::latency::Latency;
use crate::legend::{EventLegend, Label, PhaseLegend};
use crate::recorder::{Progress, Recorder, Seen, Series, Slice, Slow};

/// Everything a run leaves behind.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What was run, where and with what.
    pub run: Header,
    /// The scenario, overrides included: what to judge by.
    pub scenario: Scenario,
    /// Devices of the plan, in this shard.
    pub devices: u64,
    /// What was measured, all threads merged.
    pub recorder: Recorder,
    /// What the engine saw of itself.
    pub vitals: Vitals,
    /// What went wrong on purpose.
    pub faults: Vec<FaultReport>,
    /// What somebody changed by hand.
    pub interventions: Vec<Intervention>,
}

impl RunReport {
    /// Judges a run and writes down what it found out.
    #[must_use]
    pub fn new(measured: &Measured) -> Self {
        let Measured { run, scenario, devices, recorder, vitals, .. } = measured;
        let now = Timestamp::ZERO.after(Duration::from_millis(run.took_ms));
        let evidence = Evidence { recorder, vitals: *vitals, ends: ends(run), now };
        let Judgement { thresholds, reasons } = judge(scenario, &evidence);
        let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        let (verdict, mut reason) = verdict(run.ending, &thresholds, &reasons);
        if verdict == Verdict::Pass && !measured.interventions.is_empty() {
            reason.push_str(", in a run that somebody changed by hand");
        }
        let by_stage = Stage::ALL.map(|stage| (stage, recorder.latency(stage)));
        Self {
            format: FORMAT.to_owned(),
            verdict,
            reason,
            run: run.clone(),
            thresholds,
            devices: *devices,
            fleet: fleet(recorder),
            commands: commands(recorder),
            latency_ms: figures(by_stage.iter().map(|(stage, latency)| (*stage, latency))),
            generator: generator(recorder, *vitals, reasons),
            server: server(recorder),
            funnel: recorder.funnel(),
            phases: phases(recorder, now),
            events: events(recorder),
            errors: recorder.errors.iter().map(error).collect(),
            faults: measured.faults.clone(),
            interventions: measured.interventions.clone(),
            slowest: recorder.slowest.iter().map(|slow| slowest(recorder, slow)).collect(),
            slices: slices(recorder),
            series: series(recorder),
        }
    }
}

/// What is not seen of a server is said, if it is not the run's own.
fn ends(run: &Header) -> Ends {
    if run.not_observed.is_empty() { Ends::All } else { Ends::Answered }
}

fn fleet(recorder: &Recorder) -> Fleet {
    let mut connected = recorder.slices.items().iter().filter_map(|slice| slice.gauges.connected);
    Fleet {
        connected_most: connected.clone().max().unwrap_or(0),
        connected_at_end: connected.next_back().unwrap_or(0),
        connects: recorder.tally.connects,
        connect_failures: recorder.tally.connect_failures,
    }
}

fn commands(recorder: &Recorder) -> Commands {
    let funnel = recorder.funnel();
    Commands {
        planned: funnel.planned,
        accepted: funnel.queued,
        refused: funnel.refused,
        dropped: funnel.dropped,
        terminal: funnel.terminal(),
        lost: funnel.lost,
        executed_twice: recorder.tally.executed_twice,
    }
}

fn generator(recorder: &Recorder, vitals: Vitals, reasons: Vec<String>) -> GeneratorReport {
    let lag = Figures::of(&recorder.lag);
    let lag_ms = |of: fn(&Figures) -> f64| lag.as_ref().map_or(0.0, of);
    GeneratorReport {
        lag_ms_p50: lag_ms(|lag| lag.p50),
        lag_ms_p99: lag_ms(|lag| lag.p99),
        lag_ms_max: lag_ms(|lag| lag.max),
        stall_ms_max: exact_millis(vitals.stall_max),
        cpu_percent: vitals.cpu_share.map(|share| share * 100.0),
        waited_percent: vitals.waited_share.map(|share| share * 100.0),
        udp_drops: vitals.udp_drops,
        descriptors_open: vitals.descriptors_open,
        descriptors_limit: vitals.descriptors_limit,
        unseen: vitals.unseen,
        inconclusive_reasons: reasons,
        lag: lag.is_some().then(|| Histogram::of(&recorder.lag)),
    }
}

fn server(recorder: &Recorder) -> ServerReport {
    let gauges = recorder.slices.items().iter().map(|slice| slice.gauges);
    ServerReport {
        cpu_percent_most: gauges.clone().filter_map(|g| g.server_cpu_percent).reduce(f64::max),
        rss_bytes_most: gauges.filter_map(|g| g.server_rss_bytes.or(g.generator_rss_bytes)).max(),
    }
}

fn phases(recorder: &Recorder, now: Timestamp) -> Vec<PhaseReport> {
    let phases = recorder.legend.phases.iter().enumerate();
    phases.map(|(index, legend)| phase(recorder, index, legend, now)).collect()
}

fn phase(recorder: &Recorder, index: usize, legend: &PhaseLegend, now: Timestamp) -> PhaseReport {
    let mut all = Series::default();
    for (label, series) in recorder.labelled() {
        if usize::from(label.phase.0) == index {
            all.add(series);
        }
    }
    let ends = legend.ends.min(now).max(legend.begins);
    let lasted = ends.since(legend.begins).as_secs_f64();
    let terminal = all.funnel.terminal() as f64;
    PhaseReport {
        name: legend.name.clone(),
        role: legend.role,
        begins_s: seconds(legend.begins),
        ends_s: seconds(ends),
        terminal_per_s: if lasted > 0.0 { terminal / lasted } else { 0.0 },
        funnel: all.funnel,
        latency_ms: figures_of(&all.stages),
    }
}

fn events(recorder: &Recorder) -> Vec<EventReport> {
    let mut events: Vec<_> = recorder.legend.events.iter().zip(&recorder.events).collect();
    events.sort_by_key(|(legend, _progress)| legend.at);
    events.into_iter().map(|(legend, progress)| event(legend, progress)).collect()
}

fn event(legend: &EventLegend, progress: &Progress) -> EventReport {
    let to = |share| progress.time_to(share).map(|took| took.as_secs_f64());
    EventReport {
        name: legend.name.clone(),
        round: legend.round,
        kind: legend.kind,
        at_s: seconds(legend.at),
        devices: progress.devices,
        through: progress.through.count(),
        to_50_s: to(0.50),
        to_90_s: to(0.90),
        to_99_s: to(0.99),
        to_100_s: to(1.0),
        histogram: Histogram::of(&progress.through),
    }
}

fn error((code, seen): (ErrorCode, &Seen)) -> ErrorReport {
    ErrorReport {
        code: code.code().to_owned(),
        name: code.name().to_owned(),
        class: code.class(),
        count: seen.count,
        hint: code.hint().to_owned(),
        first_at_s: seconds(seen.first_at),
        example: seen.example.clone(),
    }
}

fn slowest(recorder: &Recorder, slow: &Slow) -> SlowReport {
    let (phase, command) = names(recorder, slow.label);
    let ended = slow.journey.planned.after(slow.took);
    let mut stages_ms = ByStage::default();
    for (stage, took) in slow.journey.behind().chain(slow.journey.open(ended)) {
        *stages_ms.slot(stage) = Some(exact_millis(took));
    }
    SlowReport {
        device: slow.who.device,
        command_id: slow.who.command.map(|id| id.to_string()),
        command,
        platform: slow.label.platform.into(),
        phase,
        took_ms: exact_millis(slow.took),
        waypoints: waypoints(&slow.journey),
        stages_ms,
        timeline: None,
        recording: None,
        lacks: None,
    }
}

fn waypoints(journey: &Journey) -> Waypoints {
    Waypoints {
        planned_s: seconds(journey.planned),
        started_s: journey.started.map(seconds),
        queued_s: journey.queued.map(seconds),
        pushed_s: journey.pushed.map(seconds),
        connected_s: journey.connected.map(seconds),
        delivered_s: journey.delivered.map(seconds),
        acknowledged_s: journey.acknowledged.map(seconds),
        stored_s: journey.stored.map(seconds),
    }
}

fn slices(recorder: &Recorder) -> SlicesReport {
    SlicesReport {
        width_s: recorder.slices.width_us() / 1_000_000,
        items: recorder.slices.items().iter().map(slice).collect(),
    }
}

fn slice(slice: &Slice) -> SliceReport {
    let figures = |latency: &Latency| {
        let at = |q| latency.quantile(q).map_or(0.0, |q| exact_millis(q.latency));
        SliceFigures { p50: at(0.50), p99: at(0.99), count: latency.count() }
    };
    SliceReport {
        funnel: (slice.funnel != Funnel::default()).then_some(slice.funnel),
        errors: slice.errors,
        gauges: slice.gauges,
        latency_ms: slice.stages.map(|latency| figures(latency)),
        lag_ms_p99: slice.lag.as_ref().map(|lag| figures(lag).p99),
        histograms: slice.stages.map(|latency| Histogram::of(latency)),
        lag: slice.lag.as_ref().map(|lag| Histogram::of(lag)),
    }
}

fn series(recorder: &Recorder) -> Vec<SeriesReport> {
    let seen = recorder.labelled().filter(|(_label, series)| **series != Series::default());
    seen.map(|(label, series)| {
        let (phase, command) = names(recorder, label);
        SeriesReport {
            phase,
            command,
            platform: label.platform.into(),
            funnel: series.funnel,
            latency_ms: figures_of(&series.stages),
            histograms: series.stages.map(|latency| Histogram::of(latency)),
        }
    })
    .collect()
}

/// Names of phase and command.
fn names(recorder: &Recorder, label: Label) -> (String, String) {
    let legend = recorder.legend();
    let phase = legend.phases.get(usize::from(label.phase.0));
    let command = legend.commands.get(usize::from(label.command.0));
    (
        phase.map(|phase| phase.name.clone()).unwrap_or_default(),
        command.cloned().unwrap_or_default(),
    )
}

fn figures_of(stages: &ByStage<Box<Latency>>) -> ByStage<Figures> {
    figures(stages.iter().map(|(stage, latency)| (stage, latency.as_ref())))
}

fn figures<'a>(stages: impl Iterator<Item = (Stage, &'a Latency)>) -> ByStage<Figures> {
    let mut figures = ByStage::default();
    for (stage, latency) in stages {
        *figures.slot(stage) = Figures::of(latency);
    }
    figures
}

/// Seconds from the start of the run.
fn seconds(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1e6
}
