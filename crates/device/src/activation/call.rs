//! What devices and their service say to each other.

use alloc::string::String;

use muster_protocol::secret::Passcode;
use serde::{Deserialize, Serialize};

use super::code::BypassKey;
use super::service::{LockStatus, LockType};

/// What a device wants of its service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivationCall {
    /// Find My was switched on: lock the device to its owner's account.
    Register {
        /// What opens the lock beside the account; only supervised devices have it.
        key: Option<BypassKey>,
    },
    /// The owner switched Find My off with the account.
    Release,
    /// The organisation sent the code to the device, which passes it on.
    Disable {
        /// The code.
        code: Passcode,
    },
    /// Setup Assistant asks whether it may go on.
    Activate,
    /// Somebody left the user name blank and typed this as the password.
    EnterCode {
        /// What was typed.
        code: Passcode,
    },
    /// Somebody signed in at Setup Assistant with an account that is not the owner's.
    EnterAccount,
    /// The owner signed in at Setup Assistant.
    SignIn,
    /// The device wants to know how it stands.
    Check,
    /// Find My was opened on a device that believes it is locked.
    Open,
}

impl ActivationCall {
    /// The name of the call, for traces and tables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Register { .. } => "Register",
            Self::Release => "Release",
            Self::Disable { .. } => "Disable",
            Self::Activate => "Activate",
            Self::EnterCode { .. } => "EnterCode",
            Self::EnterAccount => "EnterAccount",
            Self::SignIn => "SignIn",
            Self::Check => "Check",
            Self::Open => "Open",
        }
    }
}

/// What the service answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivationReply {
    /// How the device stands, after whatever it asked for.
    Standing(LockStatus),
    /// The same, to a device whose Find My was opened.
    Opened(LockStatus),
    /// Nothing keeps Setup Assistant from going on.
    Activated,
    /// The device is locked.
    Locked {
        /// To whom.
        to: LockType,
        /// What the organisation wants a finder to read.
        lost_message: Option<String>,
    },
    /// What was entered does not open the lock.
    Refused,
}

impl ActivationReply {
    /// The name of the reply, for notes.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Standing(_) => "Standing",
            Self::Opened(_) => "Opened",
            Self::Activated => "Activated",
            Self::Locked { .. } => "Locked",
            Self::Refused => "Refused",
        }
    }
}
