//! Messages of a management connection, both directions.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::id::{Attempt, CommandId, DeviceId};
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::push::PushUpdate;
use crate::secret::{BypassCode, UnlockToken};
use crate::status::DeviceStatus;
use crate::time::Timestamp;

/// Device to server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToServer {
    /// The first message of a connection.
    Hello(Hello),
    /// Secrets the server has to keep; repeated until acknowledged.
    TokenUpdate(TokenUpdate),
    /// The state has changed.
    StatusReport(DeviceStatus),
    /// Ready for commands, among them those that got `NotNow` before.
    Idle,
    /// The answer to an attempt.
    CommandResult(CommandResult),
    /// Where the device can be woken. Since minor 1.
    PushUpdate(PushUpdate),
}

/// Server to device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToDevice {
    /// The answer to `Hello`.
    Welcome(Welcome),
    /// The secrets are stored.
    TokenUpdateAck {
        /// Which update.
        sequence: u32,
    },
    /// Do this.
    Command(Command),
    /// The answer to `Idle` if nothing waits.
    Empty,
    /// What the organisation asks of the device has changed. Since minor 1.
    PolicyUpdate(Policy),
}

/// Who connects, and in which state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Minor version of the device.
    pub minor: u16,
    /// Must be the device the certificate names.
    pub device: DeviceId,
    /// The state as it is now.
    pub status: DeviceStatus,
}

/// What the server has to say to a device it accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Minor version of the server.
    pub minor: u16,
    /// The server's time.
    pub now: Timestamp,
    /// What the organisation asks of the device.
    pub policy: Policy,
}

/// Secrets for the server's escrow. Absent ones leave what the server has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUpdate {
    /// Counts the updates of one enrolment from 1.
    pub sequence: u32,
    /// Opens the keybag.
    pub unlock_token: Option<UnlockToken>,
    /// Removes the Activation Lock.
    pub bypass_code: Option<BypassCode>,
}

/// The answer to an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// Which command.
    pub id: CommandId,
    /// Which attempt of it.
    pub attempt: Attempt,
    /// What came of it.
    pub outcome: Outcome,
}

impl ToServer {
    /// The name of the message, for logs and errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "Hello",
            Self::TokenUpdate(_) => "TokenUpdate",
            Self::StatusReport(_) => "StatusReport",
            Self::Idle => "Idle",
            Self::CommandResult(_) => "CommandResult",
            Self::PushUpdate(_) => "PushUpdate",
        }
    }
}

impl ToDevice {
    /// The name of the message, for logs and errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Welcome(_) => "Welcome",
            Self::TokenUpdateAck { .. } => "TokenUpdateAck",
            Self::Command(_) => "Command",
            Self::Empty => "Empty",
            Self::PolicyUpdate(_) => "PolicyUpdate",
        }
    }
}
