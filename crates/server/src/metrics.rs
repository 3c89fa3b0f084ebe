//! What a server tells a scraper: the counters it keeps anyway, read when it is asked.

use std::sync::{Arc, Weak};

use muster_metrics::{Distribution, Family, Metric, Source};
use muster_protocol::CloseCode;
use muster_report::Latency;

use crate::registry::Registry;
use crate::stats::Totals;

const ENROLLED: Metric =
    Metric::gauge("muster_server_devices_enrolled", "Devices that are enrolled and not deleted");
const CONNECTED: Metric =
    Metric::gauge("muster_server_devices_connected", "Devices with a management connection");
const LIVE: Metric =
    Metric::gauge("muster_server_commands_live", "Accepted commands that have not ended");
const ACCEPTED: Metric =
    Metric::counter("muster_server_commands_accepted", "Commands that became durable");
const ENDED: Metric =
    Metric::counter("muster_server_commands_ended", "Commands whose end became durable");
const ATTEMPTS: Metric =
    Metric::counter("muster_server_command_attempts", "Attempts handed to devices");
const DURATION: Metric = Metric::histogram(
    "muster_server_command_duration_seconds",
    "From durable acceptance to the durable end of a command",
);
const IGNORED: Metric =
    Metric::counter("muster_server_answers_ignored", "Answers of devices that changed nothing")
        .by(&["reason"]);
const ENROLMENTS: Metric =
    Metric::counter("muster_server_enrolments", "Devices that enrolled, each new life counted");
const SESSIONS: Metric =
    Metric::counter("muster_server_sessions", "Management sessions that were welcomed");
const HANDSHAKES: Metric =
    Metric::counter("muster_server_handshakes_unfinished", "Handshakes that led to no connection")
        .by(&["reason"]);
const RETRIES: Metric = Metric::counter(
    "muster_server_retries_sent",
    "Connects that were told to come again by a Retry",
);
const CLOSED: Metric =
    Metric::counter("muster_server_connections_closed", "Connections this server closed, by code")
        .by(&["code"]);
const BYTES: Metric =
    Metric::counter("muster_server_frame_bytes", "Bytes of frames, without those of QUIC")
        .by(&["direction"]);
const PUSHES: Metric =
    Metric::counter("muster_server_pushes", "Pushes sent, by what the push service made of them")
        .by(&["outcome"]);
const PUSHES_OWED: Metric =
    Metric::gauge("muster_server_pushes_owed", "Devices that are to be woken and are not yet");
const COMMITS: Metric =
    Metric::counter("muster_server_store_commits", "Groups of transactions made durable together");

/// A server as a scraper sees it. Tells nothing once the server has stopped.
#[derive(Debug)]
pub struct ServerMetrics {
    registry: Weak<Registry>,
}

impl ServerMetrics {
    pub(crate) fn of(registry: &Arc<Registry>) -> Self {
        Self { registry: Arc::downgrade(registry) }
    }
}

impl Source for ServerMetrics {
    /// Looks at every device, to see which are connected: some milliseconds for a hundred thousand.
    fn read(&self) -> Vec<Family> {
        let Some(registry) = self.registry.upgrade() else { return Vec::new() };
        let totals = registry.stats.totals();
        let mut told = counted(&totals);
        told.extend([
            ENROLLED.is(registry.enrolled()),
            CONNECTED.is(registry.connected()),
            LIVE.is(registry.stats.live_now()),
            DURATION.is(spans(&registry.stats.latency())),
            PUSHES_OWED.is(registry.pushes.owed()),
            COMMITS.is(registry.store().groups()),
        ]);
        told
    }
}

/// What the totals hold.
fn counted(totals: &Totals) -> Vec<Family> {
    vec![
        ACCEPTED.is(totals.accepted),
        ENDED.is(totals.terminal),
        ATTEMPTS.is(totals.attempts),
        IGNORED.each([
            ("duplicate", totals.duplicates),
            ("stale-attempt", totals.stale_attempts),
            ("unknown-command", totals.unknown_commands),
        ]),
        ENROLMENTS.is(totals.enrolled),
        SESSIONS.is(totals.sessions),
        HANDSHAKES
            .each([("failed", totals.handshakes_failed), ("crowded", totals.handshakes_refused)]),
        RETRIES.is(totals.retries_sent),
        CLOSED.each(CloseCode::ALL.iter().map(|code| {
            let number = code.code();
            (format!("{number:#04x}"), totals.closed_by_code.get(&number).copied().unwrap_or(0))
        })),
        BYTES.each([("sent", totals.bytes_sent), ("received", totals.bytes_received)]),
        PUSHES.each([
            ("accepted", totals.pushes_accepted),
            ("unregistered", totals.pushes_unregistered),
            ("unreachable", totals.pushes_unreachable),
        ]),
    ]
}

fn spans(latency: &Latency) -> Distribution {
    let mut spans = Distribution::default();
    for (span, count) in latency.spans() {
        spans.add(span, count);
    }
    spans
}
