//! What an iPhone or iPad makes of a request, in the order the system itself checks.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use muster_protocol::{AppleRequest, ErrorItem, Mode, Outcome, Request, Supervision};

use super::state::Apple;
use crate::secrecy::same;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Answer so and change nothing.
    Refuse(Outcome),
    /// Report the state.
    Report,
    /// Lock the screen and show the text, if there is one.
    Lock(Option<String>),
    /// Remove the passcode.
    RemovePasscode,
    /// Remove the Activation Lock.
    LiftActivationLock,
    /// Nothing to remove: say so, it is no fault.
    NothingToLift,
    /// Erase the device.
    Erase,
    /// Remove the management profile.
    Leave,
}

/// Decides in the system's order: first whether the kind of enrolment has the request at all,
/// then whether the moment is right, then what the request itself says.
pub(super) fn decide(apple: &Apple, mode: Mode, request: &AppleRequest) -> Decision {
    if !is_in_command_set(mode, request) {
        return Decision::Refuse(not_a_request_type(request));
    }
    match request {
        AppleRequest::SecurityInfo if apple.is_locked_with_passcode() => {
            Decision::Refuse(Outcome::NotNow)
        }
        AppleRequest::SecurityInfo => Decision::Report,
        AppleRequest::EraseDevice { .. } => Decision::Erase,
        AppleRequest::ClearPasscode { unlock_token } => match apple.unlock_token() {
            Some(own) if same(own.expose(), unlock_token.expose()) => Decision::RemovePasscode,
            Some(_) | None => Decision::Refuse(cannot_clear_passcode()),
        },
        AppleRequest::DeviceLock { message } => Decision::Lock(message.clone()),
        AppleRequest::DisableActivationLock { .. } if !apple.activation_lock().is_on() => {
            Decision::NothingToLift
        }
        AppleRequest::DisableActivationLock { bypass_code } => {
            if apple.activation_lock().opens_with(bypass_code.expose()) {
                Decision::LiftActivationLock
            } else {
                Decision::Refuse(escrow_key_mismatch())
            }
        }
        AppleRequest::RemoveProfile { .. } => Decision::Leave,
    }
}

/// Whether a device of this kind of enrolment has the request.
///
/// Source: github.com/apple/device-management, `mdm/commands/*.yaml`, `supportedOS`; the product's
/// own DisableActivationLock: "For supervised devices only".
fn is_in_command_set(mode: Mode, request: &AppleRequest) -> bool {
    match request {
        AppleRequest::EraseDevice { .. } | AppleRequest::ClearPasscode { .. } => {
            mode != Mode::AppleUser
        }
        AppleRequest::DisableActivationLock { .. } => mode.supervision() == Supervision::Supervised,
        AppleRequest::DeviceLock { .. }
        | AppleRequest::SecurityInfo
        | AppleRequest::RemoveProfile { .. } => true,
    }
}

/// Source: MCMDMErrorDomain 12021, Apple MDM protocol reference, error codes.
fn not_a_request_type(request: &AppleRequest) -> Outcome {
    let name = Request::Apple(request.clone()).name();
    let description = format!("\u{201c}{name}\u{201d} is not a valid request type.");
    Outcome::NotSupported(chain("MCMDMErrorDomain", 12021, &description))
}

/// Source: MCPasscodeErrorDomain 5013, Apple MDM protocol reference, error codes.
fn cannot_clear_passcode() -> Outcome {
    Outcome::Error(chain("MCPasscodeErrorDomain", 5013, "Cannot clear passcode."))
}

/// Source: the 404 of Apple's `escrowKeyUnlock` service; the domain is the product's own.
fn escrow_key_mismatch() -> Outcome {
    Outcome::Error(chain("ActivationLockErrorDomain", 404, "Escrow key mismatch."))
}

fn chain(domain: &str, code: i32, description: &str) -> Vec<ErrorItem> {
    Vec::from([ErrorItem {
        domain: domain.to_string(),
        code,
        description: description.to_string(),
    }])
}
