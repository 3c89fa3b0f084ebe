//! Closes what is overdue and blanks what may no longer be shown.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::clock::Clock;
use crate::registry::Registry;
use crate::slot::Slot;

/// How often the sweeper looks. A deadline is met this late at most, plus the time of one sweep.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// How many devices are looked at between two chances for others to run.
const SWEEP_PAGE: usize = 512;

/// Sweeps until told to stop.
pub(crate) async fn run(registry: Arc<Registry>, clock: Clock, stop: CancellationToken) {
    let mut ticks = interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut moves = clock.skew().moves();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _tick = ticks.tick() => {}
            () = moves.next() => {}
        }
        sweep(&registry, &clock, &stop).await;
    }
}

async fn sweep(registry: &Registry, clock: &Clock, stop: &CancellationToken) {
    let mut after = None;
    while !stop.is_cancelled() {
        let page = registry.page(after, SWEEP_PAGE);
        if page.is_empty() {
            return;
        }
        for (device, slot) in &page {
            sweep_one(registry, clock, slot).await;
            after = Some(*device);
        }
        tokio::task::yield_now().await;
    }
}

async fn sweep_one(registry: &Registry, clock: &Clock, slot: &Slot) {
    let mut state = slot.state.lock().await;
    let device = state.record.id;
    let now = clock.now();
    let overdue = state.record.next_deadline().is_some_and(|deadline| deadline <= now);
    // A device that stays away would keep it from the store.
    let behind = state.record.has_unwritten_end();
    if (overdue || behind)
        && let Err(error) = registry.decide(&mut state, |record| record.expire(now)).await
    {
        warn!(%device, error = &error as &dyn std::error::Error, "sweep not stored");
    }
}
