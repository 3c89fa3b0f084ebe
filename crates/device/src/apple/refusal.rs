//! The words and numbers with which an iPhone or iPad refuses.
//!
//! Source, where nothing else is said: Apple MDM protocol reference, error codes.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use muster_protocol::{AppleRequest, ErrorItem, Outcome};

/// A request this kind of enrolment or this version does not have.
pub(super) fn not_a_request_type(request: &AppleRequest) -> Outcome {
    let name = request.name();
    let description = format!("\u{201c}{name}\u{201d} is not a valid request type.");
    Outcome::NotSupported(chain("MCMDMErrorDomain", 12021, &description))
}

/// The management profile does not grant it.
pub(super) fn not_authorised() -> Outcome {
    mdm(12007, "Not authorized.")
}

pub(super) fn malformed_request() -> Outcome {
    mdm(12008, "Malformed request.")
}

pub(super) fn blocked_by_lost_mode() -> Outcome {
    mdm(12078, "The device is in Lost Mode.")
}

pub(super) fn cannot_enable_lost_mode() -> Outcome {
    mdm(12066, "Cannot enable Lost Mode.")
}

pub(super) fn cannot_disable_lost_mode() -> Outcome {
    mdm(12069, "Cannot disable Lost Mode.")
}

pub(super) fn not_in_lost_mode() -> Outcome {
    mdm(12067, "The device is not in Lost Mode.")
}

pub(super) fn location_unknown() -> Outcome {
    mdm(12068, "The location is unknown.")
}

pub(super) fn cannot_play_sound() -> Outcome {
    mdm(12080, "Cannot play the Lost Mode sound.")
}

/// On a Shared iPad.
pub(super) fn no_such_user() -> Outcome {
    mdm(12071, "The specified user does not exist.")
}

pub(super) fn user_is_logged_in() -> Outcome {
    mdm(12072, "The specified user is logged in.")
}

pub(super) fn user_has_unsynced_data() -> Outcome {
    mdm(12073, "The specified user has data to sync.")
}

pub(super) fn no_escrow_secret() -> Outcome {
    mdm(12019, "Cannot copy escrow secret.")
}

pub(super) fn profile_not_managed() -> Outcome {
    mdm(12013, "The profile is not managed by MDM.")
}

pub(super) fn profile_not_installed() -> Outcome {
    mdm(12075, "The profile is not installed.")
}

/// The management profile is not updated by installing another one over it.
pub(super) fn management_profile_differs() -> Outcome {
    mdm(12012, "The management profile does not match.")
}

pub(super) fn profile_unreadable() -> Outcome {
    Outcome::Error(chain("MCInstallationErrorDomain", 4000, "Cannot parse the profile."))
}

pub(super) fn profile_not_installable() -> Outcome {
    Outcome::Error(chain("MCInstallationErrorDomain", 4001, "Cannot install the profile."))
}

/// One that a person installed by hand.
pub(super) fn profile_not_updatable() -> Outcome {
    Outcome::Error(chain("MCInstallationErrorDomain", 4012, "The profile cannot be updated."))
}

pub(super) fn cannot_clear_passcode() -> Outcome {
    Outcome::Error(chain("MCPasscodeErrorDomain", 5013, "Cannot clear passcode."))
}

/// Source: the 404 of Apple's `escrowKeyUnlock` service; the domain is the product's own.
pub(super) fn escrow_key_mismatch() -> Outcome {
    Outcome::Error(chain("ActivationLockErrorDomain", 404, "Escrow key mismatch."))
}

/// A settings item this device does not know.
pub(super) fn unknown_setting() -> Vec<ErrorItem> {
    chain("MCSettingsErrorDomain", 28000, "Unknown item.")
}

fn mdm(code: i32, description: &str) -> Outcome {
    Outcome::Error(chain("MCMDMErrorDomain", code, description))
}

fn chain(domain: &str, code: i32, description: &str) -> Vec<ErrorItem> {
    Vec::from([ErrorItem {
        domain: domain.to_string(),
        code,
        description: description.to_string(),
    }])
}
