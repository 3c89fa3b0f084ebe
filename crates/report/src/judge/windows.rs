//! Values of windows of time, over the slices of a run.

use std::time::Duration;

use muster_protocol::Timestamp;

use super::judged::Reading;
use super::measure::reading;
use crate::latency::Latency;
use crate::recorder::{Recorder, Slice};

/// From when to when.
type Span = (Timestamp, Timestamp);

/// The latencies of each window.
pub(super) struct Windows(Vec<Latency>);

impl Windows {
    /// The worst window's quantile.
    pub(super) fn quantile(&self, q: f64) -> Reading {
        let readings = self.0.iter().map(|window| reading(window.quantile(q)));
        readings.reduce(Reading::worse).unwrap_or(Reading::Nothing("no samples"))
    }
}

/// The latencies of every full window in these spans.
pub(super) fn worst(
    recorder: &Recorder,
    spans: &[Span],
    window: Duration,
    latency: impl Fn(&Slice) -> Option<&Latency>,
) -> Windows {
    let windows = windows(recorder, spans, window).map(|slices| {
        let mut all = Latency::coarse();
        for part in slices.iter().filter_map(&latency) {
            all.add(part);
        }
        all
    });
    Windows(windows.collect())
}

/// The least a second of any full window in these spans.
pub(super) fn slowest(
    recorder: &Recorder,
    spans: &[Span],
    window: Duration,
    count: impl Fn(&Slice) -> u64,
) -> Reading {
    let width = Duration::from_micros(recorder.slices.width_us()).as_secs_f64();
    let rates = windows(recorder, spans, window).map(|slices| {
        slices.iter().map(|slice| count(slice) as f64).sum::<f64>() / (slices.len() as f64 * width)
    });
    rates.reduce(f64::min).map_or(Reading::Nothing("no full window"), Reading::Exactly)
}

/// The slices of every full window, one window after the other. A window is as long as a slice at
/// least, and as whole slices can make it.
fn windows<'a>(
    recorder: &'a Recorder,
    spans: &[Span],
    window: Duration,
) -> impl Iterator<Item = &'a [Slice]> {
    let (width, items) = (recorder.slices.width_us(), recorder.slices.items());
    let slice_of =
        move |at: Timestamp| usize::try_from(at.as_micros() / width).unwrap_or(usize::MAX);
    let window = usize::try_from(window.as_micros() / u128::from(width)).unwrap_or(usize::MAX);
    let spans: Vec<_> =
        spans.iter().map(|(begins, ends)| (slice_of(*begins), slice_of(*ends))).collect();
    spans.into_iter().flat_map(move |(first, end)| {
        let end = end.max(first.saturating_add(1)).min(items.len());
        let span = items.get(first.min(end)..end).unwrap_or_default();
        span.chunks_exact(window.clamp(1, span.len().max(1)))
    })
}
