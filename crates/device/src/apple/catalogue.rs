//! The command set: who has which request since when, and what makes it wait.

use muster_protocol::{AppleRequest, DeviceFacts, Mode, OsVersion, Supervision};

/// On which terms a device takes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    who: Who,
    since: OsVersion,
    until: Option<OsVersion>,
    /// What must be before the device can do it.
    pub(super) needs: Needs,
    /// Whether Lost Mode is in its way.
    pub(super) in_lost_mode: InLostMode,
}

/// Which kinds of enrolment have a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Everybody,
    AllButUserEnrollment,
    Supervised,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: never `NotNow`.
    Nothing,
    /// A screen that is not locked with a passcode.
    OpenScreen,
    /// The first unlock since the device started.
    FirstUnlock,
}

/// What Lost Mode does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InLostMode {
    /// Nothing.
    Taken,
    /// Refuses it.
    Refused,
}

impl Terms {
    const fn new(who: Who, since: OsVersion) -> Self {
        let (needs, in_lost_mode) = (Needs::Nothing, InLostMode::Taken);
        Self { who, since, until: None, needs, in_lost_mode }
    }

    const fn until(self, last: OsVersion) -> Self {
        Self { until: Some(last), ..self }
    }

    const fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    const fn refused_in_lost_mode(self) -> Self {
        Self { in_lost_mode: InLostMode::Refused, ..self }
    }

    /// Whether a device like this has the request at all.
    pub(super) fn include(&self, facts: &DeviceFacts) -> bool {
        let enrolled_for_it = match self.who {
            Who::Everybody => true,
            Who::AllButUserEnrollment => facts.mode != Mode::AppleUser,
            Who::Supervised => facts.mode.supervision() == Supervision::Supervised,
        };
        let version = facts.os_version;
        enrolled_for_it && self.since <= version && self.until.is_none_or(|last| version <= last)
    }
}

/// The terms of each request.
///
/// Source: github.com/apple/device-management, `mdm/commands/*.yaml`, `supportedOS`; waiting and
/// Lost Mode as devices answer. DisableActivationLock is the product's own: "For supervised
/// devices only".
pub(super) const fn terms(request: &AppleRequest) -> Terms {
    use Who::{AllButUserEnrollment, Everybody, Supervised};
    const IOS_4: OsVersion = OsVersion::major(4);
    const IOS_5: OsVersion = OsVersion::major(5);
    const IOS_7_1: OsVersion = OsVersion::new(7, 1);
    const IOS_9: OsVersion = OsVersion::major(9);
    const IOS_9_3: OsVersion = OsVersion::new(9, 3);
    const IOS_10_3: OsVersion = OsVersion::new(10, 3);
    const LAST_UNLOCK_TOKEN: OsVersion = OsVersion { major: 6, minor: 1, patch: 6 };
    match request {
        AppleRequest::EraseDevice { .. } | AppleRequest::ClearPasscode { .. } => {
            Terms::new(AllButUserEnrollment, IOS_4)
        }
        AppleRequest::DeviceLock { .. } => Terms::new(Everybody, IOS_4).refused_in_lost_mode(),
        AppleRequest::DisableActivationLock { .. } => Terms::new(Supervised, IOS_4),
        AppleRequest::SecurityInfo | AppleRequest::InstallProfile { .. } => {
            Terms::new(Everybody, IOS_4).needs(Needs::OpenScreen)
        }
        AppleRequest::RemoveProfile { .. } => {
            Terms::new(Everybody, IOS_4).needs(Needs::FirstUnlock)
        }
        AppleRequest::DeviceInformation { .. } | AppleRequest::ProfileList => {
            Terms::new(Everybody, IOS_4)
        }
        AppleRequest::Settings { .. } | AppleRequest::InstalledApplicationList => {
            Terms::new(Everybody, IOS_5)
        }
        AppleRequest::RequestUnlockToken => {
            Terms::new(Supervised, IOS_5).until(LAST_UNLOCK_TOKEN).needs(Needs::OpenScreen)
        }
        AppleRequest::ActivationLockBypassCode | AppleRequest::ClearActivationLockBypassCode => {
            Terms::new(Supervised, IOS_7_1)
        }
        AppleRequest::DeviceConfigured => Terms::new(Supervised, IOS_9),
        AppleRequest::EnableLostMode { .. }
        | AppleRequest::DisableLostMode
        | AppleRequest::DeviceLocation => Terms::new(Supervised, IOS_9_3),
        AppleRequest::RestartDevice
        | AppleRequest::ShutDownDevice
        | AppleRequest::PlayLostModeSound => Terms::new(Supervised, IOS_10_3),
    }
}
