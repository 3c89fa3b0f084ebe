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

/// The latencies of every window in these spans.
pub(super) fn worst(
    recorder: &Recorder,
    spans: &[Span],
    window: Duration,
    latency: impl Fn(&Slice) -> Option<&Latency>,
) -> Windows {
    let windows = windows_with_rest(recorder, spans, window).map(|slices| {
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

/// How long windows are in truth that should be so long; `None` if they are.
pub(super) fn widened(recorder: &Recorder, window: Duration) -> Option<Duration> {
    let width = Duration::from_micros(recorder.slices.width_us());
    let slices = u32::try_from(window.as_micros() / width.as_micros().max(1)).unwrap_or(u32::MAX);
    let real = width.saturating_mul(slices.max(1));
    (real != window).then_some(real)
}

/// The slices of every full window, one window after the other. A window is as long as a slice at
/// least, and as whole slices can make it.
fn windows<'a>(
    recorder: &'a Recorder,
    spans: &[Span],
    window: Duration,
) -> impl Iterator<Item = &'a [Slice]> {
    let window = in_slices(recorder, window);
    slices(recorder, spans).flat_map(move |span| span.chunks_exact(window.min(span.len()).max(1)))
}

/// The same with what is left of a span in its last window: however little it is, the longest waits
/// come to their end there.
fn windows_with_rest<'a>(
    recorder: &'a Recorder,
    spans: &[Span],
    window: Duration,
) -> impl Iterator<Item = &'a [Slice]> {
    let window = in_slices(recorder, window);
    slices(recorder, spans).flat_map(move |span| {
        let count = (span.len() / window).max(1);
        (1..=count).filter_map(move |nth| {
            let end = if nth == count { span.len() } else { nth * window };
            span.get((nth - 1) * window..end)
        })
    })
}

/// How many slices a window has.
fn in_slices(recorder: &Recorder, window: Duration) -> usize {
    let width = u128::from(recorder.slices.width_us());
    usize::try_from(window.as_micros() / width).unwrap_or(usize::MAX).max(1)
}

/// The slices of each span, one at least if there is any.
fn slices<'a>(recorder: &'a Recorder, spans: &[Span]) -> impl Iterator<Item = &'a [Slice]> {
    let (width, items) = (recorder.slices.width_us(), recorder.slices.items());
    let slice_of =
        move |at: Timestamp| usize::try_from(at.as_micros() / width).unwrap_or(usize::MAX);
    let spans: Vec<_> =
        spans.iter().map(|(begins, ends)| (slice_of(*begins), slice_of(*ends))).collect();
    spans.into_iter().map(move |(first, end)| {
        let end = end.max(first.saturating_add(1)).min(items.len());
        items.get(first.min(end)..end).unwrap_or_default()
    })
}
