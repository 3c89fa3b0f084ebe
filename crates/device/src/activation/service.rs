//! The records and what changes them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use muster_protocol::{Mode, SerialNumber};
use serde::{Deserialize, Serialize};

use super::call::{ActivationCall, ActivationReply};
use super::code::BypassKey;
use super::escrow::EscrowHash;

/// The vendor's activation service, for the devices of one run.
///
/// Pure: whoever drives the devices carries their calls here and the replies back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationService {
    records: BTreeMap<SerialNumber, Record>,
}

/// What the service knows of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    ownership: Ownership,
    lock: Lock,
}

/// Whose the hardware is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// It stands in the organisation's account with the vendor.
    Organisation,
    /// It does not: no organisation can lock it.
    Private,
}

impl Ownership {
    /// Whose the hardware is: what enrols by itself stands in the organisation's account.
    #[must_use]
    pub const fn of(mode: Mode) -> Option<Self> {
        match mode {
            Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => Some(Self::Organisation),
            Mode::AppleDevice
            | Mode::AppleDeviceSupervised
            | Mode::AppleUser
            | Mode::AppleAccountDrivenDevice
            | Mode::AppleAccountDrivenUser => Some(Self::Private),
            Mode::AndroidDeviceAdministrator
            | Mode::AndroidPersonallyOwnedWorkProfile
            | Mode::AndroidCorporateOwnedWorkProfile
            | Mode::AndroidFullyManaged
            | Mode::AndroidDedicated
            | Mode::AospUserAssociated
            | Mode::AospUserless => None,
        }
    }
}

/// The lock of one device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Lock {
    None,
    User {
        key: Option<BypassKey>,
    },
    Mdm {
        /// Absent if only the account that set it opens it.
        escrow: Option<EscrowHash>,
        lost_message: Option<String>,
    },
}

/// Without what the organisation wrote: it may name people.
impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().word())
    }
}

/// Who locked a device.
///
/// Source: Apple Business API, activation lock status, `lockType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockType {
    /// Its organisation.
    Mdm,
    /// Its owner's account, with Find My.
    User,
    /// Nobody.
    None,
}

impl LockType {
    /// The word of the vendor's interface.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mdm => "MDM",
            Self::User => "USER",
            Self::None => "NONE",
        }
    }
}

/// How a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockStatus {
    /// Whether a lock is on.
    pub is_locked: bool,
    /// Whose.
    pub lock_type: LockType,
}

/// An organisation's request to lock one of its devices.
#[derive(Clone, PartialEq, Eq)]
pub struct LockRequest {
    /// Which device.
    pub serial: SerialNumber,
    /// What the code will be compared with. Without it no code opens the lock.
    pub escrow_key: Option<EscrowHash>,
    /// Shown to a finder.
    pub lost_message: Option<String>,
}

impl fmt::Debug for LockRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockRequest").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// What came of a [`LockRequest`].
///
/// Source: Apple, "Activation Lock a Device", `response_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockResponse {
    /// The device is locked to its organisation.
    Success,
    /// The organisation has no such device.
    NotAccessible,
    /// A lock was on already, and the first one wins.
    AlreadyLocked,
}

impl LockResponse {
    /// The word of the vendor's interface, `response_status`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::NotAccessible => "NOT_ACCESSIBLE",
            Self::AlreadyLocked => "DEVICE_ALREADY_LOCKED",
        }
    }
}

/// What came of presenting a code from outside the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlocking {
    /// No lock is on, whether there was one or not.
    Unlocked,
    /// The lock on the device has another code, or none.
    KeyMismatch,
    /// The service knows no such device.
    UnknownDevice,
}

impl ActivationService {
    /// Takes a device into the books; one that is there keeps its lock.
    pub fn admit(&mut self, serial: &SerialNumber, ownership: Ownership) {
        self.record(serial).ownership = ownership;
    }

