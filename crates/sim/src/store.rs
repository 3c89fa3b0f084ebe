//! The disk of the simulated server: what is written survives a crash.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use muster_control::{CommandRecord, DeviceRecord, Writes};
use muster_protocol::{CommandId, DeviceId, Timestamp};

use crate::armed::{Armed, striking};
use crate::fault::{Fault, Moment};

/// Rows of one device.
#[derive(Clone, Debug)]
struct Rows {
    device: DeviceRecord,
    commands: BTreeMap<u64, CommandRecord>,
}

/// Why a write came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failed {
    /// It is not written.
    #[error("the disk is full")]
    Full,
    /// It is not written, and there is no server any more to hear of it.
    #[error("the server died before it had written")]
    DiedBefore,
    /// It is written, and there is no server any more to hear of it.
    #[error("the server died after it had written")]
    DiedAfter,
}

/// All rows.
#[derive(Debug, Default)]
pub(crate) struct Store {
    rows: BTreeMap<DeviceId, Rows>,
    full_until: Timestamp,
    /// Crashes that wait for a write.
    pub(crate) fuses: Vec<Armed>,
    /// The server has died in a write, and for how long.
    blown: Option<Duration>,
    /// Says "written" to the next write, and writes nothing: for a planted fault only.
    forgets_next: bool,
}

impl Store {
    /// Takes no write before `until`.
    pub(crate) fn fill(&mut self, until: Timestamp) {
        self.full_until = self.full_until.max(until);
    }

    pub(crate) const fn forgets_next(&mut self) {
        self.forgets_next = true;
    }

    /// Has room again, and nobody dies any more.
    pub(crate) fn calm(&mut self) {
        self.full_until = Timestamp::ZERO;
        self.fuses.clear();
    }

    /// For how long the server is gone that died in a write, once.
    pub(crate) const fn take_blown(&mut self) -> Option<Duration> {
        self.blown.take()
    }

    /// Writes what changed of one record.
    pub(crate) fn commit(
        &mut self,
        now: Timestamp,
        record: &DeviceRecord,
        writes: &Writes,
    ) -> Result<(), Failed> {
        if self.blown.is_some() || self.burns(Moment::Committing) {
            return Err(Failed::DiedBefore);
        }
        if now < self.full_until {
            return Err(Failed::Full);
        }
        if core::mem::take(&mut self.forgets_next) {
            return Ok(());
        }
        self.write(record, writes);
        if self.burns(Moment::Committed) { Err(Failed::DiedAfter) } else { Ok(()) }
    }

    /// Whether the server dies at this moment.
    fn burns(&mut self, moment: Moment) -> bool {
        if self.fuses.is_empty() {
            return false;
        }
        for fault in striking(&mut self.fuses, moment) {
            if let Fault::ServerCrash { lasts } = fault {
                self.blown = Some(lasts);
            }
        }
        self.blown.is_some()
    }

    fn write(&mut self, record: &DeviceRecord, writes: &Writes) {
        let fresh = || Rows { device: record.clone(), commands: BTreeMap::new() };
        let rows = self.rows.entry(record.id).or_insert_with(fresh);
        if writes.device_changed {
            rows.device = record.clone();
        }
        let commands = writes.commands.iter().map(|row| (row.sequence, row.clone()));
        rows.commands.extend(commands);
    }

    /// Reads everything back, as a server that starts does.
    pub(crate) fn load(&self) -> Vec<DeviceRecord> {
        let restore = |rows: &Rows| {
            let commands = rows.commands.values().cloned().collect();
            DeviceRecord::restore(rows.device.clone(), commands)
        };
        self.rows.values().map(restore).collect()
    }

    /// When a stored command expires, as the disk has it.
    pub(crate) fn expiry(&self, life: DeviceId, command: CommandId) -> Option<Timestamp> {
        let mut rows = self.rows.get(&life)?.commands.values();
        rows.find(|row| row.id == command).map(|row| row.expires_at)
    }

    /// Every command ever stored.
    pub(crate) fn commands(&self) -> impl Iterator<Item = (DeviceId, CommandId)> {
        self.rows.values().flat_map(|rows| {
            let life = rows.device.id;
            rows.commands.values().map(move |row| (life, row.id))
        })
    }
}
