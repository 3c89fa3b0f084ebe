//! Levels: what is up or down rather than counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Levels at one time; `None` where nobody looked.
///
/// A time slice keeps the fewest connected devices and the most of everything else, so that
/// neither an outage nor a peak hides in a long slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gauges {
    /// Devices with a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<u64>,
    /// Commands submitted and not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u64>,
    /// Of the server's threads, in percent of one core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_percent: Option<f64>,
    /// Of the generator's threads, in percent of one core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_cpu_percent: Option<f64>,
    /// Resident memory of the server's process, if it is one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_rss_bytes: Option<u64>,
    /// Resident memory of the generator's process; with an embedded server, of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_rss_bytes: Option<u64>,
}

impl Gauges {
    /// Another look within the same slice.
    pub(crate) fn meet(&mut self, other: Self) {
        self.connected = either(self.connected, other.connected, u64::min);
        self.in_flight = either(self.in_flight, other.in_flight, u64::max);
        self.server_cpu_percent =
            either(self.server_cpu_percent, other.server_cpu_percent, f64::max);
        self.generator_cpu_percent =
            either(self.generator_cpu_percent, other.generator_cpu_percent, f64::max);
        self.server_rss_bytes = either(self.server_rss_bytes, other.server_rss_bytes, u64::max);
        self.generator_rss_bytes =
            either(self.generator_rss_bytes, other.generator_rss_bytes, u64::max);
    }

    /// A look at another part of the same run at the same time.
    pub(crate) fn join(&mut self, other: Self) {
        let add = u64::saturating_add;
        self.connected = either(self.connected, other.connected, add);
        self.in_flight = either(self.in_flight, other.in_flight, add);
        self.server_cpu_percent =
            either(self.server_cpu_percent, other.server_cpu_percent, f64::max);
        self.generator_cpu_percent =
            either(self.generator_cpu_percent, other.generator_cpu_percent, |one, other| {
                one + other
            });
        self.server_rss_bytes = either(self.server_rss_bytes, other.server_rss_bytes, u64::max);
        self.generator_rss_bytes = either(self.generator_rss_bytes, other.generator_rss_bytes, add);
    }
}

fn either<T>(one: Option<T>, other: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(both(one, other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_keeps_the_fewest_devices_and_the_highest_load() {
        let mut gauges = Gauges { connected: Some(10), in_flight: Some(3), ..Gauges::default() };
        gauges.meet(Gauges { connected: Some(4), in_flight: Some(1), ..Gauges::default() });
        assert_eq!((gauges.connected, gauges.in_flight), (Some(4), Some(3)));
    }

    #[test]
    fn the_devices_of_two_shards_are_added_and_their_one_server_is_not() {
        let part =
            Gauges { connected: Some(10), server_cpu_percent: Some(80.0), ..Gauges::default() };
        let mut both = part;
        both.join(part);
        assert_eq!((both.connected, both.server_cpu_percent), (Some(20), Some(80.0)));
    }
}
