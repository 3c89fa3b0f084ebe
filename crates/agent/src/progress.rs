//! What the fleet has done so far, counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use muster_protocol::{CloseCode, CommandId};
use tokio::sync::Notify;
use tracing::warn;

use crate::ledger::{Effect, GENERATION_MAX, Ledger};

/// Counters of a fleet at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FleetProgress {
    /// Devices in the fleet.
    pub devices: u64,
    /// Devices that are enrolled now.
    pub enrolled: u64,
    /// Devices that have a management connection now, welcomed by the server.
    pub connected: u64,
    /// Devices whose user looks at them now; none in a fleet without people.
    pub in_use: u64,
    /// Devices nobody can use now: in Lost Mode, or asking for the account of an Activation Lock.
    pub locked: u64,
    /// Devices that were enrolled and are not now: wiped or retired.
    pub left: u64,
    /// Pushes that have reached a device.
    pub pushes: u64,
    /// Effects of commands.
    pub executed: u64,
    /// Effects of commands that had their effect on the same device before: must stay 0.
    pub executed_twice: u64,
    /// Bytes of frames sent, without those of QUIC.
    pub bytes_sent: u64,
    /// Bytes of frames received, without those of QUIC.
    pub bytes_received: u64,
    /// Attempts to enrol or connect that came to nothing.
    pub connect_failures: u64,
    /// Welcomed connections of devices that were welcomed before.
    pub reconnects: u64,
    /// Enrolments the server refused for good.
    pub enrolments_refused: u64,
    /// Devices that stay away because coming back cannot help.
    pub given_up: u64,
}

/// What a fleet has to say at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetSummary {
    /// The counters as they stood before the connections were closed.
    pub progress: FleetProgress,
    /// How often the server closed, by code.
    pub closes: BTreeMap<CloseCode, u64>,
    /// Connections that ended without a code: lost, timed out, reset.
    pub losses: u64,
    /// Handshakes that TLS refused, on either side.
    pub handshake_failures: u64,
    /// Effects no longer remembered, so that a second one would not be noticed.
    pub effects_forgotten: u64,
    /// Devices whose task did not end within the time of the stop.
    pub cut: u64,
}

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Executed,
    Push,
    ConnectFailure,
    Reconnect,
    EnrolmentRefused,
    GivenUp,
    Loss,
    HandshakeFailure,
}

/// Something a device is or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gauge {
    Enrolled,
    Connected,
    InUse,
    Locked,
    Left,
}

/// A direction of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    Sent,
    Received,
}

/// The counters themselves.
#[derive(Debug)]
pub(crate) struct Counters {
    devices: u64,
    enrolled: AtomicU64,
    connected: AtomicU64,
    in_use: AtomicU64,
    locked: AtomicU64,
    left: AtomicU64,
    pushes: AtomicU64,
    executed: AtomicU64,
    executed_twice: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    connect_failures: AtomicU64,
    reconnects: AtomicU64,
    enrolments_refused: AtomicU64,
    given_up: AtomicU64,
    losses: AtomicU64,
    handshake_failures: AtomicU64,
    closes: Mutex<BTreeMap<CloseCode, u64>>,
    ledger: Mutex<Ledger>,
    moves: AtomicU64,
    moves_seen: AtomicU64,
    moved: Notify,
}

impl Counters {
    pub(crate) fn new(devices: u64) -> Self {
        Self {
            devices,
            enrolled: AtomicU64::new(0),
            connected: AtomicU64::new(0),
            in_use: AtomicU64::new(0),
            locked: AtomicU64::new(0),
            left: AtomicU64::new(0),
            pushes: AtomicU64::new(0),
            executed: AtomicU64::new(0),
            executed_twice: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
            connect_failures: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            enrolments_refused: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            losses: AtomicU64::new(0),
            handshake_failures: AtomicU64::new(0),
            closes: Mutex::new(BTreeMap::new()),
            ledger: Mutex::new(Ledger::new(GENERATION_MAX)),
            moves: AtomicU64::new(0),
            moves_seen: AtomicU64::new(0),
            moved: Notify::new(),
        }
    }

