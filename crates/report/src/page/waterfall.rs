//! Where the time goes: the stages one after another.

use muster_protocol::Platform;
use muster_scenario::Stage;

use crate::by_stage::ByStage;
use crate::latency::Latency;
use crate::legend::{Label, PhaseRole};
use crate::numbers::count;
use crate::recorder::Recorder;
use crate::run_report::{Figures, PlatformName};
use crate::told::bounded;

/// The six stages that follow each other.
const WAY: [Stage; 6] = [
    Stage::Queued,
    Stage::Pushed,
    Stage::Connected,
    Stage::Delivered,
    Stage::Acknowledged,
    Stage::Stored,
];

/// One stage: where its bar begins and how long it is, in percent of the drawing.
pub(crate) struct Bar {
    pub(crate) stage: &'static str,
    pub(crate) from: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Whether the tail is longer than the drawing.
    pub(crate) is_cut: bool,
    pub(crate) told: String,
}

/// How much longer than all medians together the drawing is. A tail that is longer still is cut:
/// drawn in full it would leave nothing of the medians.
const ROOM: f64 = 2.5;

/// The bars of the stages, each beginning where the one before ended, by their medians.
pub(crate) fn bars(stages: &ByStage<Figures>) -> Vec<Bar> {
    let way = || WAY.into_iter().filter_map(|stage| Some((stage, stages.at(stage)?)));
    let mut begins = 0.0;
    let placed: Vec<_> = way()
        .map(|(stage, figures)| {
            let from = begins;
            begins += figures.p50;
            (stage, figures, from)
        })
        .collect();
    let longest = placed.iter().map(|(_stage, figures, from)| from + figures.p99);
    let whole = longest.fold(1e-6, f64::max).min(begins.max(1e-6) * ROOM);
    let percent = |value: f64| value / whole * 100.0;
    let bars = placed.into_iter().map(|(stage, figures, from)| Bar {
        stage: stage.name(),
        from: percent(from),
        p50: percent(figures.p50),
        p99: percent(figures.p99.min(whole - from)),
        is_cut: figures.p99 > whole - from,
        told: told(figures),
    });
    bars.collect()
}

fn told(figures: &Figures) -> String {
    let (p50, p99) = (bounded(figures, "p50", figures.p50), bounded(figures, "p99", figures.p99));
    format!("{p50} · p99 {p99}")
}

/// One command on one platform.
pub(crate) struct CommandRow {
    pub(crate) command: String,
    pub(crate) platform: &'static str,
    pub(crate) count: String,
    pub(crate) total: Figures,
    pub(crate) parts: Vec<Part>,
}

/// A stage's share of the way, in percent.
pub(crate) struct Part {
    pub(crate) stage: &'static str,
    pub(crate) share: f64,
    pub(crate) told: String,
}

/// Every command on each platform, over the phases that count.
pub(crate) fn commands(recorder: &Recorder) -> Vec<CommandRow> {
    let names = recorder.legend().commands.iter().enumerate();
    let kinds = names.flat_map(|(index, name)| {
        [Platform::Apple, Platform::Android].map(|platform| (index, name, platform))
    });
    kinds
        .filter_map(|(index, name, platform)| {
            let stages = stages(recorder, |label| {
                usize::from(label.command.0) == index && label.platform == platform
            });
            let total = stages.at(Stage::Total)?.clone();
            Some(CommandRow {
                command: name.clone(),
                platform: PlatformName::from(platform).name(),
                count: count(total.count),
                parts: parts(&stages),
                total,
            })
        })
        .collect()
}

fn stages(recorder: &Recorder, meant: impl Fn(Label) -> bool) -> ByStage<Figures> {
    let mut sums: ByStage<Latency> = ByStage::default();
    for (label, series) in recorder.labelled() {
        let phase = recorder.legend().phases.get(usize::from(label.phase.0));
        if phase.is_some_and(|phase| phase.role == PhaseRole::Measured) && meant(label) {
            for (stage, latency) in series.stages.iter() {
                sums.slot(stage).get_or_insert_default().add(latency);
            }
        }
    }
    let mut figures = ByStage::default();
    for (stage, latency) in sums.iter() {
        *figures.slot(stage) = Figures::of(latency);
    }
    figures
}

fn parts(stages: &ByStage<Figures>) -> Vec<Part> {
    let way = || WAY.into_iter().filter_map(|stage| Some((stage, stages.at(stage)?)));
    let whole: f64 = way().map(|(_stage, figures)| figures.p50).sum();
    let parts = way().map(|(stage, figures)| Part {
        stage: stage.name(),
        share: figures.p50 / whole.max(1e-6) * 100.0,
        told: format!("{stage}: {}", told(figures)),
    });
    parts.collect()
}
