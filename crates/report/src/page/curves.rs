//! Curves of a whole run: latency by percentile, and a fleet getting over an event.

use muster_scenario::Stage;

use crate::latency::Latency;
use crate::legend::EventKind;
use crate::numbers::{figures, ms, round, seconds};
use crate::plot::{Scale, Tick, area, line};
use crate::recorder::Recorder;
use crate::run_report::{EventReport, HistogramError};
use crate::told::told_event;

/// Pixels of a curve's drawing, and around it.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const FLOOR: f64 = 224.0;
const TOP: f64 = 14.0;
const RIGHT: f64 = 448.0;

/// Nines of the percentile at the right end: 99.999.
const NINES: f64 = 5.0;

/// Points of a percentile curve.
const POINTS: u32 = 100;

/// Most points of a curve of devices.
const STEPS_MAX: usize = 300;

/// A drawing of one or more curves.
pub(crate) struct Curves {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) floor: f64,
    pub(crate) top: f64,
    pub(crate) x_ticks: Vec<Tick>,
    pub(crate) y_ticks: Vec<Tick>,
    pub(crate) curves: Vec<Curve>,
}

/// One curve.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) path: String,
}

/// An event with its curve.
pub(crate) struct EventCurve {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) told: String,
    pub(crate) area: String,
    pub(crate) curves: Curves,
}

impl Curves {
    fn new(x_ticks: Vec<Tick>, y_ticks: Vec<Tick>, curves: Vec<Curve>) -> Self {
        Self {
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: RIGHT,
            floor: FLOOR,
            top: TOP,
            x_ticks,
            y_ticks,
            curves,
        }
    }
}

/// Latency by percentile, a curve for each stage; nothing if nothing was measured.
pub(crate) fn percentiles(recorder: &Recorder) -> Option<Curves> {
    let stages = Stage::ALL.map(|stage| (stage, recorder.latency(stage)));
    let seen = || stages.iter().filter(|(_stage, latency)| latency.count() > 0);
    let at =
        |latency: &Latency, q| latency.quantile(q).map_or(0.0, |q| q.latency.as_secs_f64() * 1e3);
    let least = seen().map(|(_stage, latency)| at(latency, 0.01)).reduce(f64::min)?;
    let most = seen().map(|(_stage, latency)| at(latency, 1.0)).reduce(f64::max)?;
    let x = Scale::linear(NINES, (LEFT, RIGHT));
    let y = Scale::logarithmic((least, most), (FLOOR, TOP));
    let curves = seen().map(|(stage, latency)| {
        // Beyond the last sample there is nothing to draw: one in a thousand has three nines.
        let known = (latency.count() as f64).log10();
        let points = (0..=POINTS).map(|point| f64::from(point) * NINES / f64::from(POINTS));
        let points = points.filter(|nines| *nines <= known.max(0.1));
        let drawn = points.map(|nines| {
            let quantile = at(latency, 1.0 - 10_f64.powf(-nines));
            Some((x.place(nines), y.place(quantile)))
        });
        Curve { name: stage.name(), path: line(drawn) }
    });
    let x_ticks = x.ticks(percentile);
    Some(Curves::new(x_ticks, y.ticks(|value| round(&ms(value))), curves.collect()))
}

/// The percentile with so many nines.
fn percentile(nines: f64) -> String {
    let percentile = (1.0 - 10_f64.powf(-nines)) * 100.0;
    let text = format!("{percentile:.3}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The devices that were through with an event, over time.
pub(crate) fn event(event: &EventReport) -> Result<EventCurve, HistogramError> {
    let through = event.histogram.latency()?;
    let longest = through.max().map_or(1.0, |max| max.latency.as_secs_f64());
    let x = Scale::time(longest, (LEFT, RIGHT));
    let y = Scale::linear(100.0, (FLOOR, TOP));
    let points: Vec<_> = shares(&through, event.devices)
        .into_iter()
        .map(|(at, share)| (x.place(at), y.place(share)))
        .collect();
    let curve = Curve { name: "through", path: line(points.iter().copied().map(Some)) };
    let y_ticks = y.ticks(|share| round(&format!("{} %", figures(share))));
    Ok(EventCurve {
        id: event.titled().replace(", ", "-").replace(' ', "-"),
        name: event.titled(),
        kind: kind(event.kind),
        told: told_event(event),
        area: area(&points, FLOOR),
        curves: Curves::new(x.ticks(|at| round(&seconds(at))), y_ticks, vec![curve]),
    })
}

/// How many percent of the devices were through at which second.
fn shares(through: &Latency, devices: u64) -> Vec<(f64, f64)> {
    let mut done = 0;
    let all: Vec<_> = through
        .spans()
        .map(|(span, count)| {
            done = count.saturating_add(done);
            (span.as_secs_f64(), done as f64 / devices.max(1) as f64 * 100.0)
        })
        .collect();
    let every = all.len().div_ceil(STEPS_MAX).max(1);
    let last = all.last().copied();
    let thinned = all.into_iter().step_by(every);
    std::iter::once((0.0, 0.0)).chain(thinned).chain(last).collect()
}

const fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Broadcast => "broadcast",
        EventKind::MassWipe => "mass wipe",
        EventKind::Storm => "reconnect storm",
        EventKind::Wave => "enrolment wave",
        EventKind::Backlog => "backlog",
        EventKind::ServerAway => "server away",
    }
}
