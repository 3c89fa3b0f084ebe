//! The same store without a file.
//!
//! It keeps text, as the file does, so that what can be read back is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_protocol::{CommandId, DeviceId, SerialNumber};

use crate::batch::{Batch, DeviceChange, TokenChange};
use crate::counts::Counts;
use crate::error::{BatchError, CommitError, LoadError};
use crate::row::{CommandRow, Pending};
use crate::rows::{Row, Rows};
use crate::transaction::{DeviceRow, DocumentPage, DocumentWrite, Enrolled, Revision};

#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    door: Door,
    groups: u64,
    tables: Tables,
}

#[derive(Clone, Copy, Default)]
enum Door {
    #[default]
    Open,
    Closed,
}

#[derive(Default)]
struct Tables {
    devices: BTreeMap<DeviceId, DeviceEntry>,
    enrolled: BTreeMap<SerialNumber, DeviceId>,
    commands: BTreeMap<Place, CommandRow>,
    places: BTreeMap<CommandId, Place>,
    tokens: BTreeMap<[u8; 32], Row>,
    documents: BTreeMap<(&'static str, String), String>,
    meta: BTreeMap<String, String>,
}

type Place = (DeviceId, u64);

struct DeviceEntry {
    revision: Revision,
    row: DeviceRow,
}

impl Memory {
    pub(crate) fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let mut shelf = self.shelf();
        match shelf.door {
            Door::Open => shelf.tables.commit(batch)?,
            Door::Closed => return Err(CommitError::Closed),
        }
        shelf.groups += 1;
        Ok(())
    }

    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&dyn Rows) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        let shelf = self.shelf();
        match shelf.door {
            Door::Open => query(&shelf.tables),
            Door::Closed => Err(LoadError::Closed),
        }
    }

    pub(crate) fn groups(&self) -> u64 {
        self.shelf().groups
    }

    pub(crate) fn close(&self) {
        let mut shelf = self.shelf();
        shelf.door = Door::Closed;
        shelf.tables = Tables::default();
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// What was there before a change, to put it back.
enum Undo {
    Device(DeviceId, Option<DeviceEntry>),
    Revision(DeviceId, Revision),
    Command(Place, CommandId, Option<CommandRow>),
    Token([u8; 32], Option<Row>),
}

impl Tables {
    fn commit(&mut self, batch: Batch) -> Result<(), CommitError> {
        let mut done = Vec::new();
        let outcome = self.apply(batch, &mut done);
        if outcome.is_err() {
            done.into_iter().rev().for_each(|undo| self.revert(undo));
        }
        outcome
    }

    /// The same checks in the same order as `sqlite/write.rs`.
    fn apply(&mut self, batch: Batch, done: &mut Vec<Undo>) -> Result<(), CommitError> {
        batch.devices.into_iter().try_for_each(|change| self.apply_device(change, done))?;
        batch.tokens.into_iter().try_for_each(|change| self.apply_token(change, done))?;
        // Nothing is refused from here on.
        batch.documents.into_iter().for_each(|write| self.apply_document(write));
        self.meta.extend(batch.meta);
        Ok(())
    }

    fn revert(&mut self, undo: Undo) {
        match undo {
            Undo::Device(id, before) => {
                self.place_device(id, before);
            }
            Undo::Revision(id, before) => {
                if let Some(entry) = self.devices.get_mut(&id) {
                    entry.revision = before;
                }
            }
            Undo::Command(place, _id, Some(before)) => {
                self.commands.insert(place, before);
            }
            Undo::Command(place, id, None) => {
                self.commands.remove(&place);
                self.places.remove(&id);
            }
            Undo::Token(hash, Some(before)) => {
                self.tokens.insert(hash, before);
            }
            Undo::Token(hash, None) => {
                self.tokens.remove(&hash);
            }
        }
    }

    fn apply_device(
        &mut self,
        change: DeviceChange,
        done: &mut Vec<Undo>,
    ) -> Result<(), CommitError> {
        let DeviceChange { id, expected, row, commands } = change;
        if !self.accepts(id, expected, row.as_ref()) {
            return Err(CommitError::Conflict { device: id });
        }
        let revision = Revision::after(expected);
        if let Some(row) = row {
            let before = self.place_device(id, Some(DeviceEntry { revision, row }));
            done.push(Undo::Device(id, before));
        } else if let Some(entry) = self.devices.get_mut(&id) {
            done.push(Undo::Revision(id, entry.revision));
            entry.revision = revision;
        }
        commands.into_iter().try_for_each(|row| self.apply_command(id, row, done))
    }

    fn accepts(&self, id: DeviceId, expected: Option<Revision>, row: Option<&DeviceRow>) -> bool {
        let current = self.devices.get(&id).map(|entry| entry.revision);
        let written = row.is_some() || expected.is_some();
        let alone = row.is_none_or(|row| match row.enrolled {
            Enrolled::Yes => self.enrolled.get(&row.serial).is_none_or(|holder| *holder == id),
            Enrolled::No => true,
        });
        current == expected && written && alone
    }

    /// Puts a device in or takes it out; keeps the index of enrolled hardware in step.
    fn place_device(&mut self, id: DeviceId, entry: Option<DeviceEntry>) -> Option<DeviceEntry> {
        let before = self.devices.remove(&id);
        if let Some(before) = before.as_ref().filter(|before| before.row.enrolled == Enrolled::Yes)
        {
            self.enrolled.remove(&before.row.serial);
        }
        if let Some(entry) = entry {
            if entry.row.enrolled == Enrolled::Yes {
                self.enrolled.insert(entry.row.serial.clone(), id);
            }
            self.devices.insert(id, entry);
        }
        before
    }

    fn apply_command(
        &mut self,
        device: DeviceId,
        row: CommandRow,
        done: &mut Vec<Undo>,
    ) -> Result<(), CommitError> {
        let (id, place) = (row.id, (device, row.sequence));
        let id_is_free = self.places.get(&id).is_none_or(|taken| *taken == place);
        let place_is_free = self.commands.get(&place).is_none_or(|taken| taken.id == id);
        if !(id_is_free && place_is_free) {
            return Err(BatchError::Clash { device }.into());
        }
        self.places.insert(id, place);
        let before = self.commands.insert(place, row);
        done.push(Undo::Command(place, id, before));
        Ok(())
    }

    fn apply_token(
        &mut self,
        change: TokenChange,
        done: &mut Vec<Undo>,
    ) -> Result<(), CommitError> {
        let TokenChange { hash, expected, body } = change;
        if self.tokens.get(&hash).map(|row| row.revision) != expected {
            return Err(CommitError::TokenConflict);
        }
        let revision = Revision::after(expected);
        let before = self.tokens.insert(hash, Row { revision, body });
        done.push(Undo::Token(hash, before));
        Ok(())
    }

    fn apply_document(&mut self, write: DocumentWrite) {
        let DocumentWrite { kind, id, body } = write;
        match body {
            Some(body) => self.documents.insert((kind, id), body),
            None => self.documents.remove(&(kind, id)),
        };
    }

    fn commands_of(&self, device: DeviceId) -> impl DoubleEndedIterator<Item = &CommandRow> {
        self.commands.range((device, 0)..=(device, u64::MAX)).map(|(_place, row)| row)
    }
}

impl Rows for Tables {
    fn device(&self, id: DeviceId) -> Result<Option<Row>, LoadError> {
        Ok(self.devices.get(&id).map(DeviceEntry::stored))
    }

    fn devices(
        &self,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<(DeviceId, Row)>, LoadError> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.devices.range((behind, Bound::Unbounded));
        Ok(rest.take(limit).map(|(id, entry)| (*id, entry.stored())).collect())
    }

    fn kept_commands(&self, device: DeviceId) -> Result<Vec<String>, LoadError> {
        let latest: BTreeMap<_, _> =
            self.commands_of(device).map(|row| (row.action, row.sequence)).collect();
        let latest: BTreeSet<_> = latest.into_values().collect();
        let kept = self
            .commands_of(device)
            .filter(|row| row.pending == Pending::Yes || latest.contains(&row.sequence));
        Ok(kept.map(|row| row.body.clone()).collect())
    }

    fn enrolled(&self, serial: &SerialNumber) -> Result<Option<DeviceId>, LoadError> {
        Ok(self.enrolled.get(serial).copied())
    }

    fn token(&self, hash: [u8; 32]) -> Result<Option<Row>, LoadError> {
        Ok(self.tokens.get(&hash).cloned())
    }

    fn tokens(&self) -> Result<Vec<Row>, LoadError> {
        Ok(self.tokens.values().cloned().collect())
    }

    fn history(&self, device: DeviceId, limit: usize) -> Result<Vec<String>, LoadError> {
        let newest_first = self.commands_of(device).rev();
        Ok(newest_first.take(limit).map(|row| row.body.clone()).collect())
    }

    fn command(&self, id: CommandId) -> Result<Option<String>, LoadError> {
        let row = self.places.get(&id).and_then(|place| self.commands.get(place));
        Ok(row.map(|row| row.body.clone()))
    }

    fn counts(&self) -> Result<Counts, LoadError> {
        let mut counts = Counts {
            devices: self.devices.len() as u64,
            enrolled: self.enrolled.len() as u64,
            ..Counts::default()
        };
        self.commands.values().for_each(|row| counts.add(row.state, 1));
        Ok(counts)
    }

    fn documents(
        &self,
        kind: &'static str,
        page: &DocumentPage,
        limit: usize,
    ) -> Result<Vec<(String, String)>, LoadError> {
        let of_kind = self.documents.iter().filter(|((other, _id), _body)| *other == kind);
        let copied = |((_kind, id), body): (&(&str, String), &String)| (id.clone(), body.clone());
        Ok(match page {
            DocumentPage::After(after) => of_kind
                .filter(|((_, id), _)| after.as_ref().is_none_or(|after| id > after))
                .take(limit)
                .map(copied)
                .collect(),
            DocumentPage::Before(before) => of_kind
                .rev()
                .filter(|((_, id), _)| before.as_ref().is_none_or(|before| id < before))
                .take(limit)
                .map(copied)
                .collect(),
        })
    }

    fn document(&self, kind: &'static str, id: &str) -> Result<Option<String>, LoadError> {
        Ok(self.documents.get(&(kind, id.to_owned())).cloned())
    }

    fn meta(&self, key: &str) -> Result<Option<String>, LoadError> {
        Ok(self.meta.get(key).cloned())
    }
}

impl DeviceEntry {
    fn stored(&self) -> Row {
        Row { revision: self.revision, body: self.row.body.clone() }
    }
}