    pub(crate) fn count(&self, what: Count) {
        let counter = match what {
            Count::Executed => &self.executed,
            Count::Push => &self.pushes,
            Count::ConnectFailure => &self.connect_failures,
            Count::Reconnect => &self.reconnects,
            Count::EnrolmentRefused => &self.enrolments_refused,
            Count::GivenUp => &self.given_up,
            Count::Loss => &self.losses,
            Count::HandshakeFailure => &self.handshake_failures,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.announce();
    }

    pub(crate) fn enter(&self, gauge: Gauge) {
        self.gauge(gauge).fetch_add(1, Ordering::Relaxed);
        self.announce();
    }

    pub(crate) fn leave(&self, gauge: Gauge) {
        self.gauge(gauge).fetch_sub(1, Ordering::Relaxed);
        self.announce();
    }

    /// Counts bytes. Wakes nobody: they come with everything else.
    pub(crate) fn bytes(&self, direction: Bytes, count: u64) {
        let counter = match direction {
            Bytes::Sent => &self.bytes_sent,
            Bytes::Received => &self.bytes_received,
        };
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self, code: CloseCode) {
        let mut closes = self.closes.lock().unwrap_or_else(PoisonError::into_inner);
        *closes.entry(code).or_default() += 1;
        drop(closes);
        self.announce();
    }

    /// Counts an effect on the device with this index.
    pub(crate) fn executed(&self, index: u32, command: CommandId) -> Effect {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let knew_all = ledger.forgotten() == 0;
        let effect = ledger.record(index, command);
        let forgets = knew_all && ledger.forgotten() > 0;
        drop(ledger);
        if forgets {
            warn!(GENERATION_MAX, "the oldest effects are forgotten from now on");
        }
        if effect == Effect::Again {
            self.executed_twice.fetch_add(1, Ordering::Relaxed);
        }
        self.count(Count::Executed);
        effect
    }

    /// The counters now; [`Self::changed`] waits for moves after this.
    pub(crate) fn progress(&self) -> FleetProgress {
        let moves = self.moves.load(Ordering::Acquire);
        self.moves_seen.store(moves, Ordering::Release);
        self.look()
    }

    pub(crate) fn summary(&self, progress: FleetProgress, cut: u64) -> FleetSummary {
        let closes = self.closes.lock().unwrap_or_else(PoisonError::into_inner);
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        FleetSummary {
            progress,
            closes: closes.clone(),
            losses: self.losses.load(Ordering::Relaxed),
            handshake_failures: self.handshake_failures.load(Ordering::Relaxed),
            effects_forgotten: ledger.forgotten(),
            cut,
        }
    }

    /// Waits for a move after the last [`Self::progress`].
    pub(crate) async fn changed(&self) {
        let seen = self.moves_seen.load(Ordering::Acquire);
        self.moved_since(seen).await;
    }

    /// Waits until the counters meet a condition.
    pub(crate) async fn until(&self, condition: impl Fn(&FleetProgress) -> bool) -> FleetProgress {
        loop {
            let moves = self.moves.load(Ordering::Acquire);
            let progress = self.look();
            if condition(&progress) {
                return progress;
            }
            self.moved_since(moves).await;
        }
    }

    async fn moved_since(&self, moves: u64) {
        loop {
            let moved = self.moved.notified();
            if self.moves.load(Ordering::Acquire) != moves {
                return;
            }
            moved.await;
        }
    }

    /// The counters now, for somebody who does not wait for moves.
    pub(crate) fn look(&self) -> FleetProgress {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FleetProgress {
            devices: self.devices,
            enrolled: read(&self.enrolled),
            connected: read(&self.connected),
            in_use: read(&self.in_use),
            locked: read(&self.locked),
            left: read(&self.left),
            pushes: read(&self.pushes),
            executed: read(&self.executed),
            executed_twice: read(&self.executed_twice),
            bytes_sent: read(&self.bytes_sent),
            bytes_received: read(&self.bytes_received),
            connect_failures: read(&self.connect_failures),
            reconnects: read(&self.reconnects),
            enrolments_refused: read(&self.enrolments_refused),
            given_up: read(&self.given_up),
        }
    }

    const fn gauge(&self, gauge: Gauge) -> &AtomicU64 {
        match gauge {
            Gauge::Enrolled => &self.enrolled,
            Gauge::Connected => &self.connected,
            Gauge::InUse => &self.in_use,
            Gauge::Locked => &self.locked,
            Gauge::Left => &self.left,
        }
    }

    fn announce(&self) {
        self.moves.fetch_add(1, Ordering::AcqRel);
        self.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_move_between_looking_and_waiting_is_not_missed() {
        let counters = Counters::new(1);
        assert_eq!(counters.progress().enrolled, 0);
        counters.enter(Gauge::Enrolled);
        assert!(poll(pin!(counters.changed())).is_ready());
        assert_eq!(counters.progress().enrolled, 1);
        let mut changed = pin!(counters.changed());
        assert!(poll(changed.as_mut()).is_pending());
        counters.leave(Gauge::Enrolled);
        assert!(poll(changed.as_mut()).is_ready());
    }

    #[test]
    fn a_condition_is_met_in_the_moment_its_counter_moves() {
        let counters = Counters::new(1);
        let mut until = pin!(counters.until(|progress| progress.reconnects == 2));
        assert!(poll(until.as_mut()).is_pending());
        counters.count(Count::Reconnect);
        assert!(poll(until.as_mut()).is_pending());
        counters.count(Count::Reconnect);
        assert!(poll(until.as_mut()).is_ready());
    }

    #[test]
    fn a_second_effect_counts_as_executed_and_as_twice() {
        let counters = Counters::new(1);
        let command = CommandId::from_bytes([1; 16]);
        assert_eq!(counters.executed(0, command), Effect::First);
        assert_eq!(counters.executed(0, command), Effect::Again);
        let progress = counters.progress();
        assert_eq!((progress.executed, progress.executed_twice), (2, 1));
    }

    #[test]
    fn closes_are_counted_by_code() {
        let counters = Counters::new(1);
        counters.closed(CloseCode::RetryLater);
        counters.closed(CloseCode::RetryLater);
        counters.closed(CloseCode::Done);
        let summary = counters.summary(counters.progress(), 0);
        assert_eq!(summary.closes.get(&CloseCode::RetryLater), Some(&2));
        assert_eq!(summary.closes.get(&CloseCode::Done), Some(&1));
    }
}
