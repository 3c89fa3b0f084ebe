//! What a record amounts to, in the words administrators ask for.

use alloc::boxed::Box;
use core::time::Duration;

use muster_protocol::status::{PlatformStatus, Presence};
use muster_protocol::{CommandId, Location, Mode, Policy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::{Action, ActionKind};
use crate::capability::{DeletedAs, deleted_as};
use crate::command::CommandRecord;
use crate::readings::{LostModeAfterErase, Readings};
use crate::record::{DeviceRecord, Lifecycle, UnenrolReason};
use crate::transitions::Stage;

/// How long the place of a device is shown to administrators.
///
/// Source: the product's page of the remote action "Locate device".
pub const LOCATION_SHOWN_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the unlock PIN of a remote lock is shown. Only macOS has one: no device here does.
///
/// Source: sources/reset-passcode.md, the section on remote lock.
pub const UNLOCK_PIN_SHOWN_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long the certificate of a device is good for.
///
/// Source: the product's page of the remote action "Wipe": a wipe waits for an offline device
/// until its management certificate expires, a year.
pub const CERTIFICATE_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long after the end of its certificate the record of a silent device goes.
///
/// Source: as [`CERTIFICATE_LIFETIME`].
pub const RECORD_KEPT_AFTER_CERTIFICATE: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Where a device was when it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// The command that asked.
    pub command: CommandId,
    /// The place.
    pub location: Location,
    /// When the answer came.
    pub at: Timestamp,
}

impl Located {
    /// No longer shown from then on.
    #[must_use]
    pub fn shown_until(&self) -> Timestamp {
        self.at.after(LOCATION_SHOWN_FOR)
    }
}

/// Lost Mode as the device acknowledged it. Boxed: few devices are ever lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LostMode {
    /// Never enabled, or disabled.
    #[default]
    Off,
    /// Enabled by this action.
    On(Box<Action>),
    /// It was on by this action when the device was erased.
    Erased(Box<Action>),
}

/// Graph's `lostModeState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostModeState {
    /// `disabled`.
    Disabled,
    /// `enabled`.
    Enabled,
}

/// Graph's `complianceState`, as far as it is judged here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compliance {
    /// The device has reported nothing yet.
    Unknown,
    /// It is as its policy wants it.
    Compliant,
    /// A password its policy asks for is not set.
    NonCompliant,
}

/// Whether administrators find a record in the list of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// They do.
    Listed,
    /// It was deleted: it is off the list from the moment the delete was accepted.
    Hidden,
}

/// Graph's `managementState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagementState {
    /// `managed`.
    Managed,
    /// `wipePending`.
    WipePending,
    /// `wipeIssued`.
    WipeIssued,
    /// `wipeFailed`.
    WipeFailed,
    /// `wipeCanceled`.
    WipeCanceled,
    /// `retirePending`.
    RetirePending,
    /// `retireIssued`.
    RetireIssued,
    /// `retireFailed`.
    RetireFailed,
    /// `retireCanceled`.
    RetireCanceled,
    /// `deletePending`.
    DeletePending,
    /// `unknownFutureValue`: left in a way the enumeration has no word for.
    Left,
}

impl ManagementState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::Managed,
        Self::WipePending,
        Self::WipeIssued,
        Self::WipeFailed,
        Self::WipeCanceled,
        Self::RetirePending,
        Self::RetireIssued,
        Self::RetireFailed,
        Self::RetireCanceled,
        Self::DeletePending,
        Self::Left,
    ];

    /// The name in Microsoft Graph.
    #[must_use]
    pub const fn graph_name(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::WipePending => "wipePending",
            Self::WipeIssued => "wipeIssued",
            Self::WipeFailed => "wipeFailed",
            Self::WipeCanceled => "wipeCanceled",
            Self::RetirePending => "retirePending",
            Self::RetireIssued => "retireIssued",
            Self::RetireFailed => "retireFailed",
            Self::RetireCanceled => "retireCanceled",
            Self::DeletePending => "deletePending",
            Self::Left => "unknownFutureValue",
        }
    }
}

