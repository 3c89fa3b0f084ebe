//! What an administrator can ask for, named as Microsoft Graph names it.

use serde::{Deserialize, Serialize};

/// A remote action with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Resets the device to factory settings.
    Wipe {
        /// Keeps the eSIM data plan (`persistEsimDataPlan`).
        persist_esim_data_plan: bool,
    },
    /// Removes management and leaves personal data.
    Retire,
    /// Removes the passcode (iOS) or sets a temporary one (Android).
    ResetPasscode,
    /// Locks the screen.
    RemoteLock,
    /// Has the device check in and report.
    SyncDevice,
    /// Removes the Activation Lock of a supervised iOS device.
    BypassActivationLock,
}

/// An action without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ActionKind {
    /// See [`Action::Wipe`].
    Wipe,
    /// See [`Action::Retire`].
    Retire,
    /// See [`Action::ResetPasscode`].
    ResetPasscode,
    /// See [`Action::RemoteLock`].
    RemoteLock,
    /// See [`Action::SyncDevice`].
    SyncDevice,
    /// See [`Action::BypassActivationLock`].
    BypassActivationLock,
}

/// Which commands go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Ends the enrolment: supersedes whatever waits.
    Final,
    /// Everything else, first in first out.
    Normal,
}

impl ActionKind {
    /// Every action.
    pub const ALL: [Self; 6] = [
        Self::Wipe,
        Self::Retire,
        Self::ResetPasscode,
        Self::RemoteLock,
        Self::SyncDevice,
        Self::BypassActivationLock,
    ];

    /// The last segment of the action's URL in Microsoft Graph.
    #[must_use]
    pub const fn graph_name(self) -> &'static str {
        match self {
            Self::Wipe => "wipe",
            Self::Retire => "retire",
            Self::ResetPasscode => "resetPasscode",
            Self::RemoteLock => "remoteLock",
            Self::SyncDevice => "syncDevice",
            Self::BypassActivationLock => "bypassActivationLock",
        }
    }

    /// Which commands this one overtakes.
    #[must_use]
    pub(crate) const fn priority(self) -> Priority {
        match self {
            Self::Wipe | Self::Retire => Priority::Final,
            Self::ResetPasscode
            | Self::RemoteLock
            | Self::SyncDevice
            | Self::BypassActivationLock => Priority::Normal,
        }
    }
}

impl Action {
    /// The action without its arguments.
    #[must_use]
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Wipe { .. } => ActionKind::Wipe,
            Self::Retire => ActionKind::Retire,
            Self::ResetPasscode => ActionKind::ResetPasscode,
            Self::RemoteLock => ActionKind::RemoteLock,
            Self::SyncDevice => ActionKind::SyncDevice,
            Self::BypassActivationLock => ActionKind::BypassActivationLock,
        }
    }
}
