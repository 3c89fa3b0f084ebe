//! The page: one file, no script, no picture from elsewhere, light and dark.

use askama::Template as _;
use muster_sim::{Lane, Sort, Step};

use super::headline;
use crate::recording::SimulatedRecording;

/// Most lines of a page: browsers get slow beyond. The last ones are kept.
const ROWS_MAX: usize = 2_000;

/// Pixels from one lane to the next, and from the edge to the first.
const LANE_WIDTH: usize = 120;

/// Pixels from one line to the next.
const ROW_HEIGHT: usize = 26;

#[derive(askama::Template)]
#[template(path = "timeline.html")]
struct Page<'a> {
    title: String,
    headline: String,
    violation: String,
    left_out: usize,
    lanes: Vec<Heading>,
    rows: Vec<Row<'a>>,
    width: usize,
    height: usize,
}

struct Heading {
    name: &'static str,
    x: usize,
}

struct Row<'a> {
    at: String,
    device: String,
    text: &'a str,
    class: &'static str,
    y: usize,
    from: usize,
    to: usize,
    arrow: Option<String>,
}

/// Writes the page.
///
/// # Errors
/// If the template cannot be filled, which no recording can bring about.
pub(crate) fn page(
    recording: &SimulatedRecording,
    steps: &[Step],
) -> Result<String, askama::Error> {
    let left_out = steps.len().saturating_sub(ROWS_MAX);
    let rows: Vec<Row<'_>> =
        steps.iter().skip(left_out).enumerate().map(|(index, step)| row(index, step)).collect();
    let manifest = &recording.manifest;
    Page {
        title: format!("seed {} breaks {}", manifest.seed, manifest.expected.invariant),
        headline: headline(recording),
        violation: manifest.expected.to_string(),
        left_out,
        lanes: Lane::ALL
            .into_iter()
            .map(|lane| Heading { name: lane.name(), x: column(lane) })
            .collect(),
        width: LANE_WIDTH * Lane::ALL.len(),
        height: ROW_HEIGHT * rows.len(),
        rows,
    }
    .render()
}

fn row(index: usize, step: &Step) -> Row<'_> {
    let (from, to) = (column(step.from), column(step.to));
    let y = index * ROW_HEIGHT + ROW_HEIGHT / 2;
    Row {
        at: step.at.to_string(),
        device: step.device.map_or_else(|| "–".to_owned(), |device| device.to_string()),
        text: &step.text,
        class: match step.sort {
            Sort::Note => "note",
            Sort::Message => "message",
            Sort::Fault => "fault",
        },
        y,
        from,
        to,
        arrow: (from != to).then(|| arrow(from, to, y)),
    }
}

/// The head of an arrow that ends at `to`, as the points of a triangle.
fn arrow(from: usize, to: usize, y: usize) -> String {
    let back = if from < to { to - 9 } else { to + 9 };
    format!("{to},{y} {back},{} {back},{}", y - 5, y + 5)
}

fn column(lane: Lane) -> usize {
    let place = match lane {
        Lane::Device => 0,
        Lane::Network => 1,
        Lane::Server => 2,
        Lane::Vendor => 3,
    };
    place * LANE_WIDTH + LANE_WIDTH / 2
}
