//! When a device reports, and whether the report is true.

use muster_protocol::{AndroidRequest, Answer, Outcome, Request};

use crate::spec::Acknowledgement;
use crate::system::Effect;

/// When the answer to a request goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// Before anything is done or durable.
    Before,
    /// Once it is done and durable.
    After,
    /// Not at all.
    Never,
}

impl Acknowledgement {
    /// When a device of this habit reports a request with this effect.
    pub(crate) fn report(self, request: Option<&Request>, effect: Effect) -> Report {
        match (self, effect) {
            (Self::ConfirmsBeforeExecuting, _) if is_wipe_by_agent(request) => Report::Before,
            (_, Effect::DropOff)
            | (Self::ResetsWithoutReporting, Effect::Erase | Effect::EraseAndReturn) => {
                Report::Never
            }
            (
                Self::BeforeReset
                | Self::ResetsWithoutReporting
                | Self::ConfirmsBeforeExecuting
                | Self::ConfirmsWhateverHappens,
                Effect::Nothing
                | Effect::Changed
                | Effect::Erase
                | Effect::EraseAndReturn
                | Effect::Leave,
            ) => Report::After,
        }
    }

    /// What a device of this habit says came of a request.
    pub(crate) fn says(self, request: Option<&Request>, outcome: Outcome) -> Outcome {
        let pretends = match self {
            Self::BeforeReset | Self::ResetsWithoutReporting => false,
            Self::ConfirmsBeforeExecuting => is_wipe_by_agent(request),
            Self::ConfirmsWhateverHappens => is_passcode_reset_by_agent(request),
        };
        match outcome {
            Outcome::Error(_) | Outcome::NotSupported(_) if pretends => {
                Outcome::Acknowledged(Answer::Done)
            }
            Outcome::Acknowledged(_)
            | Outcome::Error(_)
            | Outcome::NotSupported(_)
            | Outcome::CommandFormatError
            | Outcome::NotNow => outcome,
        }
    }
}

/// On Apple devices the system itself reports.
const fn is_wipe_by_agent(request: Option<&Request>) -> bool {
    matches!(request, Some(Request::Android(AndroidRequest::Wipe { .. })))
}

const fn is_passcode_reset_by_agent(request: Option<&Request>) -> bool {
    matches!(request, Some(Request::Android(AndroidRequest::ResetPassword { .. })))
}
