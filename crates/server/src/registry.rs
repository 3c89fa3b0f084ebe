//! All devices of this server: lets records decide and makes decisions durable.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use muster_admin::is_listed;
use muster_control::{CommandRecord, CommandState, DeviceRecord, Readings, Writes};
use muster_protocol::{CommandId, DeviceId, SerialNumber, Timestamp};
use muster_store::{
    CommitError, DeviceWrite, DocumentWrite, LoadError, Revision, Store, Transaction,
};
use tracing::trace;

use crate::black_box::What;
use crate::chance::Chance;
use crate::clock::{Clock, unix_us};
use crate::crash::Crashes;
use crate::planted;
use crate::policies::Policies;
use crate::push::PushQueue;
use crate::slot::{Presence, SessionNumber, Slot, SlotState};
use crate::stats::ServerStats;
use crate::watch::{CommandEnd, Seen, Watched};

/// How often a lost race is run again before it counts as a fault.
const RACES_MAX: usize = 8;

/// How many records are read from the store at once when a server starts.
const LOAD_PAGE: usize = 1_000;

/// What becomes of a decision while too much waits for the store.
///
/// A session that could not store an answer would have to end, and its device would come again with
/// the same answer: more work for a server that has too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressure {
    /// It waits: it finishes what was begun.
    Waits,
    /// It is refused: it is new work.
    IsRefused,
}

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
    places: RwLock<Places>,
    pub(crate) clock: Clock,
    readings: Readings,
    chance: Chance,
    sessions: AtomicU64,
    enrolled: AtomicU64,
    /// Devices that are to be woken.
    pub(crate) pushes: PushQueue,
    /// What is asked of devices.
    pub(crate) policies: Policies,
    /// Where this server is to die.
    pub(crate) crashes: Crashes,
    pub(crate) stats: Arc<ServerStats>,
    /// Who looks on.
    pub(crate) watch: Watched,
}

/// Where the devices are, former lives included.
#[derive(Debug, Default)]
struct Places {
    slots: BTreeMap<DeviceId, Arc<Slot>>,
    /// The latest life of each piece of hardware, and when it began.
    latest_by_serial: BTreeMap<SerialNumber, (Timestamp, DeviceId)>,
}

impl Places {
    fn insert(&mut self, record: DeviceRecord, revision: Revision) {
        let life = (record.enrolled_at, record.id);
        let latest = self.latest_by_serial.entry(record.facts.serial.clone()).or_insert(life);
        *latest = life.max(*latest);
        self.slots.insert(record.id, Arc::new(Slot::new(record, revision)));
    }
}

impl Registry {
    /// Reads all devices from the store.
    pub(crate) async fn load(
        store: Store,
        stats: Arc<ServerStats>,
        clock: Clock,
    ) -> Result<Self, LoadError> {
        let (mut places, mut enrolled) = (Places::default(), 0);
        let mut after = None;
        loop {
            let page = store.load_all(after, LOAD_PAGE).await?;
            after = page.last().map(|stored| stored.record.id);
            for stored in page {
                stats.live(0, stored.record.live_commands());
                enrolled += u64::from(is_listed(&stored.record));
                places.insert(planted::loaded(stored.record), stored.revision);
            }
            if after.is_none() {
                break;
            }
        }
        let policies = Policies::load(&store).await?;
        let places = RwLock::new(places);
        let (sessions, enrolled) = (AtomicU64::new(1), AtomicU64::new(enrolled));
        let (readings, chance) = (Readings::default(), Chance::System);
        let (pushes, crashes) = (PushQueue::default(), Crashes::default());
        Ok(Self {
            store,
            places,
            clock,
            readings,
            chance,
            sessions,
            enrolled,
            pushes,
            policies,
            crashes,
            stats,
            watch: Watched::default(),
        })
    }

    /// The same, with records that follow these readings of the documents.
    pub(crate) fn with_readings(self, readings: Readings) -> Self {
        Self { readings, ..self }
    }

    /// The same, with pushes that somebody sends.
    pub(crate) fn with_pushes(self, pushes: PushQueue) -> Self {
        Self { pushes, ..self }
    }

    /// The same, of a server that is to die at these points.
    pub(crate) fn with_crashes(self, crashes: Crashes) -> Self {
        Self { crashes, ..self }
    }

    /// The same, with somebody who looks on.
    pub(crate) fn with_watch(self, watch: Watched) -> Self {
        Self { watch, ..self }
    }

    /// The same, with ids that are drawn from somewhere else than the system.
    pub(crate) fn with_chance(self, chance: Chance) -> Self {
        Self { chance, ..self }
    }

