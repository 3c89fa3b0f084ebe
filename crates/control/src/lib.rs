//! The server's decisions: enrolment, command queue, capability tables.
//!
//! Pure functions of (record, time, input): a shell loads a [`DeviceRecord`], lets it decide, and
//! writes what [`DeviceRecord::take_writes`] hands out in one transaction guarded by the record's
//! revision. Nothing here does I/O, reads a clock or draws chance.
#![no_std]

extern crate alloc;

mod action;
mod capability;
mod command;
mod compose;
mod enrolment;
mod escrow;
mod planted;
mod push;
mod queue;
mod readings;
mod record;
mod retention;
mod settle;
mod standing;
#[cfg(test)]
mod testing;
mod transitions;
mod vendor;

pub use action::{Action, ActionKind};
pub use capability::{CapabilityRefusal, RECOVER_PASSCODE, capability_of};
pub use command::{
    CancelReason, CommandRecord, CommandState, PASSCODE_SHOWN_FOR, TemporaryPasscode,
};
pub use enrolment::{
    EnrolRefusal, EnrolmentProfile, EnrolmentTokenRecord, KeyFingerprint, TokenUse, check_token,
};
pub use escrow::{BYPASS_CODE_KEPT_FOR, EarlierCode, Escrow};
pub use push::{POLICY_PUSHED_FOR, PUSH_AGAIN_AFTER, PUSH_GAP_MAX, PushOrder, PushOutcome};
pub use queue::{COMMAND_LIFETIME, CancelOutcome, NewCommand, QUEUE_PER_DEVICE_MAX, SubmitRefusal};
pub use readings::{
    ActivationLockRoute, CorporateProfileRetire, DeviceOwnerReset, LostModeAfterErase,
    PersonalProfileLock, Readings,
};
pub use record::{DeviceRecord, Lifecycle, NewLife, PrimaryUser, UnenrolReason, Writes};
pub use settle::Settled;
pub use standing::{
    CERTIFICATE_LIFETIME, Compliance, LOCATION_SHOWN_FOR, Listing, Located, LostMode,
    LostModeState, ManagementState, RECORD_KEPT_AFTER_CERTIFICATE, UNLOCK_PIN_SHOWN_FOR,
};
pub use transitions::Stage;
pub use vendor::{VendorCall, VendorOutcome};
