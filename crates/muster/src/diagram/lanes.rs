//! The text form: four lanes, time downwards.

use std::fmt::Write as _;

use muster_sim::{Lane, Sort, Step};

use super::headline;
use crate::recording::SimulatedRecording;

/// Characters from one lane to the next.
const LANE_WIDTH: usize = 11;

/// The diagram as text that keeps its shape in a fixed-width font.
pub(crate) fn text(recording: &SimulatedRecording, steps: &[Step]) -> String {
    let drawn = lanes(steps);
    format!("{}\n\n{drawn}\n{}\n", headline(recording), recording.manifest.expected)
}

/// The lanes alone.
pub(crate) fn lanes(steps: &[Step]) -> String {
    let mut text = format!("{:>15} {:>5}  ", "time", "");
    for lane in Lane::ALL {
        let _written = write!(text, "{:<LANE_WIDTH$}", lane.name());
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    for step in steps {
        let line = line(step);
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn line(step: &Step) -> String {
    let device = step.device.map_or_else(String::new, |device| format!("#{device}"));
    let lanes: String = drawn(step).into_iter().collect();
    let at = step.at.to_string();
    format!("{at:>15} {device:>5}  {lanes} {}", step.text)
}

/// The lanes of one line: lifelines, and an arrow or a mark on them.
fn drawn(step: &Step) -> Vec<char> {
    let width = LANE_WIDTH * (Lane::ALL.len() - 1) + 1;
    let mut cells = vec![' '; width];
    for lane in Lane::ALL {
        cells[column(lane)] = '│';
    }
    let (from, to) = (column(step.from), column(step.to));
    match step.sort {
        Sort::Note => cells[from] = '●',
        Sort::Fault => cells[from] = '✗',
        Sort::Message => {
            for cell in &mut cells[from.min(to)..=from.max(to)] {
                *cell = '─';
            }
            cells[from] = '○';
            cells[to] = if from < to { '▶' } else { '◀' };
        }
    }
    cells
}

fn column(lane: Lane) -> usize {
    let place = match lane {
        Lane::Device => 0,
        Lane::Network => 1,
        Lane::Server => 2,
        Lane::Vendor => 3,
    };
    place * LANE_WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Timestamp;

    fn step(sort: Sort, from: Lane, to: Lane) -> Step {
        let (at, text) = (Timestamp::from_micros(1_250_000), "connect".to_owned());
        Step { at, device: Some(2), sort, from, to, text }
    }

    #[test]
    fn an_arrow_points_to_where_the_message_goes() {
        let right = line(&step(Sort::Message, Lane::Device, Lane::Network));
        assert_eq!(right, " 0:00:01.250000    #2  ○──────────▶          │          │ connect");
        let left = line(&step(Sort::Message, Lane::Server, Lane::Device));
        assert!(left.contains("◀─────────────────────○          │ connect"), "{left}");
    }

    #[test]
    fn a_fault_marks_the_lane_it_strikes() {
        let line = line(&step(Sort::Fault, Lane::Vendor, Lane::Vendor));
        assert!(line.contains("│          │          │          ✗ connect"), "{line}");
    }
}
