//! What happened in a case, in the order it happened.

use std::time::{Duration, Instant};

use muster_report::Table;
use serde::Serialize;

/// Who did or saw something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lane {
    /// The administrator and what the server tells them.
    Admin,
    /// The connection.
    Network,
    /// The person at the device.
    User,
    /// The device itself.
    Device,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Moment {
    /// Milliseconds since the case began.
    pub(crate) at_ms: f64,
    /// Who.
    pub(crate) lane: Lane,
    /// What.
    pub(crate) what: String,
}

/// The events of one case.
#[derive(Debug)]
pub(crate) struct Timeline {
    began: Instant,
    moments: Vec<Moment>,
}

impl Timeline {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), moments: Vec::new() }
    }

    pub(crate) fn note(&mut self, lane: Lane, what: impl Into<String>) {
        let at_ms = millis(self.began.elapsed());
        self.moments.push(Moment { at_ms, lane, what: what.into() });
    }

    pub(crate) fn into_moments(self) -> Vec<Moment> {
        self.moments
    }
}

/// Milliseconds with two decimals.
pub(crate) fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 100_000.0).round() / 100.0
}

/// The timeline with a lane for each party.
pub(crate) fn table(moments: &[Moment]) -> Table {
    let mut table = Table::new(&["ms", "admin", "network", "user", "device"]);
    table.right(0);
    for moment in moments {
        let in_lane = |lane| if moment.lane == lane { moment.what.clone() } else { String::new() };
        table.row([
            format!("{:.1}", moment.at_ms),
            in_lane(Lane::Admin),
            in_lane(Lane::Network),
            in_lane(Lane::User),
            in_lane(Lane::Device),
        ]);
    }
    table
}
