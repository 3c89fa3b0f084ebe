//! Why Android refuses a command.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use muster_protocol::{ErrorItem, Outcome};

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

/// `StartLostModeStatus.status` but for success; the numbers follow its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartLostModeStatus {
    ResetPasswordRecently = 2,
    UserExitLostModeRecently = 3,
    AlreadyInLostMode = 4,
}

/// `StopLostModeStatus.status` but for success; the numbers follow its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopLostModeStatus {
    NotInLostMode = 2,
}

/// A refusal and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    cause: Cause,
    reason: &'static str,
}

/// What a refusal is reported as: a status of the command's own comes before an error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Code(CommandErrorCode),
    StartLostMode(StartLostModeStatus),
    StopLostMode(StopLostModeStatus),
}

impl Refusal {
    pub(super) const fn new(code: CommandErrorCode, reason: &'static str) -> Self {
        Self { cause: Cause::Code(code), reason }
    }

    pub(super) const fn start_lost_mode(status: StartLostModeStatus, reason: &'static str) -> Self {
        Self { cause: Cause::StartLostMode(status), reason }
    }

    pub(super) const fn stop_lost_mode(status: StopLostModeStatus, reason: &'static str) -> Self {
        Self { cause: Cause::StopLostMode(status), reason }
    }

    /// The answer: what the device can never or not in this state do is not supported, what it
    /// tried and could not finish is an error.
    pub(super) fn outcome(self) -> Outcome {
        let items = Vec::from([self.item()]);
        match self.cause {
            Cause::Code(
                CommandErrorCode::ApiLevel
                | CommandErrorCode::ManagementMode
                | CommandErrorCode::Unsupported,
            ) => Outcome::NotSupported(items),
            Cause::Code(CommandErrorCode::Unknown | CommandErrorCode::InvalidValue)
            | Cause::StartLostMode(_)
            | Cause::StopLostMode(_) => Outcome::Error(items),
        }
    }

    fn item(self) -> ErrorItem {
        let (domain, code, name) = self.cause.words();
        ErrorItem {
            domain: domain.to_string(),
            code,
            description: format!("{name}: {}", self.reason),
        }
    }
}

impl Cause {
    /// Domain, number and name.
    const fn words(self) -> (&'static str, i32, &'static str) {
        match self {
            Self::Code(code) => ("CommandErrorCode", code as i32, code.name()),
            Self::StartLostMode(status) => {
                let name = match status {
                    StartLostModeStatus::ResetPasswordRecently => "RESET_PASSWORD_RECENTLY",
                    StartLostModeStatus::UserExitLostModeRecently => "USER_EXIT_LOST_MODE_RECENTLY",
                    StartLostModeStatus::AlreadyInLostMode => "ALREADY_IN_LOST_MODE",
                };
                ("StartLostModeStatus", status as i32, name)
            }
            Self::StopLostMode(status) => match status {
                StopLostModeStatus::NotInLostMode => {
                    ("StopLostModeStatus", status as i32, "NOT_IN_LOST_MODE")
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn described(refusal: Refusal) -> (String, i32, String) {
        let item = refusal.item();
        (item.domain, item.code, item.description)
    }

    #[test]
    fn the_error_codes_are_those_of_the_android_management_api_and_no_others() {
        let codes = [
            (CommandErrorCode::Unknown, 1, "UNKNOWN"),
            (CommandErrorCode::ApiLevel, 2, "API_LEVEL"),
            (CommandErrorCode::ManagementMode, 3, "MANAGEMENT_MODE"),
            (CommandErrorCode::InvalidValue, 4, "INVALID_VALUE"),
            (CommandErrorCode::Unsupported, 5, "UNSUPPORTED"),
        ];
        for (code, number, name) in codes {
            let wanted = ("CommandErrorCode".to_string(), number, format!("{name}: why"));
            assert_eq!(described(Refusal::new(code, "why")), wanted);
        }
    }

    #[test]
    fn a_status_of_lost_mode_has_a_domain_of_its_own() {
        use StartLostModeStatus::{
            AlreadyInLostMode, ResetPasswordRecently, UserExitLostModeRecently,
        };
        let started = |status| described(Refusal::start_lost_mode(status, "why"));
        let statuses =
            [ResetPasswordRecently, UserExitLostModeRecently, AlreadyInLostMode].map(started);
        assert_eq!(statuses.map(|(_, code, _)| code), [2, 3, 4]);
        let stopped = Refusal::stop_lost_mode(StopLostModeStatus::NotInLostMode, "why");
        let wanted = ("StopLostModeStatus".to_string(), 2, "NOT_IN_LOST_MODE: why".to_string());
        assert_eq!(described(stopped), wanted);
    }
}
