//! The run over time: panels one above the other, faults across all of them.

use muster_scenario::Stage;

use crate::funnel::Funnel;
use crate::legend::PhaseRole;
use crate::numbers::{bytes, clock, count, figures, ms, round};
use crate::plot::{Scale, Tick, line};
use crate::run_report::{RunReport, SliceReport};

/// Pixels of the drawing, and of the labels at its left.
const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 72.0;

/// Pixels at the right, for half a label.
const RIGHT: f64 = 18.0;

/// Pixels above the first panel, of a panel, and between two.
const TOP: f64 = 30.0;
const PANEL: f64 = 92.0;
const GAP: f64 = 30.0;

/// Pixels of the axis at the bottom.
const BOTTOM: f64 = 24.0;

/// The whole drawing.
pub(crate) struct Timeline {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) floor: f64,
    pub(crate) panels: Vec<Panel>,
    pub(crate) phases: Vec<Band>,
    pub(crate) faults: Vec<Band>,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) moments: Vec<Band>,
}

/// One panel: what it shows, its lines, and what the lines are called.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) top: f64,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) lines: Vec<Line>,
}

/// A line with the name of its colour.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) class: &'static str,
    pub(crate) path: String,
}

/// Pixels that a letter takes.
const LETTER: f64 = 6.5;

/// A stretch of time with something to say.
pub(crate) struct Band {
    pub(crate) x: f64,
    pub(crate) width: f64,
    pub(crate) label: String,
    pub(crate) class: &'static str,
}

impl Band {
    /// Whether its label has room within it.
    pub(crate) fn has_room(&self) -> bool {
        self.label.chars().count() as f64 * LETTER + 4.0 < self.width
    }
}

/// What a panel shows: a value of each slice.
struct Shown {
    name: &'static str,
    class: &'static str,
    value: fn(&SliceReport, f64) -> Option<f64>,
}

/// How a panel is drawn.
struct Layout {
    title: &'static str,
    logarithmic: bool,
    label: fn(f64) -> String,
    shown: &'static [Shown],
}

const LAYOUTS: [Layout; 7] = [
    Layout {
        title: "latency from the planned instant",
        logarithmic: true,
        label: ms,
        shown: &[
            Shown { name: "p99", class: "bad", value: |slice, _width| Some(total(slice)?.1) },
            Shown { name: "p50", class: "good", value: |slice, _width| Some(total(slice)?.0) },
        ],
    },
    Layout {
        title: "commands a second",
        logarithmic: false,
        label: figures,
        shown: &[
            Shown {
                name: "planned",
                class: "quiet",
                value: |s, width| rate(s, width, |f| f.planned),
            },
            Shown {
                name: "terminal",
                class: "good",
                value: |s, width| rate(s, width, Funnel::terminal),
            },
        ],
    },
    Layout {
        title: "devices connected",
        logarithmic: false,
        label: figures,
        shown: &[Shown {
            name: "connected",
            class: "good",
            value: |slice, _width| slice.gauges.connected.map(|number| number as f64),
        }],
    },
    Layout {
        title: "errors a second",
        logarithmic: false,
        label: figures,
        shown: &[Shown {
            name: "errors",
            class: "bad",
            value: |slice, width| Some(slice.errors as f64 / width),
        }],
    },
    Layout {
        title: "how late the generator was, p99",
        logarithmic: true,
        label: ms,
        shown: &[Shown { name: "lag", class: "other", value: |slice, _width| slice.lag_ms_p99 }],
    },
    Layout {
        title: "CPU, percent of one core",
        logarithmic: false,
        label: figures,
        shown: &[
            Shown { name: "server", class: "bad", value: |s, _width| s.gauges.server_cpu_percent },
            Shown {
                name: "generator",
                class: "other",
                value: |s, _width| s.gauges.generator_cpu_percent,
            },
        ],
    },
    Layout {
        title: "memory",
        logarithmic: false,
        label: bytes,
        shown: &[
            Shown {
                name: "server",
                class: "bad",
                value: |s, _width| Some(s.gauges.server_rss_bytes? as f64),
            },
            Shown {
                name: "generator",
                class: "other",
                value: |s, _width| Some(s.gauges.generator_rss_bytes? as f64),
            },
        ],
    },
];

fn total(slice: &SliceReport) -> Option<(f64, f64)> {
    let figures = slice.latency_ms.at(Stage::Total)?;
    Some((figures.p50, figures.p99))
}

fn rate(slice: &SliceReport, width: f64, count: fn(&Funnel) -> u64) -> Option<f64> {
    Some(slice.funnel.as_ref().map_or(0, count) as f64 / width)
}

