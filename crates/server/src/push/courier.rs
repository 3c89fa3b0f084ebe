//! Carries pushes to the push services and their outcomes back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_control::{PushOrder, PushOutcome};
use muster_protocol::{DeviceId, Timestamp};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, debug, error, info_span, warn};

use super::order::{Ends, Letter, Verdict};
use super::service::{Answer, PUSH_WITHIN, Service};
use crate::clock::Clock;
use crate::registry::Registry;
use crate::slot::{Presence, Slot};
use crate::vendor_access::VendorAccess;
use crate::watch::Seen;

/// How many pushes may be on their way at once. They share one connection, whose service allows
/// more streams than this.
const PUSHES_AT_ONCE: usize = 64;

/// How long to leave a service alone that takes nothing, at first and at most.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// When a push is looked at again that is due and has nothing to say: its command is overdue, and
/// the sweeper is about to close it.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How many devices are looked at between two chances for others to run.
const LOOK_PAGE: usize = 512;

/// The task that talks to the push services.
#[derive(Debug)]
pub(crate) struct PushCourier {
    registry: Arc<Registry>,
    clock: Clock,
    access: VendorAccess,
    /// The services as they were reached last.
    service: Mutex<Option<Service>>,
}

/// What a turn has to say about the service.
enum Turn {
    /// Nothing: no push was due any more.
    Idle,
    /// It answers.
    Answered,
    /// It does not.
    Down { retry_after: Option<Duration> },
}

/// Whether the service takes pushes, as far as is known.
struct Weather {
    failures: u32,
    closed_until: Instant,
}

impl PushCourier {
    pub(crate) fn new(registry: Arc<Registry>, clock: Clock, access: VendorAccess) -> Self {
        Self { registry, clock, access, service: Mutex::default() }
    }