    /// Answers a device. One that was never heard of is new and its owner's own.
    pub fn answer(&mut self, serial: &SerialNumber, call: ActivationCall) -> ActivationReply {
        let record = self.record(serial);
        match call {
            ActivationCall::Register { key } => {
                if record.lock == Lock::None {
                    record.lock = Lock::User { key };
                }
                ActivationReply::Standing(record.lock.status())
            }
            ActivationCall::Release => {
                if record.lock.kind() == LockType::User {
                    record.lock = Lock::None;
                }
                ActivationReply::Standing(record.lock.status())
            }
            ActivationCall::Disable { code } => {
                record.lock.unlock(code.expose());
                ActivationReply::Standing(record.lock.status())
            }
            ActivationCall::Activate => record.lock.at_setup(),
            ActivationCall::EnterCode { code } => {
                record.lock.unlock(code.expose());
                record.lock.after_entry()
            }
            ActivationCall::EnterAccount => record.lock.after_entry(),
            ActivationCall::SignIn => {
                if record.lock.kind() == LockType::User {
                    record.lock = Lock::None;
                }
                record.lock.after_entry()
            }
            ActivationCall::Check => ActivationReply::Standing(record.lock.status()),
            ActivationCall::Open => ActivationReply::Opened(record.lock.status()),
        }
    }

    /// Locks a device to its organisation. The device hears of it at its next check.
    ///
    /// Source: Apple, "Activation Lock a Device".
    pub fn lock(&mut self, request: LockRequest) -> LockResponse {
        let LockRequest { serial, escrow_key: escrow, lost_message } = request;
        match self.records.get_mut(&serial) {
            Some(Record { ownership: Ownership::Organisation, lock: lock @ Lock::None }) => {
                *lock = Lock::Mdm { escrow, lost_message };
                LockResponse::Success
            }
            Some(Record { ownership: Ownership::Organisation, .. }) => LockResponse::AlreadyLocked,
            Some(Record { ownership: Ownership::Private, .. }) | None => {
                LockResponse::NotAccessible
            }
        }
    }

    /// Removes either kind of lock with its code, at any time and without the device.
    ///
    /// Source: Apple's `escrowKeyUnlock`.
    pub fn escrow_key_unlock(&mut self, serial: &SerialNumber, escrow_key: &str) -> Unlocking {
        let Some(record) = self.records.get_mut(serial) else {
            return Unlocking::UnknownDevice;
        };
        record.lock.unlock(escrow_key);
        match record.lock.kind() {
            LockType::None => Unlocking::Unlocked,
            LockType::User | LockType::Mdm => Unlocking::KeyMismatch,
        }
    }

    /// How a device stands; `None` if the service does not know it.
    #[must_use]
    pub fn status(&self, serial: &SerialNumber) -> Option<LockStatus> {
        self.records.get(serial).map(|record| record.lock.status())
    }

    /// The part of this that concerns one device.
    #[must_use]
    pub fn of_device(&self, serial: &SerialNumber) -> Self {
        let record = self.records.get_key_value(serial);
        let records = record.map(|(serial, record)| (serial.clone(), record.clone()));
        Self { records: records.into_iter().collect() }
    }

    /// Takes over what another one knows of its devices.
    pub fn adopt(&mut self, other: Self) {
        self.records.extend(other.records);
    }

    fn record(&mut self, serial: &SerialNumber) -> &mut Record {
        let new = || Record { ownership: Ownership::Private, lock: Lock::None };
        self.records.entry(serial.clone()).or_insert_with(new)
    }
}

impl Lock {
    const fn kind(&self) -> LockType {
        match self {
            Self::None => LockType::None,
            Self::User { .. } => LockType::User,
            Self::Mdm { .. } => LockType::Mdm,
        }
    }

    const fn status(&self) -> LockStatus {
        let lock_type = self.kind();
        LockStatus { is_locked: !matches!(self, Self::None), lock_type }
    }

    fn unlock(&mut self, code: &str) {
        let opens = match self {
            Self::None | Self::User { key: None } | Self::Mdm { escrow: None, .. } => false,
            Self::User { key: Some(key) } => key.matches(code),
            Self::Mdm { escrow: Some(escrow), .. } => escrow.matches(code),
        };
        if opens {
            *self = Self::None;
        }
    }

    fn at_setup(&self) -> ActivationReply {
        match self {
            Self::None => ActivationReply::Activated,
            Self::User { .. } => ActivationReply::Locked { to: LockType::User, lost_message: None },
            Self::Mdm { lost_message, .. } => {
                let lost_message = lost_message.clone();
                ActivationReply::Locked { to: LockType::Mdm, lost_message }
            }
        }
    }

    const fn after_entry(&self) -> ActivationReply {
        match self {
            Self::None => ActivationReply::Activated,
            Self::User { .. } | Self::Mdm { .. } => ActivationReply::Refused,
        }
    }
}
