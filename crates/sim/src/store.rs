//! The disk of the simulated server: what is written survives a crash.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use muster_control::{CommandRecord, DeviceRecord, Writes};
use muster_protocol::{CommandId, DeviceId, Timestamp};

/// Rows of one device.
#[derive(Clone, Debug)]
struct Rows {
    device: DeviceRecord,
    commands: BTreeMap<u64, CommandRecord>,
}

/// The disk cannot take a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the disk is full")]
pub(crate) struct Full;

/// All rows.
#[derive(Debug, Default)]
pub(crate) struct Store {
    rows: BTreeMap<DeviceId, Rows>,
    full_until: Timestamp,
    /// Says "written" to the next write, and writes nothing: for a planted fault only.
    forgets_next: bool,
}

impl Store {
    /// Takes no write before `until`.
    pub(crate) fn fill(&mut self, until: Timestamp) {
        self.full_until = self.full_until.max(until);
    }

    pub(crate) fn forgets_next(&mut self) {
        self.forgets_next = true;
    }

    /// Has room again.
    pub(crate) fn calm(&mut self) {
        self.full_until = Timestamp::ZERO;
    }

    /// Writes what changed of one record.
    pub(crate) fn commit(
        &mut self,
        now: Timestamp,
        record: &DeviceRecord,
        writes: &Writes,
    ) -> Result<(), Full> {
        if now < self.full_until {
            return Err(Full);
        }
        if core::mem::take(&mut self.forgets_next) {
            return Ok(());
        }
        let fresh = || Rows { device: record.clone(), commands: BTreeMap::new() };
        let rows = self.rows.entry(record.id).or_insert_with(fresh);
        if writes.device_changed {
            rows.device = record.clone();
        }
        let commands = writes.commands.iter().map(|row| (row.sequence, row.clone()));
        rows.commands.extend(commands);
        Ok(())
    }

    /// Reads everything back, as a server that starts does.
    pub(crate) fn load(&self) -> Vec<DeviceRecord> {
        let restore = |rows: &Rows| {
            let commands = rows.commands.values().cloned().collect();
            DeviceRecord::restore(rows.device.clone(), commands)
        };
        self.rows.values().map(restore).collect()
    }

    /// Every command ever stored.
    pub(crate) fn commands(&self) -> impl Iterator<Item = (DeviceId, CommandId)> {
        self.rows.values().flat_map(|rows| {
            let life = rows.device.id;
            rows.commands.values().map(move |row| (life, row.id))
        })
    }
}
