//! All devices of this server: lets records decide and makes decisions durable.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use muster_admin::is_listed;
use muster_control::{CommandState, DeviceRecord, Readings, Writes};
use muster_protocol::DeviceId;
use muster_store::{CommitError, DeviceWrite, LoadError, Revision, Store, Transaction};

use crate::clock::Clock;
use crate::slot::{SessionNumber, Slot, SlotState};
use crate::stats::ServerStats;

/// How often a lost race is run again before it counts as a fault.
const RACES_MAX: usize = 8;

/// How many records are read from the store at once when a server starts.
const LOAD_PAGE: usize = 1_000;

/// A decision that could not be made durable. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecideError {
    /// The store refuses or failed.
    #[error("failed to store a decision about device {device}")]
    Store {
        /// Which device.
        device: DeviceId,
        /// Why.
        #[source]
        source: CommitError,
    },
    /// The record could not be read again after a lost race.
    #[error("failed to read device {device} again")]
    Reload {
        /// Which device.
        device: DeviceId,
        /// Why.
        #[source]
        source: LoadError,
    },
    /// The record is not in the store any more.
    #[error("device {device} has gone from the store")]
    Gone {
        /// Which device.
        device: DeviceId,
    },
    /// Somebody else was faster every time.
    #[error("device {device} was changed by others {RACES_MAX} times in a row")]
    Raced {
        /// Which device.
        device: DeviceId,
    },
}

/// All devices of this server.
#[derive(Debug)]
pub(crate) struct Registry {
    store: Store,
    slots: RwLock<BTreeMap<DeviceId, Arc<Slot>>>,
    clock: Clock,
    readings: Readings,
    sessions: AtomicU64,
    enrolled: AtomicU64,
    pub(crate) stats: Arc<ServerStats>,
}

impl Registry {
    /// Reads all devices from the store.
    pub(crate) async fn load(
        store: Store,
        stats: Arc<ServerStats>,
        clock: Clock,
    ) -> Result<Self, LoadError> {
        let (mut slots, mut enrolled) = (BTreeMap::new(), 0);
        let mut after = None;
        loop {
            let page = store.load_all(after, LOAD_PAGE).await?;
            after = page.last().map(|stored| stored.record.id);
            for stored in page {
                stats.live(0, stored.record.live_commands());
                enrolled += u64::from(is_listed(&stored.record));
                let id = stored.record.id;
                slots.insert(id, Arc::new(Slot::new(stored.record, stored.revision)));
            }
            if after.is_none() {
                break;
            }
        }
        let slots = RwLock::new(slots);
        let (sessions, enrolled) = (AtomicU64::new(1), AtomicU64::new(enrolled));
        let readings = Readings::default();
        Ok(Self { store, slots, clock, readings, sessions, enrolled, stats })
    }

    /// The same, with records that follow these readings of the documents.
    pub(crate) fn with_readings(self, readings: Readings) -> Self {
        Self { readings, ..self }
    }

    /// Which readings of the documents the records follow.
    pub(crate) const fn readings(&self) -> &Readings {
        &self.readings
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// A number no other session of this process has.
    pub(crate) fn session_number(&self) -> SessionNumber {
        SessionNumber(self.sessions.fetch_add(1, Ordering::Relaxed))
    }

    /// The place of a device.
    pub(crate) fn slot(&self, device: DeviceId) -> Option<Arc<Slot>> {
        self.read().get(&device).cloned()
    }

    /// Up to `limit` places after `after`, in the order of their ids.
    pub(crate) fn page(&self, after: Option<DeviceId>, limit: usize) -> Vec<Arc<Slot>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let slots = self.read();
        slots.range((from, Bound::Unbounded)).take(limit).map(|(_id, slot)| slot.clone()).collect()
    }

    /// How many devices are enrolled and not deleted.
    pub(crate) fn enrolled(&self) -> u64 {
        self.enrolled.load(Ordering::Relaxed)
    }

