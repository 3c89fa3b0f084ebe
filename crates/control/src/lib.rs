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
mod queue;
mod record;
mod settle;
#[cfg(test)]
mod testing;
mod transitions;

pub use action::{Action, ActionKind};
pub use capability::CapabilityRefusal;
pub use command::{
    CancelReason, CommandRecord, CommandState, PASSCODE_SHOWN_FOR, TemporaryPasscode,
};
pub use enrolment::{
    EnrolRefusal, EnrolmentProfile, EnrolmentTokenRecord, KeyFingerprint, TokenUse, check_token,
};
pub use queue::{COMMAND_LIFETIME, CancelOutcome, QUEUE_PER_DEVICE_MAX, SubmitRefusal};
pub use record::{DeviceRecord, Escrow, Lifecycle, NewLife, UnenrolReason, Writes};
pub use settle::Settled;
pub use transitions::Stage;