impl Timeline {
    pub(crate) fn of(report: &RunReport) -> Self {
        let width_s = report.slices.width_s.max(1) as f64;
        let lasts = width_s * report.slices.items.len().max(1) as f64;
        let x = Scale::time(lasts, (LEFT, WIDTH - RIGHT));
        let mut panels: Vec<Panel> = Vec::new();
        for layout in &LAYOUTS {
            let top = TOP + panels.len() as f64 * (PANEL + GAP);
            panels.extend(panel(layout, report, &x, top));
        }
        let floor = TOP + panels.len() as f64 * (PANEL + GAP) - GAP;
        Self {
            width: WIDTH,
            height: floor + BOTTOM,
            left: LEFT,
            right: WIDTH - RIGHT,
            floor,
            panels,
            phases: phases(report, &x),
            faults: faults(report, &x, lasts),
            ticks: x.ticks(clock),
            moments: moments(report, &x, width_s),
        }
    }
}

/// A panel; nothing if it would be empty.
fn panel(layout: &Layout, report: &RunReport, x: &Scale, top: f64) -> Option<Panel> {
    let width = report.slices.width_s.max(1) as f64;
    let items = &report.slices.items;
    let values = |shown: &Shown| items.iter().map(|slice| (shown.value)(slice, width)).collect();
    let values: Vec<Vec<Option<f64>>> = layout.shown.iter().map(values).collect();
    let all = || values.iter().flatten().flatten().copied();
    let most = all().fold(0.0, f64::max);
    let least = all().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    if most <= 0.0 {
        return None;
    }
    let pixels = (top + PANEL, top);
    let y = if layout.logarithmic {
        Scale::logarithmic((least, most), pixels)
    } else {
        Scale::linear(most * 1.05, pixels)
    };
    let lines = layout.shown.iter().zip(&values).map(|(shown, values)| {
        let points = values.iter().enumerate().map(|(index, value)| {
            let at = (index as f64 + 0.5) * width;
            value.map(|value| (x.place(at), y.place(value)))
        });
        Line { name: shown.name, class: shown.class, path: line(points) }
    });
    let lines = lines.filter(|line| !line.path.is_empty()).collect();
    Some(Panel {
        title: layout.title,
        top,
        ticks: y.ticks(|value| round(&(layout.label)(value))),
        lines,
    })
}

fn phases(report: &RunReport, x: &Scale) -> Vec<Band> {
    let phases = report.phases.iter().map(|phase| {
        let class = match phase.role {
            PhaseRole::WarmUp => "warm-up",
            PhaseRole::Measured => "measured",
        };
        band(x, phase.begins_s, phase.ends_s, phase.name.clone(), class)
    });
    phases.collect()
}

fn faults(report: &RunReport, x: &Scale, lasts: f64) -> Vec<Band> {
    let faults = report.faults.iter().map(|fault| {
        let label = format!("{}: {}", fault.titled(), fault.what);
        visible(band(x, fault.from_s, fault.to_s.unwrap_or(lasts), label, "fault"))
    });
    let by_hand = report.interventions.iter().map(|intervention| {
        let label = format!("by hand: {}", intervention.what);
        visible(band(x, intervention.at_s, intervention.at_s, label, "fault"))
    });
    faults.chain(by_hand).collect()
}

/// What was over in no time is drawn all the same.
fn visible(mut band: Band) -> Band {
    band.width = band.width.max(2.0);
    band
}

fn band(x: &Scale, from: f64, to: f64, label: String, class: &'static str) -> Band {
    let start = x.place(from);
    Band { x: start, width: x.place(to) - start, label, class }
}

/// What happened in each slice of time, in words.
fn moments(report: &RunReport, x: &Scale, width_s: f64) -> Vec<Band> {
    let slices = report.slices.items.iter().enumerate();
    slices
        .map(|(index, slice)| {
            let from = index as f64 * width_s;
            band(x, from, from + width_s, in_words(slice, from), "moment")
        })
        .collect()
}

fn in_words(slice: &SliceReport, from: f64) -> String {
    let mut words = vec![format!("from {}", clock(from))];
    if let Some((p50, p99)) = total(slice) {
        words.push(format!("p50 {}, p99 {}", ms(p50), ms(p99)));
    }
    if let Some(funnel) = &slice.funnel {
        words.push(format!(
            "{} planned, {} terminal",
            count(funnel.planned),
            count(funnel.terminal())
        ));
    }
    if let Some(connected) = slice.gauges.connected {
        words.push(format!("{} connected", count(connected)));
    }
    if slice.errors > 0 {
        words.push(format!("{} errors", count(slice.errors)));
    }
    if let Some(lag) = slice.lag_ms_p99 {
        words.push(format!("generator late by {}", ms(lag)));
    }
    words.join("\n")
}
