//! Everything about a run that is decided before it begins.

use alloc::vec::Vec;
use core::time::Duration;

use muster_control::{Action, Readings};
use muster_device::{DeviceSpec, UserAction};
use muster_protocol::{Policy, Timestamp};
use serde::{Deserialize, Serialize};

/// One run: played twice, it gives the same log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Root of all chance in the world.
    pub seed: u64,
    /// How messages travel.
    pub network: Network,
    /// How the server reads the documents where they contradict each other.
    pub readings: Readings,
    /// Who takes part.
    pub devices: Vec<PlannedDevice>,
    /// What comes from outside, in any order.
    pub acts: Vec<Act>,
    /// Nothing goes wrong from then on, and nothing new is asked.
    pub calm_at: Timestamp,
    /// The run is over, and everything that was promised has to be kept.
    pub end_at: Timestamp,
}

/// How messages travel when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Shortest time a message takes.
    pub delay: Duration,
    /// What may come on top, drawn for each message.
    pub jitter: Duration,
}

/// A device with a number that stays its own when others are taken out of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDevice {
    /// Index of its chance, and its name in the log.
    pub number: u32,
    /// What it is.
    pub spec: DeviceSpec,
    /// What its enrolment profile asks.
    pub policy: Policy,
}

/// Something that happens at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What comes from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// An administrator asks for an action.
    Submit {
        /// Of which device.
        device: u32,
        /// Names the command in this plan, so that it can be cancelled.
        command: u32,
        /// What.
        action: Action,
        /// How long it may wait.
        lifetime: Duration,
    },
    /// An administrator takes a command back.
    Cancel {
        /// Whose.
        device: u32,
        /// Which.
        command: u32,
    },
    /// The person who holds the device does something.
    User {
        /// Which device.
        device: u32,
        /// What.
        does: UserDoes,
    },
    /// The device loses every network.
    Offline {
        /// Which.
        device: u32,
    },
    /// It has a network again.
    Online {
        /// Which.
        device: u32,
    },
    /// The connection breaks; what is on its way is lost.
    Cut {
        /// Whose.
        device: u32,
    },
    /// Nothing gets through for a while, and nobody notices.
    BlackHole {
        /// Whose connection.
        device: u32,
        /// For how long.
        lasts: Duration,
    },
    /// The agent dies and starts from what it made durable.
    AgentCrash {
        /// Which device.
        device: u32,
    },
    /// The agent dies the next time it has carried something out, before it can answer.
    CrashAfterExecuting {
        /// Which device.
        device: u32,
    },
    /// The connection breaks with the next answer on its way.
    LoseNextAnswer {
        /// Whose.
        device: u32,
    },
    /// The next answer is slow on a path the device then leaves for another: it arrives on the
    /// old connection while the new one is served.
    Overlap {
        /// Which device.
        device: u32,
    },
    /// The device sends its last answer once more.
    RepeatAnswer {
        /// Which.
        device: u32,
    },
    /// When a command comes again, the device first answers the attempt before.
    OldAttempt {
        /// Which.
        device: u32,
    },
    /// The device answers its last command once more, and says the opposite.
    Contradict {
        /// Which.
        device: u32,
    },
    /// The server dies: its memory is gone, what it stored is not.
    ServerCrash {
        /// For how long.
        lasts: Duration,
    },
    /// The vendor's activation service does not answer for a while.
    ServiceDown {
        /// For how long.
        lasts: Duration,
    },
    /// The server cannot write for a while.
    DiskFull {
        /// For how long.
        lasts: Duration,
    },
}

impl What {
    /// The device it concerns; `None` for the server.
    #[must_use]
    pub const fn device(&self) -> Option<u32> {
        match self {
            Self::Submit { device, .. }
            | Self::Cancel { device, .. }
            | Self::User { device, .. }
            | Self::Offline { device }
            | Self::Online { device }
            | Self::Cut { device }
            | Self::BlackHole { device, .. }
            | Self::AgentCrash { device }
            | Self::RepeatAnswer { device }
            | Self::OldAttempt { device }
            | Self::CrashAfterExecuting { device }
            | Self::LoseNextAnswer { device }
            | Self::Overlap { device }
            | Self::Contradict { device } => Some(*device),
            Self::ServerCrash { .. } | Self::ServiceDown { .. } | Self::DiskFull { .. } => None,
        }
    }
}

/// What a user does, without secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserDoes {
    /// See [`UserAction::Lock`].
    Lock,
    /// See [`UserAction::Unlock`].
    Unlock,
    /// See [`UserAction::SetPasscode`].
    SetPasscode,
    /// See [`UserAction::ClearPasscode`].
    ClearPasscode,
    /// See [`UserAction::StartFindMy`].
    StartFindMy,
    /// See [`UserAction::StopFindMy`].
    StopFindMy,
    /// See [`UserAction::AcceptPrompt`].
    AcceptPrompt,
    /// See [`UserAction::Reboot`].
    Reboot,
    /// See [`UserAction::PowerOn`].
    PowerOn,
    /// See [`UserAction::SignInAsOwner`].
    SignInAsOwner,
    /// See [`UserAction::EraseAllContent`].
    EraseAllContent,
    /// See [`UserAction::RestoreFromBackup`].
    RestoreFromBackup,
}

impl UserDoes {
    /// Everything a user does.
    pub const ALL: [Self; 12] = [
        Self::Lock,
        Self::Unlock,
        Self::SetPasscode,
        Self::ClearPasscode,
        Self::StartFindMy,
        Self::StopFindMy,
        Self::AcceptPrompt,
        Self::Reboot,
        Self::PowerOn,
        Self::SignInAsOwner,
        Self::EraseAllContent,
        Self::RestoreFromBackup,
    ];

    /// The same as the device takes it.
    #[must_use]
    pub const fn action(self) -> UserAction {
        match self {
            Self::Lock => UserAction::Lock,
            Self::Unlock => UserAction::Unlock,
            Self::SetPasscode => UserAction::SetPasscode,
            Self::ClearPasscode => UserAction::ClearPasscode,
            Self::StartFindMy => UserAction::StartFindMy,
            Self::StopFindMy => UserAction::StopFindMy,
            Self::AcceptPrompt => UserAction::AcceptPrompt,
            Self::Reboot => UserAction::Reboot,
            Self::PowerOn => UserAction::PowerOn,
            Self::SignInAsOwner => UserAction::SignInAsOwner,
            Self::EraseAllContent => UserAction::EraseAllContent,
            Self::RestoreFromBackup => UserAction::RestoreFromBackup,
        }
    }
}
