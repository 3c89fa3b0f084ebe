//! What happened in a case, in the order it happened.

use std::time::Duration;

use muster_report::Table;
use serde::Serialize;

/// Who did or saw something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lane {
    /// The administrator and what the server tells them.
    Admin,
    /// The server itself.
    Server,
    /// The connection, and time.
    Network,
    /// The person at the device.
    User,
    /// The device itself.
    Device,
    /// The vendor's services.
    Vendor,
}

/// Every lane with its title, from the administrator to the vendor.
const LANES: [(Lane, &str); 6] = [
    (Lane::Admin, "admin"),
    (Lane::Server, "server"),
    (Lane::Network, "network"),
    (Lane::User, "user"),
    (Lane::Device, "device"),
    (Lane::Vendor, "vendor"),
];

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
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    moments: Vec<Moment>,
}

impl Timeline {
    pub(crate) fn note(&mut self, at: Duration, lane: Lane, what: impl Into<String>) {
        let at_ms = millis(at);
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

/// The timeline with a lane for each party that did something.
pub(crate) fn table(moments: &[Moment]) -> Table {
    let used = |lane: Lane| moments.iter().any(|moment| moment.lane == lane);
    let lanes: Vec<(Lane, &str)> = LANES.into_iter().filter(|(lane, _)| used(*lane)).collect();
    let titles: Vec<&str> =
        ["ms"].into_iter().chain(lanes.iter().map(|(_, title)| *title)).collect();
    let mut table = Table::new(&titles);
    table.right(0);
    for moment in moments {
        let in_lane = |lane| if moment.lane == lane { moment.what.clone() } else { String::new() };
        let cells = lanes.iter().map(|(lane, _)| in_lane(*lane));
        table.row([format!("{:.1}", moment.at_ms)].into_iter().chain(cells));
    }
    table
}
