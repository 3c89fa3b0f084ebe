//! Removes entries of the audit log once nobody may read them any more.

use std::time::Duration;

use muster_admin::{BackendError, Purged, purge_audit_log};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::backend::ServerBackend;

/// How often the log is looked at. An entry outlives its year by this much at most, unless many
/// end at once.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Between two removals, so that a long log that ends at once leaves the store to others: a million
/// entries are gone after two minutes.
const PAUSE: Duration = Duration::from_millis(100);

/// Looks until told to stop, and at once when the clock is moved.
pub(crate) async fn run(backend: ServerBackend, stop: CancellationToken) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut moves = backend.clock.skew().moves();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _tick = ticks.tick() => {}
            () = moves.next() => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            purged = purge(&backend) => {
                if let Err(error) = purged {
                    warn!(error = &error as &dyn std::error::Error, "audit log not purged");
                }
            }
        }
    }
}

/// Cancel safe: yes; what was not removed yet is removed by the next one.
async fn purge(backend: &ServerBackend) -> Result<(), BackendError> {
    while purge_audit_log(backend).await? == Purged::Some {
        sleep(PAUSE).await;
    }
    Ok(())
}
