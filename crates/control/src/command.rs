//! One accepted command and where it stands.

use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::secret::Passcode;
use muster_protocol::{Attempt, CommandId, DeviceId, ErrorItem, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::Action;

/// How long a temporary passcode is shown to administrators.
///
/// Source: sources/reset-passcode.md, "Reset Android work profile and Device Owner passcodes".
pub const PASSCODE_SHOWN_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A command from acceptance to its end and beyond.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// The command, the same over all attempts.
    pub id: CommandId,
    /// Whom it is for.
    pub device: DeviceId,
    /// Its place in the order of acceptance of this device, from 1.
    pub sequence: u64,
    /// What is asked.
    pub action: Action,
    /// Where it stands.
    pub state: CommandState,
    /// The last attempt handed to the device; 0 before the first.
    #[serde(default)]
    pub attempt: Attempt,
    /// When it became durable.
    pub accepted_at: Timestamp,
    /// The last change of state.
    pub updated_at: Timestamp,
    /// When it is given up if it has not ended by then.
    pub expires_at: Timestamp,
}

/// The states of a command. Terminal ones are never left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandState {
    /// Waits for the device.
    Queued,
    /// An attempt is with the device.
    InFlight,
    /// The device said not now; offered again in its next run.
    NotNow,
    /// The vendor's activation service was asked; the device has no part in it.
    AtService,
    /// Terminal: the device did it.
    Done {
        /// What the device set, while administrators may see it.
        #[serde(default)]
        passcode: Option<TemporaryPasscode>,
    },
    /// Terminal: the device tried or looked, and failed.
    Failed {
        /// The device's error chain, or the server's own reason.
        errors: Vec<ErrorItem>,
    },
    /// Terminal: the device cannot do it in its present state.
    NotSupported {
        /// The device's error chain.
        errors: Vec<ErrorItem>,
    },
    /// Terminal: it was never carried out.
    Canceled {
        /// Why.
        reason: CancelReason,
    },
}

impl CommandState {
    /// Whether the command is over.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        !self.stage().is_live()
    }
}

/// A passcode made by the device, shown for [`PASSCODE_SHOWN_FOR`] and purged after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryPasscode {
    /// What to type.
    pub value: Passcode,
    /// No longer shown from then on.
    pub shown_until: Timestamp,
}

/// Why a command ended without being carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelReason {
    /// An administrator took it back.
    Administrator,
    /// Its time ran out.
    Expired,
    /// A wipe, retire or delete came in its place.
    Superseded,
    /// The device left or enrolled anew.
    Unenrolled,
}
