//! A share of a run at one moment, as its worker tells it.

use std::time::Duration;

use muster_agent::FleetProgress;
use muster_report::Share;
use serde::{Deserialize, Serialize};

use crate::load::snapshot::{Snapshot, Standing};

/// A share of a run at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pulse {
    pub(super) at_ms: u64,
    pub(super) phase: String,
    pub(super) enrolled: u64,
    pub(super) connected: u64,
    pub(super) locked: u64,
    pub(super) left: u64,
    pub(super) open: u64,
    /// The numbers of its recorder, histograms and no quantiles.
    pub(super) numbers: Option<Share>,
    pub(super) happened: Vec<(u64, String)>,
    pub(super) thresholds: Vec<Standing>,
}

impl Pulse {
    /// The pulse of a share, and how its devices are.
    pub(super) fn of(now: &Snapshot, fleet: FleetProgress) -> Self {
        let happened = now.happened.iter().map(|(at, what)| (millis(*at), what.clone()));
        Self {
            at_ms: millis(now.at),
            phase: now.phase.clone(),
            enrolled: now.enrolled,
            connected: now.connected,
            locked: fleet.locked,
            left: fleet.left,
            open: now.open,
            numbers: now.share.as_deref().cloned(),
            happened: happened.collect(),
            thresholds: now.thresholds.clone(),
        }
    }

    /// Its share is over: what it has counted stands, and nothing goes on.
    pub(super) fn ends(&mut self) {
        self.numbers.iter_mut().for_each(Share::rest);
    }

    /// Its worker has died, and its devices with it.
    pub(super) fn dies(&mut self, how: String) {
        self.ends();
        self.connected = 0;
        self.happened.push((self.at_ms, how));
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_protocol::Timestamp;
    use muster_report::{ErrorCode, Legend, Recorder};
    use proptest::prelude::*;

    use super::*;

    fn pulse() -> Pulse {
        let now = Timestamp::from_micros(1_500_000);
        let mut recorder = Recorder::new(Arc::new(Legend::default()));
        recorder.lag(Timestamp::ZERO, Duration::from_millis(7));
        recorder.failed(Timestamp::ZERO, ErrorCode::GeneratorLate, String::new);
        let snapshot = Snapshot {
            at: now.since(Timestamp::ZERO),
            phase: "steady".to_owned(),
            enrolled: 10,
            connected: 9,
            share: Some(Arc::new(recorder.share(now))),
            happened: vec![(Duration::from_secs(1), "paused".to_owned())],
            thresholds: vec![Standing {
                text: "lost == 0".to_owned(),
                holds: Some(true),
                value: Some(0.0),
            }],
            ..Snapshot::default()
        };
        Pulse::of(&snapshot, FleetProgress { locked: 3, left: 2, ..FleetProgress::default() })
    }

    #[test]
    fn a_pulse_is_one_short_line_and_read_as_it_was_told() {
        let line = serde_json::to_string(&pulse()).unwrap();
        assert!(!line.contains('\n') && line.len() < 4_096, "{line}");
        assert_eq!(serde_json::from_str::<Pulse>(&line).unwrap(), pulse());
    }

    #[test]
    fn of_a_worker_that_has_died_is_told_what_it_had_counted_and_that_it_is_gone() {
        let mut dead = pulse();
        dead.dies("worker 2 of 2 is gone".to_owned());
        assert_eq!((dead.enrolled, dead.connected), (10, 0));
        assert_eq!(dead.happened.last(), Some(&(1_500, "worker 2 of 2 is gone".to_owned())));
        assert_eq!(dead.numbers.unwrap().look().lag.count, 1);
    }

    proptest! {
        #[test]
        fn a_pulse_whose_text_was_changed_is_read_or_refused(
            at in any::<prop::sample::Index>(),
            byte in b' '..=b'~',
        ) {
            let mut line = serde_json::to_string(&pulse()).unwrap().into_bytes();
            let at = at.index(line.len());
            line[at] = byte;
            drop(serde_json::from_slice::<Pulse>(&line));
        }
    }
}
