//! Opens a file: its mode, its settings, its schema.

use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refinery::error::Kind;
use refinery::{Migration, Runner};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::OpenError;

/// The owner alone: bodies hold unlock tokens, bypass codes and passcodes.
const MODE: u32 = 0o600;

/// How long one process waits for another's write. A group takes milliseconds.
const BUSY: Duration = Duration::from_secs(5);

/// Between two tries where SQLite does not wait by itself.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Statements kept prepared per connection: all this crate has, with room.
const STATEMENTS: usize = 32;

/// The newest of [`migrations`].
const SCHEMA_VERSION: i64 = 2;

fn migrations() -> Result<Vec<Migration>, refinery::Error> {
    let records = include_str!("../../migrations/sqlite/V1__records.sql");
    let documents = include_str!("../../migrations/sqlite/V2__documents.sql");
    Ok(vec![
        Migration::unapplied("V1__records", records)?,
        Migration::unapplied("V2__documents", documents)?,
    ])
}

/// The connection that writes; makes or upgrades the file.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    protect(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        connect(path, flags).and_then(prepare_to_write).map_err(|cause| not_opened(path, cause))?;
    migrate(path, &mut connection)?;
    Ok(connection)
}

/// A connection that cannot write. The file has been opened for writing before.
pub(super) fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

pub(super) fn failed(
    path: &Path,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> OpenError {
    OpenError::Failed { path: path.to_owned(), source: Arc::new(cause) }
}

/// Small pages: a decision touches a few dense ones, and each is written whole to the log.
const PAGE_BYTES: i64 = 4_096;

/// Page cache of the writer: what a busy group touches, so that it is not read again.
const WRITER_CACHE_KIB: i64 = 8 * 1_024;

/// Pages in the log before it is folded into the file: 8 MiB, which a disk has to have to spare.
const LOG_PAGES_MAX: i64 = 2_048;

/// Makes the file if need be and takes it away from everybody but its owner.
///
/// SQLite gives the files it puts beside it (`-wal`, `-shm`) the same mode. An existing file is
/// never opened here: closing it would drop the locks another connection of this process has on it
/// (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
fn protect(path: &Path) -> Result<(), OpenError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    let outcome = match made {
        Ok(_file) => return Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => tighten_all(path),
        Err(cause) => Err(cause),
    };
    outcome
        .map_err(|cause| OpenError::Create { path: path.to_owned(), source: Arc::new(cause) })?;
    if path.is_file() { Ok(()) } else { Err(OpenError::NotAFile { path: path.to_owned() }) }
}

fn tighten_all(path: &Path) -> io::Result<()> {
    ["", "-wal", "-shm"].iter().try_for_each(|suffix| tighten(&beside(path, suffix)))
}

fn tighten(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, Permissions::from_mode(MODE))
        }
        Ok(_fine_or_no_file) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Durable on return of a commit, at full speed when commits are grouped.
fn prepare_to_write(connection: Connection) -> Result<Connection, rusqlite::Error> {
    // Takes effect in a file that has no pages yet.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    keep_a_log(&connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX)?;
    Ok(connection)
}

/// Switches the file to a write-ahead log, for good.
///
/// The switch takes every lock at once, and SQLite does not wait for them as it does elsewhere:
/// when several open a new file at the same moment, all but one are told that it is busy.
fn keep_a_log(connection: &Connection) -> Result<(), rusqlite::Error> {
    let start = Instant::now();
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |_mode| Ok(())) {
            Err(cause) if is_busy(&cause) && start.elapsed() < BUSY => thread::sleep(BUSY_PAUSE),
            outcome => return outcome,
        }
    }
}

fn is_busy(cause: &rusqlite::Error) -> bool {
    cause.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Brings the schema up to date.
///
/// Another process may do the same at the same moment: then the first try finds its tables there
/// and the second finds nothing left to do.
fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let migrations = migrations().map_err(|cause| failed(path, cause))?;
    let runner = Runner::new(&migrations).set_grouped(true);
    let outcome = runner.run(connection).or_else(|_first| runner.run(connection));
    outcome.map(|_report| ()).map_err(|cause| not_migrated(path, cause))
}

fn not_migrated(path: &Path, cause: refinery::Error) -> OpenError {
    if let Kind::MissingVersion(migration) = cause.kind() {
        let found = i64::from(migration.version());
        return OpenError::NewerSchema { path: path.to_owned(), found, known: SCHEMA_VERSION };
    }
    failed(path, cause)
}

fn not_opened(path: &Path, cause: rusqlite::Error) -> OpenError {
    let code = cause.sqlite_error_code();
    if matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)) {
        return OpenError::NotAStore { path: path.to_owned(), source: Arc::new(cause) };
    }
    failed(path, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_flushed_before_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("muster.db")).unwrap();
        let setting = |name| {
            let read = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
            connection.pragma_query_value(None, name, read).unwrap()
        };
        let full = 2;
        assert_eq!(setting("synchronous"), full.into());
        assert_eq!(setting("journal_mode"), "wal".to_owned().into());
        assert_eq!(setting("page_size"), PAGE_BYTES.into());
    }

    #[test]
    fn the_newest_migration_is_the_known_schema_version() {
        let newest = migrations().unwrap().iter().map(Migration::version).max();
        assert_eq!(newest.map(i64::from), Some(SCHEMA_VERSION));
    }

    #[test]
    fn a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("muster.db");
        let _writer = open_writer(&path).unwrap();
        let reader = open_reader(&path).unwrap();
        let refusal = reader.execute("DELETE FROM devices", []).unwrap_err();
        assert_eq!(refusal.sqlite_error_code(), Some(ErrorCode::ReadOnly));
    }
}
