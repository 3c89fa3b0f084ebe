//! What callers hand in and get back.

use std::fmt;

use muster_control::{CommandRecord, DeviceRecord, EnrolmentTokenRecord, Lifecycle, Writes};
use muster_protocol::{DeviceId, SerialNumber};

use crate::row::to_json;

/// How often a record has been written; the guard against lost updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a record that was just made.
    pub const FIRST: Self = Self(1);

    /// The count.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// What a write that expects `expected` leaves behind.
    pub(crate) fn after(expected: Option<Self>) -> Self {
        expected.map_or(Self::FIRST, |Self(number)| Self(number.saturating_add(1)))
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The record with its live commands, those that still show a passcode, and the latest of each
    /// action.
    pub record: DeviceRecord,
    /// What the next write has to expect.
    pub revision: Revision,
}

/// Writes that are done together or not at all. Their order does not matter.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// Records with their commands.
    pub devices: Vec<DeviceWrite>,
    /// Enrolment tokens.
    pub tokens: Vec<TokenWrite>,
    /// Documents of the tenant.
    pub documents: Vec<DocumentWrite>,
}

/// A write to one document, whatever stood there before.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentWrite {
    /// What it is one of.
    pub kind: &'static str,
    /// Its name among its kind.
    pub id: String,
    /// Its text; `None` removes it.
    pub body: Option<String>,
}

/// Leaves out the body: it may hold secrets.
impl fmt::Debug for DocumentWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("DocumentWrite");
        out.field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

/// From where and in which direction documents are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentPage {
    /// Upwards by id, behind this one; from the lowest if there is none.
    After(Option<String>),
    /// Downwards by id, before this one; from the highest if there is none.
    Before(Option<String>),
}

/// A write to one record. Its revision moves by one.
#[derive(Clone, Debug)]
pub struct DeviceWrite {
    /// Whose.
    pub id: DeviceId,
    /// The revision it was decided on; `None` if the record must not exist yet.
    pub expected: Option<Revision>,
    /// The record itself; `None` leaves it unchanged. A record that does not exist yet needs one:
    /// without, the write is a conflict.
    pub body: Option<DeviceRow>,
    /// Commands that are new or changed.
    pub commands: Vec<CommandRecord>,
}

impl DeviceWrite {
    /// What `writes` of `record` ask for.
    #[must_use]
    pub fn of(record: &DeviceRecord, expected: Option<Revision>, writes: Writes) -> Self {
        let body = writes.device_changed.then(|| DeviceRow::of(record));
        Self { id: record.id, expected, body, commands: writes.commands }
    }
}

/// A device record without its commands, ready to be written.
///
/// Made on the caller's side, so that the one writer does not have to.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceRow {
    pub(crate) id: DeviceId,
    pub(crate) serial: SerialNumber,
    pub(crate) enrolled: Enrolled,
    pub(crate) body: String,
}

/// Whether a row takes part in the rule of one enrolment per serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Enrolled {
    No,
    Yes,
}

impl DeviceRow {
    /// The row of this record.
    #[must_use]
    pub fn of(record: &DeviceRecord) -> Self {
        let enrolled = match record.lifecycle {
            Lifecycle::Enrolled => Enrolled::Yes,
            Lifecycle::Unenrolled { .. } => Enrolled::No,
        };
        Self { id: record.id, serial: record.facts.serial.clone(), enrolled, body: to_json(record) }
    }
}

/// Leaves out the body: it holds secrets.
impl fmt::Debug for DeviceRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("DeviceRow");
        out.field("id", &self.id).field("enrolled", &self.enrolled).finish_non_exhaustive()
    }
}

/// A write to one enrolment token. Its revision moves by one.
#[derive(Clone, Debug)]
pub struct TokenWrite {
    /// The token.
    pub record: EnrolmentTokenRecord,
    /// The revision it was decided on; `None` if it must not exist yet.
    pub expected: Option<Revision>,
}