    /// Serves until told to stop. What is out then is cut: the next start pushes again.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        self.look_for_owing(&stop).await;
        let queue = &self.registry.pushes;
        let mut moves = self.clock.skew().moves();
        let mut turns = JoinSet::new();
        let mut weather = Weather { failures: 0, closed_until: Instant::now() };
        loop {
            while turns.len() < weather.turns_at_once()
                && let Some(device) = queue.take(self.clock.now())
            {
                let span = info_span!("push", device_id = %device);
                turns.spawn(self.clone().turn(device).instrument(span));
            }
            let has_room = turns.len() < weather.turns_max();
            tokio::select! {
                () = stop.cancelled() => return,
                () = queue.news.notified() => {}
                () = moves.next() => {}
                () = self.due(&weather), if has_room => {}
                Some(ended) = turns.join_next() => match ended {
                    Ok(turn) => weather.note(&turn),
                    Err(error) => error!(%error, "a push died"),
                },
            }
        }
    }

    /// Waits until the first in line may be pushed, or for ever.
    async fn due(&self, weather: &Weather) {
        let Some(due) = self.registry.pushes.next() else {
            return std::future::pending().await;
        };
        let closed = weather.closed_until.saturating_duration_since(Instant::now());
        sleep(due.since(self.clock.now()).max(closed)).await;
    }

    /// Finds the devices that an earlier process owed a push.
    async fn look_for_owing(&self, stop: &CancellationToken) {
        let mut after = None;
        while !stop.is_cancelled() {
            let page = self.registry.page(after, LOOK_PAGE);
            let Some((last, _slot)) = page.last() else { return };
            after = Some(*last);
            for (_device, slot) in &page {
                self.registry.note_push(&*slot.state.lock().await);
            }
            tokio::task::yield_now().await;
        }
    }

    async fn turn(self: Arc<Self>, device: DeviceId) -> Turn {
        let turn = match self.registry.slot(device) {
            Some(slot) => self.push(&slot).await,
            None => {
                self.registry.pushes.set(device, None);
                Turn::Idle
            }
        };
        self.registry.pushes.back(device);
        turn
    }

    async fn push(&self, slot: &Slot) -> Turn {
        let Some(order) = self.order(slot).await else { return Turn::Idle };
        let Some(letter) = Letter::of(&order, self.ends(&order)) else {
            debug!("no service has such a target");
            self.tell(slot, &order, PushOutcome::Unregistered).await;
            return Turn::Idle;
        };
        match self.send(&letter).await {
            Answer::Down { retry_after } => Turn::Down { retry_after },
            Answer::Told(verdict, status) => {
                let outcome = match verdict {
                    Verdict::Of(outcome) => outcome,
                    Verdict::Down | Verdict::Odd => {
                        warn!(%status, "push refused");
                        PushOutcome::Unreachable
                    }
                };
                debug!(?outcome, "pushed");
                self.tell(slot, &order, outcome).await;
                Turn::Answered
            }
        }
    }

    /// The push to make now, if one is due and its device is still away.
    async fn order(&self, slot: &Slot) -> Option<PushOrder> {
        let state = slot.state.lock().await;
        let (device, now) = (state.record.id, self.clock.now());
        if state.presence != Presence::Away {
            // It is noted again when the session ends.
            self.registry.pushes.set(device, None);
            return None;
        }
        let readings = self.registry.readings();
        let order = state.record.push_due(now, readings);
        if order.is_none() {
            let next = state.record.next_push(readings);
            let next = next.map(|next| next.max(now.after(LOOK_AGAIN_AFTER)));
            self.registry.pushes.set(device, next);
        }
        order
    }

    fn ends(&self, order: &PushOrder) -> Ends {
        let at = Duration::from_micros(self.clock.unix_us(order.expires_at));
        Ends { at, within: order.expires_at.since(self.clock.now()) }
    }

    async fn send(&self, letter: &Letter) -> Answer {
        let down = Answer::Down { retry_after: None };
        let Some(service) = self.service().await else { return down };
        service.send(letter).await.unwrap_or_else(|error| {
            debug!(error = &error as &dyn std::error::Error, "push service not reached");
            // Its folder is read again: it may listen elsewhere by now.
            *self.kept() = None;
            down
        })
    }

    /// The record takes note of what became of its push, and says when the next one is due.
    async fn tell(&self, slot: &Slot, order: &PushOrder, outcome: PushOutcome) {
        let now: Timestamp = self.clock.now();
        let mut state = slot.state.lock().await;
        self.registry.stats.pushed(outcome);
        if outcome == PushOutcome::Accepted {
            self.registry.watch.saw(|| Seen::Pushed { device: state.record.id });
        }
        let told = self.registry.decide(&mut state, |record| record.pushed(now, order, outcome));
        if let Err(error) = told.await {
            warn!(error = &error as &dyn std::error::Error, "outcome of a push not stored");
            let later = now.after(LOOK_AGAIN_AFTER);
            self.registry.pushes.set(state.record.id, Some(later));
        }
    }

    /// The services as they were reached last, or as their folder describes them now.
    async fn service(&self) -> Option<Service> {
        if let Some(service) = self.kept().clone() {
            return Some(service);
        }
        let access = self.access.clone();
        let read = spawn_blocking(move || access.client(PUSH_WITHIN)).await;
        match read.expect("reading the folder does not panic") {
            Ok((http, address)) => Some(self.kept().insert(Service::new(http, address)).clone()),
            Err(error) => {
                debug!(error = &error as &dyn std::error::Error, "push service not known yet");
                None
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Service>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Weather {
    /// How many pushes may be out when the service is left alone, tried, or trusted.
    fn turns_at_once(&self) -> usize {
        if Instant::now() < self.closed_until { 0 } else { self.turns_max() }
    }

    /// After a failure one push shows whether the service is back.
    const fn turns_max(&self) -> usize {
        if self.failures == 0 { PUSHES_AT_ONCE } else { 1 }
    }

    fn note(&mut self, turn: &Turn) {
        match turn {
            Turn::Idle => {}
            Turn::Answered => self.failures = 0,
            Turn::Down { retry_after } => {
                let now = Instant::now();
                // Those that were out together are one failure.
                if now < self.closed_until {
                    return;
                }
                if self.failures == 0 {
                    warn!("push service takes nothing: pushes wait");
                }
                self.failures = self.failures.saturating_add(1);
                let pause = retry_after.unwrap_or_else(|| pause(self.failures));
                self.closed_until = now + pause.min(PAUSE_MAX);
            }
        }
    }
}

/// How long to leave the service alone after this many failures in a row.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    PAUSE_MIN.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_down_is_left_alone_longer_each_time_and_then_tried_with_one_push() {
        let mut weather = Weather { failures: 0, closed_until: Instant::now() };
        assert_eq!(weather.turns_at_once(), PUSHES_AT_ONCE);
        let mut last = Duration::ZERO;
        for _failure in 0..12 {
            weather.note(&Turn::Down { retry_after: None });
            weather.note(&Turn::Down { retry_after: None });
            assert_eq!(weather.turns_at_once(), 0);
            let pause = weather.closed_until - Instant::now();
            assert!(pause > last || pause == PAUSE_MAX, "{pause:?}");
            last = pause;
            tokio::time::advance(pause).await;
            assert_eq!(weather.turns_at_once(), 1);
        }
        assert_eq!(last, PAUSE_MAX);
        weather.note(&Turn::Answered);
        assert_eq!(weather.turns_at_once(), PUSHES_AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_says_how_long_is_believed_up_to_a_minute() {
        let mut weather = Weather { failures: 0, closed_until: Instant::now() };
        weather.note(&Turn::Down { retry_after: Some(Duration::from_secs(7)) });
        assert_eq!(weather.closed_until - Instant::now(), Duration::from_secs(7));
        tokio::time::advance(Duration::from_secs(7)).await;
        weather.note(&Turn::Down { retry_after: Some(Duration::from_secs(86_400)) });
        assert_eq!(weather.closed_until - Instant::now(), PAUSE_MAX);
    }
}
