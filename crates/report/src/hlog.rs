//! Histograms in the log format of HdrHistogram, for its own tools.

use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use muster_scenario::Stage;

use crate::recorder::Slice;
use crate::run_report::{RestoreError, RunReport};

/// What one divides a recorded value by to get milliseconds.
const MICROS_PER_MS: f64 = 1_000.0;

impl RunReport {
    /// The latencies of the stages over time, one line for each stage and slice of time, tagged
    /// with the stage's name. Times count from the beginning of the run, which stands above them.
    /// Values are in microseconds, maxima in milliseconds.
    ///
    /// # Errors
    /// [`RestoreError`] if the report contradicts itself.
    pub fn hlog(&self) -> Result<String, RestoreError> {
        let recorder = self.recorder()?;
        let width = Duration::from_micros(recorder.slices.width_us());
        let mut serializer = V2DeflateSerializer::new();
        let mut bytes = Vec::new();
        let mut builder = IntervalLogWriterBuilder::new();
        let began = self.run.began().unwrap_or(UNIX_EPOCH);
        builder.with_start_time(began).with_base_time(began);
        builder.with_max_value_divisor(MICROS_PER_MS);
        builder.add_comment(&format!("muster {}, {}", self.run.version, self.run.scenario));
        let mut writer =
            builder.begin_log_with(&mut bytes, &mut serializer).expect("memory takes it");
        let mut begins = Duration::ZERO;
        for slice in recorder.slices.items() {
            for (stage, latency) in latencies(slice) {
                let written = writer.write_histogram(
                    &latency.histogram,
                    begins,
                    width,
                    Tag::new(stage.name()),
                );
                written.expect("memory takes whatever is written");
            }
            begins += width;
        }
        drop(writer);
        Ok(String::from_utf8(bytes).expect("the log is ASCII"))
    }
}

fn latencies(slice: &Slice) -> impl Iterator<Item = (Stage, &crate::latency::Latency)> {
    slice.stages.iter().map(|(stage, latency)| (stage, latency.as_ref()))
}
