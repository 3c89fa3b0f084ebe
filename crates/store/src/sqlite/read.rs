//! The statements that read.

use muster_protocol::{CommandId, DeviceId, SerialNumber};
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use crate::counts::Counts;
use crate::error::LoadError;
use crate::rows::{Row, Rows};
use crate::transaction::{DocumentPage, Revision};
use muster_control::Stage;

/// Runs a query on what is committed now; later commits do not show in the middle of it.
pub(super) fn on_snapshot<T>(
    connection: &mut Connection,
    query: impl FnOnce(&dyn Rows) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    let transaction = connection.transaction()?;
    let outcome = query(&Snapshot(&transaction));
    transaction.finish()?;
    outcome
}

struct Snapshot<'a>(&'a Connection);

impl Rows for Snapshot<'_> {
    fn device(&self, id: DeviceId) -> Result<Option<Row>, LoadError> {
        self.first(
            "SELECT revision, body FROM devices JOIN revisions ON device = id WHERE id = ?1",
            [id.as_bytes()],
            stored,
        )
    }

    fn devices(
        &self,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<(DeviceId, Row)>, LoadError> {
        // Every id is above the empty blob.
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        self.all(
            "SELECT revision, body, id FROM devices JOIN revisions ON device = id
             WHERE id > ?1 ORDER BY id LIMIT ?2",
            params![after, bound(limit)],
            |row| Ok((DeviceId::from_bytes(row.get(2)?), stored(row)?)),
        )
    }

    fn kept_commands(&self, device: DeviceId) -> Result<Vec<String>, LoadError> {
        self.all(
            "SELECT body FROM commands WHERE device = ?1 AND sequence IN (
                 SELECT sequence FROM commands
                     WHERE device = ?1 AND pending = 1
                 UNION ALL
                 SELECT max(sequence) FROM commands WHERE device = ?1 GROUP BY action)
             ORDER BY sequence",
            [device.as_bytes()],
            text,
        )
    }

    fn enrolled(&self, serial: &SerialNumber) -> Result<Option<DeviceId>, LoadError> {
        self.first(
            "SELECT id FROM devices WHERE serial = ?1 AND enrolled = 1",
            [serial.as_str()],
            |row| Ok(DeviceId::from_bytes(row.get(0)?)),
        )
    }

    fn token(&self, hash: [u8; 32]) -> Result<Option<Row>, LoadError> {
        self.first("SELECT revision, body FROM tokens WHERE hash = ?1", [hash], stored)
    }

    fn tokens(&self) -> Result<Vec<Row>, LoadError> {
        self.all("SELECT revision, body FROM tokens ORDER BY hash", [], stored)
    }

    fn history(&self, device: DeviceId, limit: usize) -> Result<Vec<String>, LoadError> {
        self.all(
            "SELECT body FROM commands WHERE device = ?1 ORDER BY sequence DESC LIMIT ?2",
            params![device.as_bytes(), bound(limit)],
            text,
        )
    }

    fn command(&self, id: CommandId) -> Result<Option<String>, LoadError> {
        self.first("SELECT body FROM commands WHERE id = ?1", [id.as_bytes()], text)
    }

    fn counts(&self) -> Result<Counts, LoadError> {
        let mut counts = Counts {
            devices: self.total("SELECT count(*) FROM devices", [])?,
            enrolled: self.total("SELECT count(*) FROM devices WHERE enrolled = 1", [])?,
            ..Counts::default()
        };
        let by_state =
            self.all("SELECT state, count(*) FROM commands GROUP BY state", [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
            })?;
        for (name, count) in by_state {
            let state = Stage::ALL.into_iter().find(|state| state.name() == name);
            let state = state.ok_or_else(|| LoadError::corrupt("command", UnknownState(name)))?;
            counts.add(state, count.unsigned_abs());
        }
        Ok(counts)
    }

    fn documents(
        &self,
        kind: &'static str,
        page: &DocumentPage,
        limit: usize,
    ) -> Result<Vec<(String, String)>, LoadError> {
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let limit = bound(limit);
        match page {
            DocumentPage::After(after) => self.all(
                "SELECT id, body FROM documents WHERE kind = ?1 AND id > ?2
                 ORDER BY id LIMIT ?3",
                // Every id is above the empty text.
                params![kind, after.as_deref().unwrap_or_default(), limit],
                pair,
            ),
            DocumentPage::Before(Some(before)) => self.all(
                "SELECT id, body FROM documents WHERE kind = ?1 AND id < ?2
                 ORDER BY id DESC LIMIT ?3",
                params![kind, before, limit],
                pair,
            ),
            DocumentPage::Before(None) => self.all(
                "SELECT id, body FROM documents WHERE kind = ?1 ORDER BY id DESC LIMIT ?2",
                params![kind, limit],
                pair,
            ),
        }
    }

    fn document(&self, kind: &'static str, id: &str) -> Result<Option<String>, LoadError> {
        self.first(
            "SELECT body FROM documents WHERE kind = ?1 AND id = ?2",
            params![kind, id],
            text,
        )
    }

    fn meta(&self, key: &str) -> Result<Option<String>, LoadError> {
        self.first("SELECT value FROM meta WHERE key = ?1", [key], text)
    }
}

/// A file somebody has edited.
#[derive(Debug, thiserror::Error)]
#[error("unknown command state {0:?}")]
struct UnknownState(String);

impl Snapshot<'_> {
    fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LoadError> {
        Ok(self.0.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LoadError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn total(&self, sql: &str, params: impl Params) -> Result<u64, LoadError> {
        let total = self.0.prepare_cached(sql)?.query_row(params, |row| row.get::<_, i64>(0))?;
        Ok(total.unsigned_abs())
    }
}

fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let revision: i64 = row.get(0)?;
    Ok(Row { revision: Revision::from_number(revision.unsigned_abs()), body: row.get(1)? })
}

fn text(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
