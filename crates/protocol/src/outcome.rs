//! How a device answers a command.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::secret::{BypassCode, Passcode, UnlockToken};
use crate::status::DeviceStatus;

/// The answer to one attempt.
///
/// Wire order is fixed: new outcomes are appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Done; the state has changed already.
    Acknowledged(Answer),
    /// Tried or looked at, and failed. First item the top error, then its causes.
    Error(Vec<ErrorItem>),
    /// Cannot be done on this device in its present state.
    NotSupported(Vec<ErrorItem>),
    /// The request cannot be read. Sending it again unchanged is pointless.
    CommandFormatError,
    /// Understood, cannot be done now. The server keeps it; the device says when it is ready.
    NotNow,
}

impl Outcome {
    /// Whether the command is over with this answer.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        match self {
            Self::Acknowledged(_)
            | Self::Error(_)
            | Self::NotSupported(_)
            | Self::CommandFormatError => true,
            Self::NotNow => false,
        }
    }
}

/// What comes with an acknowledgement.
///
/// Wire order is fixed: new answers are appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Nothing more to say.
    Done,
    /// A temporary passcode was set.
    TemporaryPasscode(Passcode),
    /// The screen was locked, and with what effect.
    Locked(LockMessage),
    /// The state asked for.
    Status(DeviceStatus),
    /// The keys asked for that the device knows and may tell.
    DeviceInformation(Vec<QueryResponse>),
    /// The bypass code; none if there is none to read.
    ActivationLockBypassCode(Option<BypassCode>),
    /// Where the device is.
    Location(Location),
    /// Identifiers of the profiles installed by management.
    Profiles(Vec<String>),
    /// The applications installed.
    Applications(Vec<InstalledApplication>),
    /// One result for each settings item.
    Settings(Vec<SettingResult>),
    /// The unlock token.
    UnlockToken(UnlockToken),
    /// Common names of the certificates installed.
    Certificates(Vec<String>),
    /// What became of the data of each application.
    ClearedApplications(Vec<ClearedApplication>),
}

/// One key of a DeviceInformation answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryResponse {
    /// The key, spelled as in the query.
    pub key: String,
    /// Its value.
    pub value: QueryValue,
}

/// The value of a key.
///
/// Wire order is fixed: new kinds are appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueryValue {
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
    /// `MDMOptions`.
    MdmOptions {
        /// Whether the user may lock a supervised device to the own account.
        activation_lock_allowed_while_supervised: bool,
    },
    /// A share, 0 to 100: `BatteryLevel`.
    Percent(u8),
}

/// A place on Earth, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Millionths of a degree, north positive.
    pub latitude_microdegrees: i32,
    /// Millionths of a degree, east positive.
    pub longitude_microdegrees: i32,
    /// Radius of uncertainty, in metres.
    pub horizontal_accuracy_metres: u32,
}

/// An application on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledApplication {
    /// Bundle identifier.
    pub identifier: String,
    /// Version as shown to people.
    pub short_version: String,
}

/// What became of the data of one application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearedApplication {
    /// `packageName`.
    pub package_name: String,
    /// `clearStatus`: `SUCCESS`, `APP_NOT_FOUND`, `APP_PROTECTED` or `API_LEVEL`.
    pub status: String,
}

/// What became of one settings item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingResult {
    /// Name of the item, for example `MDMOptions`.
    pub item: String,
    /// Why it was not applied; empty if it was.
    pub errors: Vec<ErrorItem>,
}

/// `MessageResult` of Apple's DeviceLock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockMessage {
    /// Locked, message shown.
    Success,
    /// No passcode: the screen sleeps and anyone can wake it.
    NoPasscodeSet,
}

/// One link of an error chain. For people: a server must not branch on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorItem {
    /// `ErrorDomain`, for example `MCMDMErrorDomain`; `CommandErrorCode` on Android.
    pub domain: String,
    /// `ErrorCode`.
    pub code: i32,
    /// `USEnglishDescription`.
    pub description: String,
}
