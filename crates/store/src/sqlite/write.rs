//! The statements that write.

use rusqlite::{Connection, params};

use crate::batch::{Batch, DeviceChange, TokenChange};
use crate::error::{BatchError, CommitError};
use crate::row::{CommandRow, Pending};
use crate::transaction::{DeviceRow, DocumentWrite, Enrolled, Revision};
use muster_protocol::DeviceId;

/// Why a batch was not applied.
#[derive(Debug)]
pub(super) enum WriteError {
    /// It does not fit what is stored; the others of its group are not concerned.
    Refused(CommitError),
    /// SQLite failed; nothing of the group can be trusted.
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for WriteError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Broken(cause)
    }
}

/// Applies a batch. What a refused one has written already is the caller's to undo.
pub(super) fn apply(connection: &Connection, batch: &Batch) -> Result<(), WriteError> {
    batch.devices.iter().try_for_each(|change| apply_device(connection, change))?;
    batch.tokens.iter().try_for_each(|change| apply_token(connection, change))?;
    batch.documents.iter().try_for_each(|write| apply_document(connection, write))?;
    batch.meta.iter().try_for_each(|(key, value)| apply_meta(connection, key, value))
}

fn apply_device(connection: &Connection, change: &DeviceChange) -> Result<(), WriteError> {
    let fits = match change.expected {
        None => match &change.row {
            Some(row) => insert_device(connection, row)? && begin(connection, change.id)?,
            None => false,
        },
        Some(expected) => {
            advance(connection, change.id, expected)?
                && match &change.row {
                    Some(row) => update_device(connection, row)?,
                    None => true,
                }
        }
    };
    if !fits {
        return Err(WriteError::Refused(CommitError::Conflict { device: change.id }));
    }
    change.commands.iter().try_for_each(|row| apply_command(connection, change.id, row))
}

/// False, and nothing written, if the id is taken or the hardware is enrolled under another id.
fn insert_device(connection: &Connection, row: &DeviceRow) -> rusqlite::Result<bool> {
    write_device(
        connection,
        "INSERT INTO devices (id, serial, enrolled, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        row,
    )
}

/// False, and nothing written, if the hardware is enrolled under another id.
fn update_device(connection: &Connection, row: &DeviceRow) -> rusqlite::Result<bool> {
    write_device(
        connection,
        "UPDATE OR IGNORE devices SET serial = ?2, enrolled = ?3, body = ?4 WHERE id = ?1",
        row,
    )
}

/// Runs a statement over id, serial number, enrolled and body; says whether it wrote the row.
fn write_device(connection: &Connection, sql: &str, row: &DeviceRow) -> rusqlite::Result<bool> {
    let enrolled = row.enrolled == Enrolled::Yes;
    let written = connection.prepare_cached(sql)?.execute(params![
        row.id.as_bytes(),
        row.serial.as_str(),
        enrolled,
        row.body
    ])?;
    Ok(written == 1)
}

fn begin(connection: &Connection, id: DeviceId) -> rusqlite::Result<bool> {
    let begun = connection
        .prepare_cached("INSERT INTO revisions (device, revision) VALUES (?1, ?2)")?
        .execute(params![id.as_bytes(), number(Revision::FIRST)])?;
    Ok(begun == 1)
}

/// False, and nothing written, if the revision is not the expected one.
fn advance(connection: &Connection, id: DeviceId, expected: Revision) -> rusqlite::Result<bool> {
    let moved = connection
        .prepare_cached("UPDATE revisions SET revision = ?3 WHERE device = ?1 AND revision = ?2")?
        .execute(params![
            id.as_bytes(),
            number(expected),
            number(Revision::after(Some(expected)))
        ])?;
    Ok(moved == 1)
}

fn apply_document(connection: &Connection, write: &DocumentWrite) -> Result<(), WriteError> {
    match &write.body {
        Some(body) => connection
            .prepare_cached(
                "INSERT INTO documents (kind, id, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            )?
            .execute(params![write.kind, write.id, body])?,
        None => connection
            .prepare_cached("DELETE FROM documents WHERE kind = ?1 AND id = ?2")?
            .execute(params![write.kind, write.id])?,
    };
    Ok(())
}

/// The action of a command never changes, so an update leaves it.
fn apply_command(
    connection: &Connection,
    device: DeviceId,
    row: &CommandRow,
) -> Result<(), WriteError> {
    let written = connection
        .prepare_cached(
            "INSERT INTO commands (device, sequence, id, state, pending, action, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (device, sequence)
                 DO UPDATE SET state = excluded.state, pending = excluded.pending, body = excluded.body
                 WHERE id = excluded.id
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            device.as_bytes(),
            integer(row.sequence),
            row.id.as_bytes(),
            row.state.name(),
            row.pending == Pending::Yes,
            row.action,
            row.body,
        ])?;
    if written == 0 {
        return Err(WriteError::Refused(BatchError::Clash { device }.into()));
    }
    Ok(())
}

fn apply_token(connection: &Connection, change: &TokenChange) -> Result<(), WriteError> {
    let revision = number(Revision::after(change.expected));
    let written = match change.expected {
        None => connection
            .prepare_cached(
                "INSERT INTO tokens (hash, revision, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![change.hash, revision, change.body])?,
        Some(expected) => connection
            .prepare_cached(
                "UPDATE tokens SET revision = ?2, body = ?3 WHERE hash = ?1 AND revision = ?4",
            )?
            .execute(params![change.hash, revision, change.body, number(expected)])?,
    };
    if written == 0 { Err(WriteError::Refused(CommitError::TokenConflict)) } else { Ok(()) }
}

fn apply_meta(connection: &Connection, key: &str, value: &str) -> Result<(), WriteError> {
    connection
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![key, value])?;
    Ok(())
}

fn number(revision: Revision) -> i64 {
    integer(revision.number())
}

/// SQLite's integers are signed; counts from 1 do not get near the end of either.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
