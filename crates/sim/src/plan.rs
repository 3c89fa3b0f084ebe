//! Everything about a run that is decided before it begins.

use alloc::vec::Vec;
use core::hash::Hasher as _;
use core::time::Duration;

use muster_control::{Action, Readings};
use muster_device::{DeviceSpec, Habit, UserAction};
use muster_protocol::{Policy, Timestamp, encode_at_rest};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fault::{FoulPushes, Injection};

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
    /// How long a day of the people lasts; at least a second.
    #[serde(default = "real_day", skip_serializing_if = "is_real_day")]
    pub day: Duration,
    /// What a device does whose attempt to connect finds no server.
    #[serde(default, skip_serializing_if = "Asking::is_once")]
    pub asking: Asking,
}

const fn real_day() -> Duration {
    Plan::REAL_DAY
}

fn is_real_day(day: &Duration) -> bool {
    *day == Plan::REAL_DAY
}

impl Plan {
    /// How long a day lasts outside.
    pub const REAL_DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// A number two plans share if they are equal.
    #[must_use]
    pub fn digest(&self) -> u64 {
        // Nothing in a plan is too long to be encoded.
        let bytes = encode_at_rest(self).unwrap_or_default();
        let mut digest = Digest::default();
        digest.write(&bytes);
        digest.finish()
    }
}

/// What a device does whose attempt to connect finds no server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asking {
    /// It waits until the attempt is given up.
    #[default]
    Once,
    /// It asks again until then, as QUIC sends its first packets again.
    Again,
}

impl Asking {
    const fn is_once(&self) -> bool {
        matches!(self, Self::Once)
    }
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
    /// How the person lives who holds it; `None` if nobody does.
    #[serde(default)]
    pub habit: Option<Habit>,
}

impl PlannedDevice {
    /// A device nobody holds.
    #[must_use]
    pub const fn new(number: u32, spec: DeviceSpec, policy: Policy) -> Self {
        Self { number, spec, policy, habit: None }
    }
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
    /// The device is switched off: it has no network, whatever is around it.
    Offline {
        /// Which.
        device: u32,
    },
    /// It is switched on again, and has the network that is around it.
    Online {
        /// Which.
        device: u32,
    },
    /// Something goes wrong, now or at its moment.
    Fault(Injection),
    /// From now on chance is another one: delays and back-offs are drawn anew.
    FreshChance {
        /// Which other one.
        draw: u64,
    },
    /// The server stops as it should, asks its devices to come back later, and starts again.
    Restart {
        /// How long there is no server.
        away: Duration,
    },
    /// Once its management has ended, the device lies there, switched off.
    TakeOut {
        /// Which.
        device: u32,
    },
    /// The device is set up and enrols again: now, or as soon as its management has ended.
    SetUp {
        /// Which.
        device: u32,
    },
    /// For a while pushes meet with a fault now and then.
    FoulPushes(FoulPushes),
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
            | Self::TakeOut { device }
            | Self::SetUp { device } => Some(*device),
            Self::Fault(injection) => injection.device(),
            Self::FreshChance { .. } | Self::Restart { .. } | Self::FoulPushes(_) => None,
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
    /// See [`UserAction::PowerOff`].
    PowerOff,
    /// See [`UserAction::UseBattery`], down to nothing.
    DrainBattery,
    /// See [`UserAction::ChargeBattery`].
    ChargeBattery,
    /// See [`UserAction::HoldManagement`].
    HoldManagement,
    /// See [`UserAction::ReleaseManagement`].
    ReleaseManagement,
    /// See [`UserAction::RemoveWorkProfile`].
    RemoveWorkProfile,
}

impl UserDoes {
    /// Everything a user does.
    pub const ALL: [Self; 18] = [
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
        Self::PowerOff,
        Self::DrainBattery,
        Self::ChargeBattery,
        Self::HoldManagement,
        Self::ReleaseManagement,
        Self::RemoveWorkProfile,
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
            Self::PowerOff => UserAction::PowerOff,
            Self::DrainBattery => UserAction::UseBattery { left_percent: 0 },
            Self::ChargeBattery => UserAction::ChargeBattery,
            Self::HoldManagement => UserAction::HoldManagement,
            Self::ReleaseManagement => UserAction::ReleaseManagement,
            Self::RemoveWorkProfile => UserAction::RemoveWorkProfile,
        }
    }
}
