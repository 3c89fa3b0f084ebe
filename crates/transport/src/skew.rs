//! Time that can be moved ahead, so that a run need not wait for a certificate to expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use tokio::sync::watch;
use tokio::time::Instant;

/// How far the time of a run is ahead of the machine's: nothing, until somebody moves it.
///
/// One handle is shared by everything that asks what time it is: the server, its fleet, and TLS
/// where it looks at certificates. Time only moves forward.
#[derive(Clone, Debug, Default)]
pub struct Skew {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    ahead_us: AtomicU64,
    moved: watch::Sender<()>,
    machine: Machine,
}

/// The clock a run's time is ahead of.
#[derive(Debug, Default)]
enum Machine {
    /// The system's.
    #[default]
    System,
    /// The runtime's, which was somewhere when it was this late.
    Runtime { wall: SystemTime, at: Instant },
}

/// Tells when time has moved.
#[derive(Debug)]
pub struct Moves {
    moved: watch::Receiver<()>,
}

impl Skew {
    /// Time that runs as the runtime's does, from `wall` on: with paused time the same moments come
    /// again in every run. Has to be called within that runtime.
    #[must_use]
    pub fn of_runtime(wall: SystemTime) -> Self {
        let machine = Machine::Runtime { wall, at: Instant::now() };
        Self { shared: Arc::new(Shared { machine, ..Shared::default() }) }
    }

    /// Moves time ahead for everybody who shares this handle, and tells those who wait for it.
    pub fn advance(&self, span: Duration) {
        let span_us = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        // Saturating, so that time never runs backwards.
        let moved = |ahead_us: u64| Some(ahead_us.saturating_add(span_us));
        let _always = self.shared.ahead_us.fetch_update(Ordering::AcqRel, Ordering::Acquire, moved);
        self.shared.moved.send_replace(());
    }

    /// How far time is ahead.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        Duration::from_micros(self.shared.ahead_us.load(Ordering::Acquire))
    }

    /// The wall time of the run.
    #[must_use]
    pub fn wall(&self) -> SystemTime {
        let now = self.machine();
        now.checked_add(self.ahead()).unwrap_or(now)
    }

    /// The wall time nobody has moved.
    #[must_use]
    pub fn machine(&self) -> SystemTime {
        match self.shared.machine {
            Machine::System => SystemTime::now(),
            Machine::Runtime { wall, at } => wall + at.elapsed(),
        }
    }

    /// The moves from now on.
    #[must_use]
    pub fn moves(&self) -> Moves {
        Moves { moved: self.shared.moved.subscribe() }
    }
}

impl Moves {
    /// Waits until time has moved since the last call; for ever if nobody can move it any more.
    ///
    /// Cancel safe: yes.
    pub async fn next(&mut self) {
        if self.moved.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

/// What TLS holds certificates against.
impl TimeProvider for Skew {
    fn current_time(&self) -> Option<UnixTime> {
        let since = self.wall().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn time_moves_forward_for_everybody_who_shares_it() {
        let (ours, strangers) = (Skew::default(), Skew::default());
        let theirs = ours.clone();
        ours.advance(DAY);
        theirs.advance(DAY);
        assert_eq!(ours.ahead(), DAY * 2);
        assert_eq!(strangers.ahead(), Duration::ZERO);
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        let skew = Skew::default();
        skew.advance(Duration::MAX);
        skew.advance(DAY);
        assert_eq!(skew.ahead(), Duration::from_micros(u64::MAX));
        assert!(skew.current_time().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn time_of_a_runtime_passes_as_that_runtime_has_it() {
        let began = SystemTime::UNIX_EPOCH + DAY;
        let skew = Skew::of_runtime(began);
        tokio::time::advance(DAY).await;
        skew.advance(DAY);
        assert_eq!(skew.machine(), began + DAY);
        assert_eq!(skew.wall(), began + DAY * 2);
    }

    #[tokio::test]
    async fn a_move_while_nobody_waits_is_still_told() {
        let skew = Skew::default();
        let mut moves = skew.moves();
        skew.advance(DAY);
        moves.next().await;
        assert_eq!(skew.ahead(), DAY);
    }
}
