//! The command set: who has which request since when, what stops it, and which right it needs.

use muster_protocol::{AppleRequest, DeviceFacts, Mode, OsVersion, Supervision};

use super::holds::{Hold, Obstacle};
use crate::spec::AccessRights;

/// On which terms a device takes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    who: Who,
    on_shared_ipad: OnSharedIpad,
    since: OsVersion,
    until: Option<OsVersion>,
    stopped_by: &'static [Obstacle],
    stopped_since: OsVersion,
    when_management_is_held: WhenManagementIsHeld,
    right: AccessRights,
}

/// Which kinds of enrolment have a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Everybody,
    AllButUserEnrollment,
    Supervised,
    SharedIpad,
}

/// Whether a Shared iPad has what other supervised devices have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnSharedIpad {
    Known,
    Unknown,
}

/// What a request does while the system holds management back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhenManagementIsHeld {
    Waits,
    Passes,
}

impl Terms {
    const fn new(who: Who, since: OsVersion, right: AccessRights) -> Self {
        Self {
            who,
            on_shared_ipad: OnSharedIpad::Known,
            since,
            until: None,
            stopped_by: &[],
            stopped_since: since,
            when_management_is_held: WhenManagementIsHeld::Waits,
            right,
        }
    }

    const fn not_on_shared_ipad(self) -> Self {
        Self { on_shared_ipad: OnSharedIpad::Unknown, ..self }
    }

    const fn until(self, last: OsVersion) -> Self {
        Self { until: Some(last), ..self }
    }

    const fn stopped_by(self, obstacles: &'static [Obstacle]) -> Self {
        Self { stopped_by: obstacles, ..self }
    }

    /// Older versions let nothing stop it.
    const fn stopped_since(self, version: OsVersion) -> Self {
        Self { stopped_since: version, ..self }
    }

    const fn passes_while_management_is_held(self) -> Self {
        Self { when_management_is_held: WhenManagementIsHeld::Passes, ..self }
    }

    /// Whether a device like this has the request at all.
    pub(super) fn include(&self, facts: &DeviceFacts) -> bool {
        let enrolled_for_it = match self.who {
            Who::Everybody => true,
            Who::AllButUserEnrollment => !facts.mode.is_user_enrollment(),
            Who::Supervised => facts.mode.supervision() == Supervision::Supervised,
            Who::SharedIpad => facts.mode == Mode::AppleSharedIpad,
        };
        let left_out =
            facts.mode == Mode::AppleSharedIpad && self.on_shared_ipad == OnSharedIpad::Unknown;
        let version = facts.os_version;
        let known = self.since <= version && self.until.is_none_or(|last| version <= last);
        enrolled_for_it && !left_out && known
    }

    /// Whether a device of this version lets `obstacle` stop the request.
    pub(super) fn is_stopped_by(&self, obstacle: Obstacle, version: OsVersion) -> bool {
        if obstacle == Obstacle::Held(Hold::Management) {
            return self.when_management_is_held == WhenManagementIsHeld::Waits;
        }
        self.stopped_by.contains(&obstacle) && self.stopped_since <= version
    }

    /// The right the server needs for it on an unsupervised device.
    pub(super) const fn right(&self) -> AccessRights {
        self.right
    }
}

const IOS_4: OsVersion = OsVersion::major(4);
const IOS_5: OsVersion = OsVersion::major(5);
const IOS_7_1: OsVersion = OsVersion::new(7, 1);
const IOS_8: OsVersion = OsVersion::major(8);
const IOS_9: OsVersion = OsVersion::major(9);
const IOS_9_3: OsVersion = OsVersion::new(9, 3);
const IOS_10_3: OsVersion = OsVersion::new(10, 3);

/// The first version that lets Setup Assistant, Lost Mode and a device not unlocked yet stop
/// DeviceLock and CertificateList.
///
/// A decision: the archived reference, of iOS 11 and before, lists both among the requests that
/// are never `NotNow`; today's devices do otherwise, and nobody says since when.
const FIRST_TO_STOP_THEM: OsVersion = OsVersion::major(12);

const LAST_UNLOCK_TOKEN: OsVersion = OsVersion { major: 6, minor: 1, patch: 6 };

const LOCKED_SCREEN: &[Obstacle] = &[Obstacle::LockedScreen];
const BEFORE_FIRST_UNLOCK: &[Obstacle] = &[Obstacle::BeforeFirstUnlock];
const SETUP_ASSISTANT: &[Obstacle] = &[Obstacle::Held(Hold::SetupAssistant)];
const SETUP_ASSISTANT_OR_LOST: &[Obstacle] =
    &[Obstacle::Held(Hold::SetupAssistant), Obstacle::LostMode];
