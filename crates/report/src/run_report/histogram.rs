//! Histograms as text, so that reports can be merged without loss.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2Serializer};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::latency::{COARSE, FINE, LATENCY_US_MAX, Latency};

/// Most bytes of an encoded histogram: every counter of one that reaches a day, at nine bytes.
const BYTES_MAX: usize = 40 + 9 * 28 * 1_024;

/// Bytes before the counters: a cookie, a length, and the shape of the histogram.
const HEAD_BYTES: usize = 40;

/// Where the head says how high its values may be.
const HIGH_AT: Range<usize> = 24..32;

/// The least it may say.
const HIGH_MIN: u64 = 2;

/// Highest value a header may speak of: the end of the octave that holds a day.
const HIGH_MAX: u64 = LATENCY_US_MAX.next_power_of_two();

/// A histogram in microseconds, in the V2 encoding of HdrHistogram, as Base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// The V2 encoding of HdrHistogram, as Base64.
    pub v2: String,
    /// How many of its values were cut off.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub censored: u64,
    /// The shortest of those, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub censored_from_us: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Text that is no histogram of ours.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// Too long.
    #[error("a histogram of {0} bytes, more than one can have")]
    TooLong(usize),
    /// No Base64.
    #[error("a histogram that is no Base64")]
    Base64(#[source] base64::DecodeError),
    /// Not the head that this build writes.
    #[error("a histogram of a shape that no report has")]
    Shape,
    /// Its counters contradict its head.
    #[error("a histogram whose counters cannot be read")]
    Counters(#[source] hdrhistogram::serialization::DeserializeError),
    /// Says of more values than it has that they were cut off.
    #[error("a histogram with more values cut off than it has")]
    Censored,
}

impl Histogram {
    /// Writes a set of latencies. Equal sets give equal text, however much room they have left.
    pub(crate) fn of(latency: &Latency) -> Self {
        let mut bytes = Vec::new();
        let written = V2Serializer::new().serialize(&latency.histogram, &mut bytes);
        written.expect("memory takes whatever is written");
        let high = latency.histogram.max().max(HIGH_MIN);
        bytes[HIGH_AT].copy_from_slice(&high.to_be_bytes());
        Self {
            v2: BASE64.encode(bytes),
            censored: latency.censored,
            censored_from_us: latency.censored_from,
        }
    }

    /// Reads a set of latencies back.
    ///
    /// The head is checked before anything is allocated for it.
    pub(crate) fn latency(&self) -> Result<Latency, HistogramError> {
        if self.v2.len() > BYTES_MAX * 4 / 3 + 4 {
            return Err(HistogramError::TooLong(self.v2.len()));
        }
        let bytes = BASE64.decode(&self.v2).map_err(HistogramError::Base64)?;
        if !has_our_shape(&bytes) {
            return Err(HistogramError::Shape);
        }
        let read = Deserializer::new().deserialize::<u32, _>(&mut bytes.as_slice());
        let mut histogram = read.map_err(HistogramError::Counters)?;
        histogram.auto(true);
        if self.censored > histogram.len() || (self.censored > 0) != self.censored_from_us.is_some()
        {
            return Err(HistogramError::Censored);
        }
        let (censored, censored_from) = (self.censored, self.censored_from_us);
        Ok(Latency { histogram, censored, censored_from })
    }
}

/// As in a report.
impl Serialize for Latency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Histogram::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Histogram::deserialize(deserializer)?.latency().map_err(D::Error::custom)
    }
}

/// Whether the head says what ours say, and no counter is one that cannot be negated.
fn has_our_shape(bytes: &[u8]) -> bool {
    let number = |from: usize, len: usize| {
        let bytes = bytes.get(from..from + len)?;
        Some(bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    let counters = bytes.len().checked_sub(HEAD_BYTES).and_then(|len| u64::try_from(len).ok());
    let figures = [Some(u64::from(COARSE)), Some(u64::from(FINE))];
    counters.is_some()
        && number(4, 4) == counters
        && figures.contains(&number(12, 4))
        && number(16, 8) == Some(1)
        && number(HIGH_AT.start, 8).is_some_and(|high| (HIGH_MIN..=HIGH_MAX).contains(&high))
        && !bytes[HEAD_BYTES..].windows(9).any(|window| window == [0xff; 9])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn a_histogram_is_the_same_after_it_was_written_and_read() {
        for mut latency in [Latency::default(), Latency::coarse()] {
            for power in 0..37 {
                latency.record(Duration::from_micros(1 << power));
            }
            latency.record_censored(Duration::MAX);
            let read = Histogram::of(&latency).latency().unwrap();
            assert_eq!(read, latency);
            assert_eq!(read.quantile(0.5), latency.quantile(0.5));
        }
    }

    #[test]
    fn a_histogram_that_was_read_still_takes_longer_latencies() {
        let mut latency = Latency::default();
        latency.record(Duration::from_micros(3));
        let mut read = Histogram::of(&latency).latency().unwrap();
        read.record(Duration::from_secs(3_600));
        assert_eq!(read.count(), 2);
    }

    #[test]
    fn a_head_that_promises_gigabytes_is_refused_before_they_are_allocated() {
        let mut bytes = BASE64.decode(Histogram::of(&Latency::default()).v2).unwrap();
        bytes[4..8].copy_from_slice(&[0xff; 4]);
        let lie = Histogram { v2: BASE64.encode(bytes), censored: 0, censored_from_us: None };
        assert!(matches!(lie.latency(), Err(HistogramError::Shape)));
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(
            counters in proptest::collection::vec(any::<u8>(), 0..64),
            head in proptest::collection::vec(any::<u8>(), 0..40),
            at in 0_usize..40,
            censored in 0_u64..3,
        ) {
            let mut bytes = BASE64.decode(Histogram::of(&Latency::default()).v2).unwrap();
            bytes.truncate(HEAD_BYTES);
            let len = u32::try_from(counters.len()).unwrap();
            bytes[4..8].copy_from_slice(&len.to_be_bytes());
            bytes.extend(&counters);
            for (byte, other) in bytes[at..].iter_mut().zip(&head) {
                *byte = *other;
            }
            let text = Histogram { v2: BASE64.encode(bytes), censored, censored_from_us: None };
            drop(text.latency());
        }

        #[test]
        fn no_counters_make_reading_panic(
            counters in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut bytes = BASE64.decode(Histogram::of(&Latency::default()).v2).unwrap();
            bytes.truncate(HEAD_BYTES);
            let len = u32::try_from(counters.len()).unwrap();
            bytes[4..8].copy_from_slice(&len.to_be_bytes());
            bytes.extend(&counters);
            let text = Histogram { v2: BASE64.encode(bytes), censored: 0, censored_from_us: None };
            drop(text.latency());
        }
    }
}
