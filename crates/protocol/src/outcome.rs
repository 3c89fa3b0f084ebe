//! How a device answers a command.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::secret::Passcode;
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
