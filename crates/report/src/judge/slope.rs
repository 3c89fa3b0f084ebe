//! Memory over time: its most, and how fast it grows.

use muster_protocol::Timestamp;

use super::judged::Reading;
use crate::recorder::{Recorder, Slice};

/// Why there is nothing to say.
const NOTHING: Reading = Reading::Nothing("memory was not looked at");

/// The most memory of any slice, in bytes.
pub(super) fn most(recorder: &Recorder) -> Reading {
    let most = recorder.slices.items().iter().filter_map(memory).reduce(f64::max);
    most.map_or(NOTHING, Reading::Exactly)
}

/// By how much memory grew within these spans, in bytes an hour: the slope of the line that fits
/// best.
pub(super) fn growth(recorder: &Recorder, spans: &[(Timestamp, Timestamp)]) -> Reading {
    let width = recorder.slices.width_us();
    let points = recorder.slices.items().iter().enumerate().filter_map(|(index, slice)| {
        let at = Timestamp::from_micros(width.saturating_mul(u64::try_from(index).ok()?));
        let within = spans.iter().any(|(begins, ends)| (*begins..*ends).contains(&at));
        let hours = at.as_micros() as f64 / 3_600e6;
        within.then_some((hours, memory(slice)?))
    });
    let points: Vec<_> = points.collect();
    slope(&points).map_or(NOTHING, Reading::Exactly)
}

/// The slope of the line with the least squares; `None` of fewer than two points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let cross: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let square: f64 = points.iter().map(|(x, _y)| (x - mean_x).powi(2)).sum();
    (square > 0.0).then(|| cross / square)
}

/// Memory of both sides in a slice, in bytes.
fn memory(slice: &Slice) -> Option<f64> {
    let gauges = &slice.gauges;
    let parts = gauges.server_rss_bytes.into_iter().chain(gauges.generator_rss_bytes);
    parts.map(|bytes| bytes as f64).reduce(|one, other| one + other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_own_slope_and_a_point_has_none() {
        let points: Vec<_> = (0..10).map(|x| (f64::from(x), 5.0 + 3.0 * f64::from(x))).collect();
        assert!((slope(&points).unwrap() - 3.0).abs() < 1e-9);
        assert_eq!(slope(&points[..1]), None);
    }
}
