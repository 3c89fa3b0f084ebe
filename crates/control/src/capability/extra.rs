//! The actions beyond passcodes, wipes and locks.

use muster_protocol::{Mode, OsVersion};

use super::Refused;

pub(super) fn reboot_now(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => below(
            version,
            OsVersion::new(10, 3),
            "B2",
            "an iPhone or iPad can be restarted from iOS 10.3 on; update it",
        ),
        Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => below(
            version,
            OsVersion::major(7),
            "B4",
            "an Android device can be restarted from Android 7.0 on; update it",
        ),
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => Some((
            "B5",
            "only a supervised iPhone or iPad can be restarted; supervise it or ask its user",
        )),
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile => Some((
            "B6",
            "only a fully managed, dedicated or AOSP device can be restarted; ask its user",
        )),
    }
}

pub(super) fn shut_down(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => below(
            version,
            OsVersion::new(10, 3),
            "H2",
            "an iPhone or iPad can be switched off from iOS 10.3 on; update it",
        ),
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => Some((
            "H3",
            "only a supervised iPhone or iPad can be switched off; supervise it or ask its user",
        )),
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some((
            "H4",
            "Android devices cannot be switched off from afar; lock the device instead",
        )),
    }
}

/// The rows of `fixtures/behaviour/capability.toml` that refuse an action of Lost Mode.
pub(super) struct LostModeRows {
    too_old: &'static str,
    unsupervised: &'static str,
    android: &'static str,
}

pub(super) const ENABLE_LOST_MODE: LostModeRows =
    LostModeRows { too_old: "M2", unsupervised: "M3", android: "M4" };

pub(super) const DISABLE_LOST_MODE: LostModeRows =
    LostModeRows { too_old: "N2", unsupervised: "N3", android: "N4" };

pub(super) fn lost_mode(mode: Mode, version: OsVersion, rows: &LostModeRows) -> Refused {
    match mode {
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => below(
            version,
            OsVersion::new(9, 3),
            rows.too_old,
            "Lost Mode exists from iOS 9.3 on; update the device",
        ),
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => Some((
            rows.unsupervised,
            "only a supervised iPhone or iPad has a managed Lost Mode; lock the screen instead",
        )),
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some((
            rows.android,
            "Lost Mode is offered on iOS and iPadOS only; lock the screen instead",
        )),
    }
}

pub(super) fn locate(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => below(
            version,
            OsVersion::new(9, 3),
            "F2",
            "an iPhone or iPad can be located from iOS 9.3 on; update it",
        ),
        Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => None,
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => {
            Some(("F4", "only a supervised iPhone or iPad can be located; supervise it"))
        }
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some((
            "F5",
            "only a fully managed, dedicated or corporate-owned device with Google services can be located",
        )),
    }
}

pub(super) fn play_sound(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => below(
            version,
            OsVersion::new(10, 3),
            "P2",
            "an iPhone or iPad can play the sound from iOS 10.3 on; update it",
        ),
        Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => None,
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => {
            Some(("P4", "only a supervised iPhone or iPad can play the sound; supervise it"))
        }
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some((
            "P5",
            "only a fully managed, dedicated or corporate-owned device with Google services can play the sound",
        )),
    }
}

pub(super) fn device_configured(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => below(
            version,
            OsVersion::major(9),
            "C2",
            "a device can wait in Setup Assistant from iOS 9.0 on; there is nothing to release",
        ),
        Mode::AppleDeviceSupervised
        | Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some((
            "C3",
            "only a device enrolled by automated device enrolment waits in Setup Assistant",
        )),
    }
}

pub(super) fn set_device_name(mode: Mode, version: OsVersion) -> Refused {
    match mode {
        Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice | Mode::AppleSharedIpad => below(
            version,
            OsVersion::major(8),
            "J2",
            "an iPhone or iPad can be renamed from iOS 8.0 on; update it",
        ),
        Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => None,
        Mode::AppleDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser => Some((
            "J4",
            "only a supervised iPhone or iPad can be renamed; set its managedDeviceName instead",
        )),
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some((
            "J5",
            "only a corporate-owned device with Google services can be renamed; set its \
             managedDeviceName instead",
        )),
    }
}

/// The rows of `fixtures/behaviour/capability.toml` that refuse an action of a Shared iPad.
pub(super) struct SharedIpadRows {
    too_old: &'static str,
    not_shared: &'static str,
}

pub(super) const LOG_OUT_USER: SharedIpadRows = SharedIpadRows { too_old: "U2", not_shared: "U3" };

pub(super) const DELETE_USER: SharedIpadRows = SharedIpadRows { too_old: "V2", not_shared: "V3" };

pub(super) fn shared_ipad(mode: Mode, version: OsVersion, rows: &SharedIpadRows) -> Refused {
    match mode {
        Mode::AppleSharedIpad => below(
            version,
            OsVersion::new(9, 3),
            rows.too_old,
            "an iPad can be shared from iOS 9.3 on; update it",
        ),
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated
        | Mode::AospUserAssociated
        | Mode::AospUserless => Some((
            rows.not_shared,
            "only a Shared iPad keeps several users; lock or wipe this device instead",
        )),
    }
}

fn below(version: OsVersion, first: OsVersion, row: &'static str, reason: &'static str) -> Refused {
    (version < first).then_some((row, reason))
}