impl DeviceRecord {
    /// The organisation asks something else of the device from now on. One that keeps no
    /// connection is pushed for it, until it comes or [`Self::policy_told`].
    pub fn set_policy(&mut self, now: Timestamp, policy: Policy) {
        if self.policy == policy {
            return;
        }
        self.policy = policy;
        self.policy_news = self.push.as_ref().map(|_target| now);
        self.changed.device = true;
    }

    /// The device has been told in its session what is asked of it. Nothing changes if that is no
    /// longer asked.
    pub fn policy_told(&mut self, policy: Policy) {
        if self.policy == policy {
            self.forget_policy_news();
        }
    }

    /// Whether a woken device has yet to hear what is asked of it.
    #[must_use]
    pub const fn has_policy_news(&self) -> bool {
        self.policy_news.is_some()
    }

    pub(crate) fn forget_policy_news(&mut self) {
        self.changed.device |= self.policy_news.take().is_some();
    }

    /// Where the device stands on its way out, if it is on one.
    ///
    /// The latest wipe, retire or delete decides; one the device cannot do leaves it managed.
    ///
    /// Source: Microsoft Graph, `managementState`.
    #[must_use]
    pub fn management_state(&self) -> ManagementState {
        match self.lifecycle {
            Lifecycle::Enrolled => {
                let mut latest_first = self.commands.iter().rev();
                let state = latest_first.find_map(|row| self.leaving(row));
                state.unwrap_or(ManagementState::Managed)
            }
            Lifecycle::Unenrolled { reason, .. } => match reason {
                UnenrolReason::Wiped => ManagementState::WipeIssued,
                UnenrolReason::Retired => ManagementState::RetireIssued,
                UnenrolReason::EnrolledAgain | UnenrolReason::CertificateExpired => {
                    ManagementState::Left
                }
            },
        }
    }

    /// Whether the device is as its policy wants it, by what it reported last.
    ///
    /// A work profile's password counts on its own; a device password that is asked for counts
    /// on every platform.
    #[must_use]
    pub fn compliance(&self) -> Compliance {
        let Some(status) = self.status else {
            return Compliance::Unknown;
        };
        let device = self.policy.device_passcode.map(|_rule| status.passcode);
        let profile = match status.platform {
            PlatformStatus::Apple { .. } => None,
            PlatformStatus::Android { work_profile_password, .. } => {
                let rule =
                    self.policy.work_profile_password.filter(|_rule| has_profile(self.facts.mode));
                rule.map(|_rule| work_profile_password)
            }
        };
        let missing = device.into_iter().chain(profile).any(|found| found == Presence::NotSet);
        if missing { Compliance::NonCompliant } else { Compliance::Compliant }
    }

    /// Whether the device is in Lost Mode, as far as it has acknowledged.
    #[must_use]
    pub const fn lost_mode_state(&self) -> LostModeState {
        match self.lost_mode {
            LostMode::On(_) => LostModeState::Enabled,
            LostMode::Off | LostMode::Erased(_) => LostModeState::Disabled,
        }
    }

    /// The action to submit to the next life of this hardware, if Lost Mode is to outlive an
    /// erase.
    ///
    /// Source: see [`LostModeAfterErase`].
    #[must_use]
    pub fn lost_mode_to_reapply(&self, readings: &Readings) -> Option<Action> {
        match (readings.lost_mode_after_erase, &self.lost_mode) {
            (LostModeAfterErase::Reapplied, LostMode::Erased(action)) => {
                Some(Action::clone(action))
            }
            (LostModeAfterErase::Reapplied, LostMode::Off | LostMode::On(_))
            | (LostModeAfterErase::Forgotten, _) => None,
        }
    }

