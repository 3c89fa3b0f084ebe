//! Why Android refuses a command.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use muster_protocol::{ErrorItem, Outcome};

/// The domain of every Android error.
const DOMAIN: &str = "CommandErrorCode";

/// `Command.errorCode` of the Android Management API; the numbers follow its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandErrorCode {
    Unknown = 1,
    ApiLevel = 2,
    ManagementMode = 3,
    InvalidValue = 4,
    Unsupported = 5,
}

impl CommandErrorCode {
    const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::ApiLevel => "API_LEVEL",
            Self::ManagementMode => "MANAGEMENT_MODE",
            Self::InvalidValue => "INVALID_VALUE",
            Self::Unsupported => "UNSUPPORTED",
        }
    }
}

/// A refusal and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: CommandErrorCode,
    pub(super) reason: &'static str,
}

impl Refusal {
    pub(super) const fn new(code: CommandErrorCode, reason: &'static str) -> Self {
        Self { code, reason }
    }

    /// The answer: what the device can never or not in this state do is not supported, what it
    /// tried and could not finish is an error.
    pub(super) fn outcome(self) -> Outcome {
        let items = Vec::from([ErrorItem {
            domain: DOMAIN.to_string(),
            code: self.code as i32,
            description: format!("{}: {}", self.code.name(), self.reason),
        }]);
        match self.code {
            CommandErrorCode::ApiLevel
            | CommandErrorCode::ManagementMode
            | CommandErrorCode::Unsupported => Outcome::NotSupported(items),
            CommandErrorCode::Unknown | CommandErrorCode::InvalidValue => Outcome::Error(items),
        }
    }
}
