//! The words both sides of muster share: ids, time, seeds, commands, outcomes, frames, codec.
//!
//! The device and the server are written apart and meet only here. Nothing in this crate does
//! I/O, reads a clock or draws ambient randomness. `docs/protocol/` states the same wire format
//! for implementations in other languages; `fixtures/wire/v1/` holds its golden bytes.
#![no_std]

extern crate alloc;

pub mod alpn;
pub mod close;
mod codec;
pub mod command;
pub mod enrolment;
pub mod fault;
pub mod frame;
pub mod habit;
pub mod id;
pub mod limits;
pub mod management;
pub mod outcome;
pub mod planted;
pub mod platform;
pub mod policy;
pub mod push;
pub mod secret;
pub mod seed;
pub mod status;
pub mod time;

pub use close::CloseCode;
pub use codec::{DecodeError, EncodeError, decode_at_rest, encode_at_rest};
pub use command::{AndroidRequest, AppleRequest, Command, CommandHead, Request};
pub use id::{Attempt, CommandId, DeviceId};
pub use outcome::{
    Answer, ClearedApplication, ErrorItem, InstalledApplication, Location, LockMessage, Outcome,
    QueryResponse, QueryValue, SettingResult,
};
pub use platform::{
    DeviceFacts, Mode, OperatingSystem, OsVersion, Platform, SerialNumber, Supervision,
};
pub use policy::{ActivationLockPolicy, PasscodeRule, Policy};
pub use push::{PushService, PushTarget, PushUpdate};
pub use seed::Seed;
pub use time::Timestamp;
