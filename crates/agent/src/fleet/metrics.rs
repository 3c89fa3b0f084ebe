//! What a fleet tells a scraper: the counters it keeps anyway, read when it is asked.

use std::sync::{Arc, Weak};

use muster_metrics::{Family, Metric, Source};
use muster_protocol::CloseCode;
use muster_transport::LinkTotals;

use super::Fleet;
use crate::progress::{FleetProgress, FleetSummary};
use crate::shared::Shared;

const DEVICES: Metric = Metric::gauge("muster_fleet_devices", "Devices in the fleet");
const ENROLLED: Metric =
    Metric::gauge("muster_fleet_devices_enrolled", "Devices that are enrolled");
const CONNECTED: Metric = Metric::gauge(
    "muster_fleet_devices_connected",
    "Devices with a connection that the server has welcomed",
);
const IN_USE: Metric =
    Metric::gauge("muster_fleet_devices_in_use", "Devices whose user looks at them");
const LOCKED: Metric = Metric::gauge(
    "muster_fleet_devices_locked",
    "Devices in Lost Mode or before an Activation Lock",
);
const LEFT: Metric = Metric::gauge(
    "muster_fleet_devices_left",
    "Devices that were enrolled and are not: wiped or retired",
);
const GIVEN_UP: Metric = Metric::counter(
    "muster_fleet_devices_given_up",
    "Devices that stay away because coming back cannot help",
);
const EXECUTED: Metric =
    Metric::counter("muster_fleet_commands_executed", "Effects of commands on devices");
const EXECUTED_TWICE: Metric = Metric::counter(
    "muster_fleet_commands_executed_twice",
    "Effects of commands that had their effect on the same device before: must stay 0",
);
const PUSHES: Metric =
    Metric::counter("muster_fleet_pushes_received", "Pushes that have reached a device");
const CONNECTS_FAILED: Metric = Metric::counter(
    "muster_fleet_connects_failed",
    "Attempts to enrol or to connect that came to nothing",
);
const RECONNECTS: Metric = Metric::counter(
    "muster_fleet_reconnects",
    "Welcomed connections of devices that were welcomed before",
);
const REFUSED: Metric =
    Metric::counter("muster_fleet_enrolments_refused", "Enrolments the server refused for good");
const CLOSED: Metric =
    Metric::counter("muster_fleet_connections_closed", "Connections the server closed, by code")
        .by(&["code"]);
const LOST: Metric =
    Metric::counter("muster_fleet_connections_lost", "Connections that ended without a code");
const HANDSHAKES: Metric =
    Metric::counter("muster_fleet_handshakes_refused", "Handshakes that TLS refused");
const BYTES: Metric =
    Metric::counter("muster_fleet_frame_bytes", "Bytes of frames, without those of QUIC")
        .by(&["direction"]);
const DATAGRAMS: Metric =
    Metric::counter("muster_fleet_link_datagrams", "Datagrams that came to a faulty link");
const SPOILT: Metric =
    Metric::counter("muster_fleet_link_datagrams_spoilt", "What faulty links did to datagrams")
        .by(&["fate"]);
const REBINDS: Metric =
    Metric::counter("muster_fleet_link_rebinds", "Changes of a local port by a faulty path");

/// A fleet as a scraper sees it. Tells nothing once the fleet has stopped.
#[derive(Debug)]
pub struct FleetMetrics {
    shared: Weak<Shared>,
}

impl Fleet {
    /// The counters for a scraper, read whenever it asks.
    #[must_use]
    pub fn metrics(&self) -> FleetMetrics {
        FleetMetrics { shared: Arc::downgrade(&self.shared) }
    }
}

impl Source for FleetMetrics {
    fn read(&self) -> Vec<Family> {
        let Some(shared) = self.shared.upgrade() else { return Vec::new() };
        let summary = shared.counters.summary(shared.counters.look(), 0);
        let mut told = counted(&summary.progress);
        told.extend(endings(&summary));
        told.extend(links(&shared.faults.totals()));
        told
    }
}

fn counted(progress: &FleetProgress) -> Vec<Family> {
    vec![
        DEVICES.is(progress.devices),
        ENROLLED.is(progress.enrolled),
        CONNECTED.is(progress.connected),
        IN_USE.is(progress.in_use),
        LOCKED.is(progress.locked),
        LEFT.is(progress.left),
        GIVEN_UP.is(progress.given_up),
        EXECUTED.is(progress.executed),
        EXECUTED_TWICE.is(progress.executed_twice),
        PUSHES.is(progress.pushes),
        CONNECTS_FAILED.is(progress.connect_failures),
        RECONNECTS.is(progress.reconnects),
        REFUSED.is(progress.enrolments_refused),
        BYTES.each([("sent", progress.bytes_sent), ("received", progress.bytes_received)]),
    ]
}

/// How connections ended.
fn endings(summary: &FleetSummary) -> Vec<Family> {
    let closes = CloseCode::ALL.iter().map(|code| {
        let count = summary.closes.get(code).copied().unwrap_or(0);
        (format!("{:#04x}", code.code()), count)
    });
    vec![CLOSED.each(closes), LOST.is(summary.losses), HANDSHAKES.is(summary.handshake_failures)]
}

fn links(links: &LinkTotals) -> Vec<Family> {
    let fates = [
        ("lost", links.lost),
        ("overflowed", links.overflowed),
        ("swallowed", links.swallowed),
        ("delayed", links.delayed),
        ("duplicated", links.duplicated),
        ("corrupted", links.corrupted),
        ("too-large", links.too_large),
        ("blocked", links.blocked),
        ("unmapped", links.unmapped),
    ];
    vec![DATAGRAMS.is(links.seen), SPOILT.each(fates), REBINDS.is(links.rebound)]
}
