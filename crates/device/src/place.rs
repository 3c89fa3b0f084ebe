//! Where a device is.

use muster_protocol::Location;
use muster_protocol::seed::Stream;

/// Some place on Earth: where a device lies is chance.
pub(crate) fn somewhere(chance: &mut Stream) -> Location {
    Location {
        latitude_microdegrees: within(chance, 90_000_000),
        longitude_microdegrees: within(chance, 180_000_000),
        horizontal_accuracy_metres: 65,
    }
}

/// A number from `-bound` to `bound`.
fn within(chance: &mut Stream, bound: i32) -> i32 {
    let width = u64::from(bound.unsigned_abs()) * 2 + 1;
    let drawn = i64::try_from(chance.below(width)).unwrap_or(0);
    i32::try_from(drawn - i64::from(bound)).unwrap_or(0)
}
