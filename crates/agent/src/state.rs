//! The fleet at rest: one file that a kill at any moment leaves usable.
//!
//! `fleet.redb` holds what the folder is, the identity and the snapshot of each device, and what
//! the vendor's activation service knows of it. One thread writes; it takes all that waits into one
//! transaction, so that a thousand devices that change at once cost one flush and not a thousand.

mod record;
mod writer;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use muster_device::Device;
use muster_device::activation::ActivationService;
use muster_protocol::{EncodeError, Seed, SerialNumber, decode_at_rest, encode_at_rest};
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::activation::ActivationRecords;
use record::Folder;
pub(crate) use record::{Credentials, Grant};
pub(crate) use writer::{Change, IdentityChange, WeakWriter, Writer, WriterHandle};

/// Name of the file in the state folder.
const FILE: &str = "fleet.redb";

/// Name of the file while it is being made; a kill then leaves this behind and nothing else.
const FILE_IN_THE_MAKING: &str = "fleet.redb.new";

/// Only the owner reads the file: it holds private keys.
const FILE_MODE: u32 = 0o600;

/// Only the owner looks into the folder.
const FOLDER_MODE: u32 = 0o700;

/// Pages kept in memory, in bytes: the file is written often and read once.
const CACHE_BYTES: usize = 16 << 20;

/// What the folder is; the one key is [`FOLDER_KEY`].
const FOLDER: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("folder");

/// The key in [`FOLDER`].
const FOLDER_KEY: &str = "folder";

/// Fleet index to serial number, for every device that was ever kept.
const SERIALS: TableDefinition<'static, u64, &str> = TableDefinition::new("serials");

/// Fleet index to [`Credentials`].
const IDENTITIES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("identities");

/// Fleet index to the snapshot of the device.
const DEVICES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("devices");

/// Serial number to the record of the vendor's activation service.
const LOCKS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("locks");

/// Why a state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder or the file cannot be made.
    #[error("failed to prepare {path}")]
    Prepare {
        /// What could not be made.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process has the file open.
    #[error("state folder is in use by another fleet")]
    InUse,
    /// The file cannot be read or written.
    #[error("failed to {doing} the fleet's state")]
    Store {
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<redb::Error>,
    },
    /// The file is of another version of this program.
    #[error(
        "state folder was written by another version of muster (layout {found}; this one has \
         {known}): use that version, or another folder for a new fleet"
    )]
    OtherLayout {
        /// The layout of the file.
        found: u16,
        /// The layout this program reads and writes.
        known: u16,
    },
    /// The file is of another build of this program, or it is damaged.
    #[error(
        "state of {what} does not read: it is damaged, or of another build of muster; use another \
         folder for a new fleet"
    )]
    Unreadable {
        /// What part of it.
        what: String,
    },
    /// The folder belongs to a run with another seed.
    #[error("state folder belongs to a fleet with another seed: use its seed or another folder")]
    OtherSeed,
    /// The folder belongs to another population.
    #[error(
        "state folder has device {found} at index {index}, the plan has {planned}: use another folder"
    )]
    OtherPopulation {
        /// The fleet index.
        index: usize,
        /// The serial number in the folder.
        found: String,
        /// The serial number in the plan.
        planned: SerialNumber,
    },
    /// The thread that writes cannot be started.
    #[error("failed to start the thread that writes the fleet's state")]
    Thread {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A device has outgrown what is kept of one.
    #[error("failed to encode a device")]
    TooLarge {
        /// Why.
        #[source]
        source: EncodeError,
    },
    /// The thread that writes has ended after a failure it has reported.
    #[error("the fleet's state is not written any more")]
    WriterGone,
}

/// What the folder knows of one device.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) device: Option<Box<Device>>,
    pub(crate) credentials: Option<Credentials>,
}

/// An open state folder, before the fleet runs.
#[derive(Debug)]
pub(crate) struct StateFolder {
    database: Database,
    folder: Folder,
}

impl StateFolder {
    /// Opens the folder, or makes it.
    pub(crate) fn open(dir: &Path, seed: Seed) -> Result<Self, StateError> {
        let path = dir.join(FILE);
        if !path.exists() {
            create(dir, &path, seed)?;
        }
        let database = open_database(&path)?;
        let folder = read_folder(&database)?;
        folder.check(seed)?;
        Ok(Self { database, folder })
    }

    /// How long ago the folder was made: the fleet's clock goes on from there.
    pub(crate) fn age(&self) -> Duration {
        since_epoch().saturating_sub(self.folder.made_at)
    }