    /// Whether administrators find the device in the list.
    ///
    /// A delete that the device refused or an administrator took back brings it back.
    #[must_use]
    pub fn listing(&self) -> Listing {
        let mut latest_first = self.commands.iter().rev();
        let delete = latest_first.find(|row| row.action.kind() == ActionKind::Delete);
        let hidden = delete.is_some_and(|row| match row.state.stage() {
            Stage::Queued | Stage::InFlight | Stage::NotNow | Stage::Done => true,
            Stage::Canceled => self.lifecycle != Lifecycle::Enrolled,
            Stage::AtService | Stage::Failed | Stage::NotSupported => false,
        });
        if hidden { Listing::Hidden } else { Listing::Listed }
    }

    /// Where the device was, as the answer to this command, while it may be shown.
    #[must_use]
    pub fn located_by(&self, command: CommandId, now: Timestamp) -> Option<&Located> {
        let found = self.located.as_deref();
        found.filter(|found| found.command == command && now < found.shown_until())
    }

    /// When the record of a device goes that is never heard of again. One that was heard of has
    /// had a good certificate then.
    pub(crate) fn ends_at(&self) -> Timestamp {
        let certificate_end = self.enrolled_at.after(CERTIFICATE_LIFETIME);
        certificate_end.max(self.last_seen).after(RECORD_KEPT_AFTER_CERTIFICATE)
    }

    /// What an action that ends the enrolment says; `None` for any other.
    fn leaving(&self, row: &CommandRecord) -> Option<ManagementState> {
        let words = match row.action.kind() {
            ActionKind::Wipe => &WIPE,
            ActionKind::Retire => &RETIRE,
            ActionKind::Delete => self.delete_words(),
            ActionKind::ResetPasscode
            | ActionKind::RemoteLock
            | ActionKind::SyncDevice
            | ActionKind::BypassActivationLock
            | ActionKind::RebootNow
            | ActionKind::ShutDown
            | ActionKind::EnableLostMode
            | ActionKind::DisableLostMode
            | ActionKind::LocateDevice
            | ActionKind::PlayLostModeSound
            | ActionKind::DeviceConfigured
            | ActionKind::SetDeviceName
            | ActionKind::LogoutSharedAppleDeviceActiveUser
            | ActionKind::DeleteUserFromSharedAppleDevice => return None,
        };
        Some(match row.state.stage() {
            Stage::Queued | Stage::NotNow => words.pending,
            Stage::InFlight | Stage::Done => words.issued,
            Stage::Failed => words.failed,
            Stage::Canceled => words.canceled,
            Stage::AtService | Stage::NotSupported => ManagementState::Managed,
        })
    }

    const fn delete_words(&self) -> &'static Words {
        match deleted_as(self.facts.mode) {
            DeletedAs::Wipe => &DELETE_BY_WIPE,
            DeletedAs::Retire => &DELETE_BY_RETIRE,
        }
    }
}

const fn has_profile(mode: Mode) -> bool {
    match mode {
        Mode::AndroidPersonallyOwnedWorkProfile | Mode::AndroidCorporateOwnedWorkProfile => true,
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => false,
    }
}

/// The state for each stage of an action that ends the enrolment.
struct Words {
    pending: ManagementState,
    issued: ManagementState,
    failed: ManagementState,
    canceled: ManagementState,
}

const WIPE: Words = Words {
    pending: ManagementState::WipePending,
    issued: ManagementState::WipeIssued,
    failed: ManagementState::WipeFailed,
    canceled: ManagementState::WipeCanceled,
};

const RETIRE: Words = Words {
    pending: ManagementState::RetirePending,
    issued: ManagementState::RetireIssued,
    failed: ManagementState::RetireFailed,
    canceled: ManagementState::RetireCanceled,
};

/// The enumeration has one word for deletes; how one fails is told by what it was to the device.
const DELETE_BY_WIPE: Words = Words {
    pending: ManagementState::DeletePending,
    issued: ManagementState::DeletePending,
    failed: ManagementState::WipeFailed,
    canceled: ManagementState::Managed,
};

/// See [`DELETE_BY_WIPE`].
const DELETE_BY_RETIRE: Words = Words {
    pending: ManagementState::DeletePending,
    issued: ManagementState::DeletePending,
    failed: ManagementState::RetireFailed,
    canceled: ManagementState::Managed,
};
