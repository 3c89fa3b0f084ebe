//! The same plan played again, compared line by line.

use std::time::{Duration, Instant};

use muster_protocol::Timestamp;
use muster_sim::{Ending, Keep, Log, Violation, World};

use super::SimulatedRecording;
use super::redaction::Redaction;

/// What came of playing a recording again.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    /// The first line that is not as recorded.
    pub(crate) difference: Option<Difference>,
    /// Whether it still fails in the same way.
    pub(crate) signature: Signature,
    /// The log, all of it.
    pub(crate) log: Log,
    /// Where virtual time stood at the end.
    pub(crate) at: Timestamp,
    /// Time it took.
    pub(crate) wall_time: Duration,
}

/// A line that is not as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Which line of the log, counted from one.
    pub(crate) line: u64,
    /// As recorded; `None` after the last line.
    pub(crate) expected: Option<String>,
    /// As played; `None` after the last line.
    pub(crate) actual: Option<String>,
}

/// How the failure compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    /// The same promise is broken on the same device.
    Occurs,
    /// Something else is broken.
    Another(Violation),
    /// Every promise is kept.
    Gone,
}

impl Replay {
    pub(super) fn of(recording: &SimulatedRecording) -> Self {
        let started = Instant::now();
        let outcome = World::run(recording.plan.clone(), Keep::All);
        let wall_time = started.elapsed();
        let expected = &recording.manifest.expected;
        let signature = match outcome.ending {
            Ending::Broken(found) if is_same(&found, expected) => Signature::Occurs,
            Ending::Broken(found) => Signature::Another(found),
            Ending::Kept => Signature::Gone,
        };
        let text = String::from_utf8_lossy(&outcome.log.to_bytes()).into_owned();
        let actual = Redaction::of(&outcome.secrets).scrub(&outcome.secrets, text);
        let left_out = recording.manifest.log.left_out;
        let difference = difference(&recording.transcript, &actual, left_out);
        Self { difference, signature, log: outcome.log, at: outcome.at, wall_time }
    }
}

/// The words may change from version to version, the promise and the device do not.
fn is_same(found: &Violation, expected: &Violation) -> bool {
    found.invariant == expected.invariant && found.device == expected.device
}

fn difference(expected: &str, actual: &str, left_out: u64) -> Option<Difference> {
    let skipped = usize::try_from(left_out).unwrap_or(usize::MAX);
    let (mut expected, mut actual) = (expected.lines(), actual.lines().skip(skipped));
    let mut line = left_out;
    loop {
        line += 1;
        match (expected.next(), actual.next()) {
            (None, None) => return None,
            (expected, actual) if expected == actual => {}
            (expected, actual) => {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                return Some(Difference { line, expected: owned(expected), actual: owned(actual) });
            }
        }
    }
}