    /// Compares the folder with the plan, then reads what it has of each planned device.
    ///
    /// Devices the plan has beyond the folder are new; those the folder has beyond the plan stay
    /// untouched.
    pub(crate) fn load(
        &self,
        serials: &[SerialNumber],
    ) -> Result<BTreeMap<usize, Kept>, StateError> {
        self.adopt(serials)?;
        let read = self.database.begin_read().map_err(failed("read"))?;
        let devices = read.open_table(DEVICES).map_err(failed("read"))?;
        let identities = read.open_table(IDENTITIES).map_err(failed("read"))?;
        let mut kept: BTreeMap<usize, Kept> = BTreeMap::new();
        for (index, serial) in serials.iter().enumerate() {
            let row = row(index);
            if let Some(bytes) = devices.get(row).map_err(failed("read"))? {
                let device = decode(bytes.value(), serial)?;
                kept.entry(index).or_default().device = Some(Box::new(device));
            }
            if let Some(bytes) = identities.get(row).map_err(failed("read"))? {
                let credentials = decode(bytes.value(), serial)?;
                kept.entry(index).or_default().credentials = Some(credentials);
            }
        }
        Ok(kept)
    }

    /// Reads what the vendor's activation service knew.
    pub(crate) fn locks(&self, serials: &[SerialNumber]) -> Result<ActivationService, StateError> {
        let read = self.database.begin_read().map_err(failed("read"))?;
        let table = read.open_table(LOCKS).map_err(failed("read"))?;
        let mut service = ActivationService::default();
        for serial in serials {
            if let Some(bytes) = table.get(serial.as_str()).map_err(failed("read"))? {
                service.adopt(decode(bytes.value(), serial)?);
            }
        }
        Ok(service)
    }

    /// Starts the thread that writes.
    pub(crate) fn into_writer(self, records: ActivationRecords) -> Result<Writer, StateError> {
        Writer::start(self.database, records).map_err(|source| StateError::Thread { source })
    }

    /// Enters the serial numbers of new devices; refuses those that contradict the folder.
    fn adopt(&self, serials: &[SerialNumber]) -> Result<(), StateError> {
        let write = self.database.begin_write().map_err(failed("write"))?;
        {
            let mut table = write.open_table(SERIALS).map_err(failed("write"))?;
            for (index, planned) in serials.iter().enumerate() {
                let found = table.get(row(index)).map_err(failed("read"))?;
                let found = found.map(|serial| serial.value().to_owned());
                match found {
                    Some(found) if found == planned.as_str() => {}
                    Some(found) => return Err(other_population(index, found, planned)),
                    None => {
                        table.insert(row(index), planned.as_str()).map_err(failed("write"))?;
                    }
                }
            }
        }
        write.commit().map_err(failed("write"))
    }
}

/// Makes the file aside and moves it into place when it is whole.
fn create(dir: &Path, path: &Path, seed: Seed) -> Result<(), StateError> {
    let making = dir.join(FILE_IN_THE_MAKING);
    let prepare = |source| StateError::Prepare { path: making.clone(), source };
    fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(dir).map_err(prepare)?;
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&making)
        .map_err(prepare)?;
    let backend = FileBackend::new(file).map_err(opening)?;
    let database = builder().create_with_backend(backend).map_err(opening)?;
    write_folder(&database, &Folder::new(seed, since_epoch()))?;
    database.close().map_err(opening)?;
    fs::rename(&making, path).map_err(prepare)?;
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(prepare)
}

fn open_database(path: &Path) -> Result<Database, StateError> {
    builder().open(path).map_err(opening)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn write_folder(database: &Database, folder: &Folder) -> Result<(), StateError> {
    let bytes = encode_at_rest(folder).map_err(|_cause| unreadable("the folder"))?;
    let write = database.begin_write().map_err(failed("write"))?;
    write
        .open_table(FOLDER)
        .map_err(failed("write"))?
        .insert(FOLDER_KEY, bytes.as_slice())
        .map_err(failed("write"))?;
    for table in [IDENTITIES, DEVICES] {
        write.open_table(table).map_err(failed("write"))?;
    }
    write.open_table(SERIALS).map_err(failed("write"))?;
    write.open_table(LOCKS).map_err(failed("write"))?;
    write.commit().map_err(failed("write"))
}

fn read_folder(database: &Database) -> Result<Folder, StateError> {
    let read = database.begin_read().map_err(failed("read"))?;
    let table = read.open_table(FOLDER).map_err(failed("read"))?;
    let bytes = table.get(FOLDER_KEY).map_err(failed("read"))?;
    let bytes = bytes.ok_or_else(|| unreadable("the folder"))?;
    decode_at_rest(bytes.value()).map_err(|_cause| unreadable("the folder"))
}

fn decode<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
    serial: &SerialNumber,
) -> Result<T, StateError> {
    decode_at_rest(bytes).map_err(|_cause| unreadable(serial.as_str()))
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn row(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

fn unreadable(what: &str) -> StateError {
    StateError::Unreadable { what: what.to_owned() }
}

fn other_population(index: usize, found: String, planned: &SerialNumber) -> StateError {
    StateError::OtherPopulation { index, found, planned: planned.clone() }
}

fn opening(error: redb::DatabaseError) -> StateError {
    if matches!(error, redb::DatabaseError::DatabaseAlreadyOpen) {
        StateError::InUse
    } else {
        failed("open")(error)
    }
}

fn failed<E: Into<redb::Error>>(doing: &'static str) -> impl Fn(E) -> StateError {
    move |error| StateError::Store { doing, source: Box::new(error.into()) }
}

#[cfg(test)]
mod tests;
