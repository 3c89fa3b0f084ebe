//! The page of numbers a scraper reads.

use std::collections::HashMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use crate::family::{Family, Sample, Value};
use crate::metric::{Kind, Metric};

/// Somebody who counts.
pub trait Source: fmt::Debug + Send + Sync + 'static {
    /// What it counts, as it stands now; always the same metrics, so that whoever draws them finds
    /// them before anything has happened. May take some milliseconds.
    fn read(&self) -> Vec<Family>;
}

/// What the sources count, as OpenMetrics text.
#[must_use]
pub fn page(sources: &[Box<dyn Source>]) -> String {
    let told = sources.iter().flat_map(|source| source.read()).collect();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Told(told)));
    let mut text = String::new();
    text::encode(&mut text, &registry)
        .expect("a string takes every text, and spans are told of histograms only");
    text
}

/// What was read for one page.
#[derive(Debug)]
struct Told(Vec<Family>);

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|family| encode_family(family, &mut encoder))
    }
}

fn encode_family(family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Metric { name, kind, help, labels } = family.metric;
    let (name, unit) = name_and_unit(name);
    let mut encoder = encoder.encode_descriptor(name, help, unit.as_ref(), metric_type(kind))?;
    for sample in &family.samples {
        if labels.is_empty() {
            encode_sample(sample, kind, &mut encoder)?;
        } else {
            let pairs: Vec<(&str, &str)> =
                labels.iter().copied().zip(sample.labels.iter().map(String::as_str)).collect();
            encode_sample(sample, kind, &mut encoder.encode_family(&pairs)?)?;
        }
    }
    Ok(())
}

fn encode_sample(sample: &Sample, kind: Kind, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    let no_exemplar: Option<&Exemplar<NoLabelSet, f64>> = None;
    match (kind, &sample.value) {
        (Kind::Counter, Value::Whole(count)) => encoder.encode_counter(count, no_exemplar),
        (Kind::Counter, Value::Real(measure)) => encoder.encode_counter(measure, no_exemplar),
        (Kind::Gauge, Value::Whole(count)) => encoder.encode_gauge(count),
        (Kind::Gauge, Value::Real(measure)) => encoder.encode_gauge(measure),
        (Kind::Histogram, Value::Spans(spans)) => {
            let exemplars: Option<&HashMap<usize, Exemplar<NoLabelSet, f64>>> = None;
            let total = spans.total().as_secs_f64();
            encoder.encode_histogram(total, spans.count(), &spans.buckets(), exemplars)
        }
        (Kind::Histogram, Value::Whole(_) | Value::Real(_))
        | (Kind::Counter | Kind::Gauge, Value::Spans(_)) => Err(fmt::Error),
    }
}

const fn metric_type(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    }
}

/// The encoder appends the unit itself.
fn name_and_unit(name: &str) -> (&str, Option<Unit>) {
    let units = [("_seconds", Unit::Seconds), ("_bytes", Unit::Bytes)];
    let found =
        units.into_iter().find_map(|(suffix, unit)| Some((name.strip_suffix(suffix)?, unit)));
    found.map_or((name, None), |(name, unit)| (name, Some(unit)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::distribution::Distribution;

    const BYTES: Metric =
        Metric::counter("muster_frame_bytes", "Bytes of frames").by(&["direction"]);
    const DEVICES: Metric = Metric::gauge("muster_devices", "Devices");
    const TOOK: Metric = Metric::histogram("muster_took_seconds", "How long it took");

    #[derive(Debug)]
    struct Counts;

    impl Source for Counts {
        fn read(&self) -> Vec<Family> {
            let mut took = Distribution::default();
            took.add(Duration::from_secs(1), 2);
            took.add(Duration::from_secs(3_600), 1);
            let bytes = BYTES.each([("sent", 7_u64), ("a \"quoted\" one", 9)]);
            vec![bytes, DEVICES.is(3_u64), TOOK.is(took)]
        }
    }

    #[test]
    fn the_page_is_open_metrics_text() {
        let text = page(&[Box::new(Counts)]);
        let head = "# HELP muster_frame_bytes Bytes of frames\n\
                    # TYPE muster_frame_bytes counter\n\
                    # UNIT muster_frame_bytes bytes\n\
                    muster_frame_bytes_total{direction=\"sent\"} 7\n\
                    muster_frame_bytes_total{direction=\"a \\\"quoted\\\" one\"} 9\n\
                    # HELP muster_devices Devices\n\
                    # TYPE muster_devices gauge\n\
                    muster_devices 3\n";
        assert!(text.starts_with(head), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn a_histogram_adds_up_to_its_count() {
        let text = page(&[Box::new(Counts)]);
        for line in [
            "muster_took_seconds_bucket{le=\"0.5\"} 0",
            "muster_took_seconds_bucket{le=\"1.0\"} 2",
            "muster_took_seconds_bucket{le=\"+Inf\"} 3",
            "muster_took_seconds_sum 3602.0",
            "muster_took_seconds_count 3",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is missing: {text}");
        }
    }
}
