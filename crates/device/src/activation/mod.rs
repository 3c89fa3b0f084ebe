//! The vendor's activation service: the third party that knows which device is locked to whom.
//!
//! A device believes what it was told last; a server knows what it was told or made itself. The
//! truth is here, by serial number, and every device asks before its set-up goes on. A decision:
//! the service is reached by every device that is switched on, also by one that is offline to its
//! server.
//!
//! Source: Apple, "Creating and using bypass codes"; Apple Business API, activation lock status.

mod call;
mod code;
mod escrow;
mod service;

pub use call::{ActivationCall, ActivationReply};
pub use code::BypassKey;
pub(crate) use code::parse as key_of;
pub use escrow::{EscrowHash, ParseEscrowHashError};
pub use service::{
    ActivationService, LockRequest, LockResponse, LockStatus, LockType, Ownership, Unlocking,
};