    /// The id of a device that enrols now.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn new_device_id(&self) -> Result<DeviceId, getrandom::Error> {
        self.chance.device_id(unix_us(self.clock.skew()) / 1_000)
    }

    /// The id of a command that is accepted now.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn new_command_id(&self) -> Result<CommandId, getrandom::Error> {
        self.chance.command_id(unix_us(self.clock.skew()) / 1_000)
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
        self.read().slots.get(&device).cloned()
    }

    /// The place of the latest life of a piece of hardware, whether that life is over or not.
    pub(crate) fn latest_life(&self, serial: &SerialNumber) -> Option<Arc<Slot>> {
        self.latest_place(serial).map(|(_device, slot)| slot)
    }

    /// The same, and which life that is.
    pub(crate) fn latest_place(&self, serial: &SerialNumber) -> Option<(DeviceId, Arc<Slot>)> {
        let places = self.read();
        let (_since, device) = places.latest_by_serial.get(serial)?;
        Some((*device, places.slots.get(device)?.clone()))
    }

    /// Up to `limit` places after `after`, in the order of their ids.
    pub(crate) fn page(&self, after: Option<DeviceId>, limit: usize) -> Vec<(DeviceId, Arc<Slot>)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let places = self.read();
        let slots = places.slots.range((from, Bound::Unbounded));
        slots.take(limit).map(|(id, slot)| (*id, slot.clone())).collect()
    }

    /// How many devices are enrolled and not deleted.
    pub(crate) fn enrolled(&self) -> u64 {
        self.enrolled.load(Ordering::Relaxed)
    }

    /// How many devices there are, former lives included.
    pub(crate) fn len(&self) -> usize {
        self.read().slots.len()
    }

    /// How many devices have a management connection now.
    pub(crate) fn connected(&self) -> u64 {
        let places = self.read();
        places.slots.values().map(|slot| u64::from(slot.is_held())).sum()
    }

    /// Makes room for a device that has just become durable.
    pub(crate) fn insert(&self, record: DeviceRecord, revision: Revision) {
        self.enrolled.fetch_add(1, Ordering::Relaxed);
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        let id = record.id;
        places.insert(record, revision);
        if let Some(slot) = places.slots.get(&id) {
            slot.black_box.note(self.clock.now(), What::Enrolled);
        }
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
        self.decide_as(Pressure::Waits, state, decide, |_answer| Vec::new()).await
    }

    /// The same for new work. Refused while too much waits for the store.
    pub(crate) async fn decide_new<T>(
        &self,
        state: &mut SlotState,
        decide: impl Fn(&mut DeviceRecord) -> T,
    ) -> Result<T, DecideError> {
        self.decide_along(state, decide, |_answer| Vec::new()).await
    }

    /// The same with documents that become durable along with the decision, if it comes to one.
    pub(crate) async fn decide_along<T>(
        &self,
        state: &mut SlotState,
        decide: impl Fn(&mut DeviceRecord) -> T,
        along: impl Fn(&T) -> Vec<DocumentWrite>,
    ) -> Result<T, DecideError> {
        self.decide_as(Pressure::IsRefused, state, decide, along).await
    }

    async fn decide_as<T>(
        &self,
        under_pressure: Pressure,
        state: &mut SlotState,
        decide: impl Fn(&mut DeviceRecord) -> T,
        along: impl Fn(&T) -> Vec<DocumentWrite>,
    ) -> Result<T, DecideError> {
        let device = state.record.id;
        for _race in 0..RACES_MAX {
            let mut next = state.record.clone();
            let answer = decide(&mut next);
            let ended = next.take_writes();
            let documents = along(&answer);
            let is_lost = planted::loses_write(&state.record, &next);
            if is_lost || (ended.is_empty() && documents.is_empty()) {
                state.record = next;
                self.note_push(state);
                return Ok(answer);
            }
            let steps = self.crashes.steps(&state.record, &next, &ended);
            self.crashes.before(&steps);
            let written = transaction(&next, state.revision, &ended, documents);
            match self.commit(under_pressure, written).await {
                Ok(revisions) => {
                    self.crashes.after(&steps);
                    self.count(&state.record, &next, &ended);
                    state.record = next;
                    state.revision = revisions.first().copied().unwrap_or(state.revision);
                    state.black_box.decided(self.clock.now(), &ended, state.revision);
                    self.note_push(state);
                    return Ok(answer);
                }
                Err(CommitError::Conflict { .. }) => self.reload(state).await?,
                Err(source) => {
                    state.black_box.note(self.clock.now(), What::NotStored);
                    return Err(DecideError::Store { device, source });
                }
            }
        }
        Err(DecideError::Raced { device })
    }

    async fn commit(
        &self,
        under_pressure: Pressure,
        transaction: Transaction,
    ) -> Result<Vec<Revision>, CommitError> {
        match under_pressure {
            Pressure::Waits => self.store.commit_in_turn(transaction).await,
            Pressure::IsRefused => self.store.commit(transaction).await,
        }
    }

    /// Puts the next push of a device that is away in line. One that is here needs none: its
    /// session ends with a decision.
    ///
    /// Source: REQ-PUSH-003 (docs/protocol/push.md).
    pub(crate) fn note_push(&self, state: &SlotState) {
        if state.presence == Presence::Away && state.record.push.is_some() {
            self.pushes.set(state.record.id, state.record.next_push(&self.readings));
        }
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
            let (number, state) = (command.sequence, command.state.stage().name());
            trace!(target: "timeline", device_id = %after.id, number, state, "command");
            match command.state {
                CommandState::InFlight => ServerStats::count(&self.stats.attempts),
                CommandState::Queued | CommandState::NotNow | CommandState::AtService => {}
                CommandState::Done { .. }
                | CommandState::Failed { .. }
                | CommandState::NotSupported { .. }
                | CommandState::Canceled { .. } => {
                    if !had_ended(before, command.sequence) {
                        self.stats.command_ended(now.since(command.accepted_at));
                        self.tell_end(command);
                    }
                }
            }
        }
    }

    fn tell_end(&self, command: &CommandRecord) {
        if let Some(end) = CommandEnd::of(&command.state) {
            self.watch.saw(|| Seen::Ended { command: command.id, end });
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

    fn read(&self) -> RwLockReadGuard<'_, Places> {
        self.places.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn transaction(
    record: &DeviceRecord,
    revision: Revision,
    writes: &Writes,
    documents: Vec<DocumentWrite>,
) -> Transaction {
    let write = DeviceWrite::of(record, Some(revision), writes.clone());
    Transaction { devices: vec![write], tokens: Vec::new(), documents }
}

/// A passcode that is blanked later writes a command again that has ended long ago. One that was
/// found withdrawn when its record was read ends with the write.
fn had_ended(record: &DeviceRecord, sequence: u64) -> bool {
    !record.is_unwritten(sequence)
        && record.commands().any(|row| row.sequence == sequence && row.state.is_terminal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::End;
    use crate::tokens::profiles;
    use muster_control::{KeyFingerprint, NewLife};
    use muster_protocol::{CloseCode, DeviceFacts, Mode, OperatingSystem, OsVersion, Policy};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    fn life(number: u8, began_us: u64) -> DeviceRecord {
        let facts = DeviceFacts {
            serial: "ONE".parse().unwrap(),
            model: "iPhone15,2".to_owned(),
            operating_system: OperatingSystem::Ios,
            os_version: OsVersion::major(17),
            mode: Mode::AppleDeviceSupervised,
        };
        let id = DeviceId::from_bytes([number; 16]);
        let key = KeyFingerprint([number; 32]);
        let [profile, _] = profiles();
        DeviceRecord::new(Timestamp::from_micros(began_us), NewLife { id, facts, key, profile })
    }

    /// What comes of this without waiting.
    fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(came) => Some(came),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn a_hello_is_refused_while_too_much_waits_for_the_store_and_what_has_begun_waits() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::sqlite(&folder.path().join("muster.db")).unwrap();
        store.disk().slow(Duration::from_secs(60));
        let skew = muster_transport::Skew::default();
        let clock = Clock::since_epoch(unix_us(&skew), skew);
        let registry = Registry::load(store, Arc::default(), clock).await.unwrap();
        let slot = Slot::new(life(1, 1), Revision::FIRST);
        let mut state = slot.state.lock().await;
        let change = |record: &mut DeviceRecord| record.set_policy(Timestamp::ZERO, Policy::NONE);
        // Each that is not refused takes room in the line.
        let refused = loop {
            if let Some(decided) = at_once(registry.decide_new(&mut state, change)) {
                break decided.unwrap_err();
            }
        };
        assert!(matches!(refused, DecideError::Store { source: CommitError::Full, .. }));
        assert!(matches!(End::from(refused), End::Close(CloseCode::RetryLater)));
        assert!(at_once(registry.decide(&mut state, change)).is_none());
    }

    #[test]
    fn the_latest_life_of_a_device_is_known_in_whatever_order_its_lives_are_read() {
        let (first, last) = (life(2, 1), life(1, 9));
        for lives in [[first.clone(), last.clone()], [last.clone(), first.clone()]] {
            let mut places = Places::default();
            for life in lives {
                places.insert(life, Revision::FIRST);
            }
            let (_began, latest) = places.latest_by_serial[&first.facts.serial];
            assert_eq!((latest, places.slots.len()), (last.id, 2));
        }
    }
}