const NO_ACCOUNT_OR_LOST: &[Obstacle] = &[Obstacle::Held(Hold::Account), Obstacle::LostMode];

/// The terms of each request.
///
/// Source: github.com/apple/device-management, `mdm/commands/*.yaml`, `supportedOS`; what stops
/// them as devices answer. DisableActivationLock is the product's own: "For supervised devices
/// only".
pub(super) const fn terms(request: &AppleRequest) -> Terms {
    match request {
        AppleRequest::EraseDevice { .. } | AppleRequest::ReturnToService { .. } => {
            owned_by_organisation(AccessRights::ERASE).passes_while_management_is_held()
        }
        AppleRequest::ClearPasscode { .. } => {
            owned_by_organisation(AccessRights::LOCK_AND_PASSCODE).not_on_shared_ipad()
        }
        AppleRequest::DeviceLock { .. } => everybody(IOS_4, AccessRights::LOCK_AND_PASSCODE)
            .stopped_by(SETUP_ASSISTANT_OR_LOST)
            .stopped_since(FIRST_TO_STOP_THEM),
        AppleRequest::DeviceInformation { .. } => {
            everybody(IOS_4, AccessRights::NONE).passes_while_management_is_held()
        }
        AppleRequest::SecurityInfo => {
            everybody(IOS_4, AccessRights::SECURITY).stopped_by(LOCKED_SCREEN)
        }
        AppleRequest::InstallProfile { .. } => {
            everybody(IOS_4, AccessRights::INSTALL_PROFILES).stopped_by(LOCKED_SCREEN)
        }
        AppleRequest::RemoveProfile { .. } => {
            everybody(IOS_4, AccessRights::INSTALL_PROFILES).stopped_by(BEFORE_FIRST_UNLOCK)
        }
        AppleRequest::ProfileList => {
            everybody(IOS_4, AccessRights::INSPECT_PROFILES).passes_while_management_is_held()
        }
        AppleRequest::CertificateList => everybody(IOS_4, AccessRights::INSPECT_PROFILES)
            .stopped_by(BEFORE_FIRST_UNLOCK)
            .stopped_since(FIRST_TO_STOP_THEM),
        AppleRequest::Settings { .. } | AppleRequest::SetDeviceName { .. } => {
            everybody(IOS_5, AccessRights::SETTINGS)
        }
        AppleRequest::InstalledApplicationList => {
            everybody(IOS_5, AccessRights::LIST_APPLICATIONS).passes_while_management_is_held()
        }
        AppleRequest::InstallApplication { .. } => {
            everybody(IOS_5, AccessRights::APPLICATIONS).stopped_by(NO_ACCOUNT_OR_LOST)
        }
        AppleRequest::RequestUnlockToken => {
            supervised(IOS_5).until(LAST_UNLOCK_TOKEN).stopped_by(LOCKED_SCREEN)
        }
        AppleRequest::DisableActivationLock { .. } => supervised(IOS_4).not_on_shared_ipad(),
        AppleRequest::ActivationLockBypassCode | AppleRequest::ClearActivationLockBypassCode => {
            supervised(IOS_7_1).not_on_shared_ipad()
        }
        AppleRequest::ClearRestrictionsPassword => supervised(IOS_8).not_on_shared_ipad(),
        AppleRequest::DeviceConfigured => supervised(IOS_9),
        AppleRequest::EnableLostMode { .. } | AppleRequest::DisableLostMode => {
            supervised(IOS_9_3).stopped_by(SETUP_ASSISTANT)
        }
        AppleRequest::LogOutUser | AppleRequest::DeleteUser { .. } => {
            Terms::new(Who::SharedIpad, IOS_9_3, AccessRights::NONE)
        }
        AppleRequest::DeviceLocation => supervised(IOS_9_3),
        AppleRequest::RestartDevice
        | AppleRequest::ShutDownDevice
        | AppleRequest::PlayLostModeSound => supervised(IOS_10_3),
    }
}

const fn everybody(since: OsVersion, right: AccessRights) -> Terms {
    Terms::new(Who::Everybody, since, right)
}

const fn owned_by_organisation(right: AccessRights) -> Terms {
    Terms::new(Who::AllButUserEnrollment, IOS_4, right)
}

/// Supervised devices ask for no right.
const fn supervised(since: OsVersion) -> Terms {
    Terms::new(Who::Supervised, since, AccessRights::NONE)
}