    /// How many devices there are, former lives included.
    pub(crate) fn len(&self) -> usize {
        self.read().len()
    }

    /// Makes room for a device that has just become durable.
    pub(crate) fn insert(&self, record: DeviceRecord, revision: Revision) {
        let id = record.id;
        self.enrolled.fetch_add(1, Ordering::Relaxed);
        let slot = Arc::new(Slot::new(record, revision));
        self.slots.write().unwrap_or_else(PoisonError::into_inner).insert(id, slot);
    }

    /// Lets a record decide and returns once the decision is durable. The caller holds the lock.
    ///
    /// `decide` works on a copy and may be called again after a lost race. If the future is
    /// dropped while the store writes, the next decision finds the store ahead and reads again.
    ///
    /// Source: REQ-QUEUE-001, REQ-SESSION-011 (docs/protocol/session.md).
    pub(crate) async fn decide<T>(
        &self,
        state: &mut SlotState,
        decide: impl Fn(&mut DeviceRecord) -> T,
    ) -> Result<T, DecideError> {
        let device = state.record.id;
        for _race in 0..RACES_MAX {
            let mut next = state.record.clone();
            let answer = decide(&mut next);
            let ended = next.take_writes();
            if ended.is_empty() {
                state.record = next;
                return Ok(answer);
            }
            match self.store.commit(transaction(&next, state.revision, &ended)).await {
                Ok(revisions) => {
                    self.count(&state.record, &next, &ended);
                    state.record = next;
                    state.revision = revisions.first().copied().unwrap_or(state.revision);
                    return Ok(answer);
                }
                Err(CommitError::Conflict { .. }) => self.reload(state).await?,
                Err(source) => return Err(DecideError::Store { device, source }),
            }
        }
        Err(DecideError::Raced { device })
    }

    async fn reload(&self, state: &mut SlotState) -> Result<(), DecideError> {
        let device = state.record.id;
        let loaded = self.store.load(device).await;
        let loaded = loaded.map_err(|source| DecideError::Reload { device, source })?;
        let stored = loaded.ok_or(DecideError::Gone { device })?;
        self.account(&state.record, &stored.record);
        state.record = stored.record;
        state.revision = stored.revision;
        Ok(())
    }

    /// Counts what a durable decision ended and started.
    pub(crate) fn count(&self, before: &DeviceRecord, after: &DeviceRecord, writes: &Writes) {
        self.account(before, after);
        let now = self.clock.now();
        for command in &writes.commands {
            match command.state {
                CommandState::InFlight => ServerStats::count(&self.stats.attempts),
                CommandState::Queued | CommandState::NotNow | CommandState::AtService => {}
                CommandState::Done { .. }
                | CommandState::Failed { .. }
                | CommandState::NotSupported { .. }
                | CommandState::Canceled { .. } => {
                    if !had_ended(before, command.sequence) {
                        self.stats.command_ended(now.since(command.accepted_at));
                    }
                }
            }
        }
    }

    /// Keeps the gauges in step with a record that takes another's place.
    fn account(&self, before: &DeviceRecord, after: &DeviceRecord) {
        self.stats.live(before.live_commands(), after.live_commands());
        // A deleted device that refuses to go is listed again.
        match (is_listed(before), is_listed(after)) {
            (true, false) => drop(self.enrolled.fetch_sub(1, Ordering::Relaxed)),
            (false, true) => drop(self.enrolled.fetch_add(1, Ordering::Relaxed)),
            (true, true) | (false, false) => {}
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<DeviceId, Arc<Slot>>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn transaction(record: &DeviceRecord, revision: Revision, writes: &Writes) -> Transaction {
    let write = DeviceWrite::of(record, Some(revision), writes.clone());
    Transaction { devices: vec![write], tokens: Vec::new() }
}

/// A passcode that is blanked later writes a command again that has ended long ago.
fn had_ended(record: &DeviceRecord, sequence: u64) -> bool {
    record.commands().any(|row| row.sequence == sequence && row.state.is_terminal())
}
