//! Models and the versions they run.

use muster_protocol::{Mode, OperatingSystem};

/// A model of the market.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hardware {
    pub(super) model: &'static str,
    pub(super) system: OperatingSystem,
    /// First and last major version it runs, within what this program simulates.
    runs: (u16, u16),
    family: Family,
}

/// What kind of system a model ships with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Apple,
    /// Android with Google's services.
    Google,
    /// Android without them: headsets and the like.
    OpenSource,
}

/// Declares the models, one a line.
const fn model(
    model: &'static str,
    system: OperatingSystem,
    runs: (u16, u16),
    family: Family,
) -> Hardware {
    Hardware { model, system, runs, family }
}

const fn iphone(name: &'static str, runs: (u16, u16)) -> Hardware {
    model(name, OperatingSystem::Ios, runs, Family::Apple)
}

const fn ipad(name: &'static str, runs: (u16, u16)) -> Hardware {
    model(name, OperatingSystem::IpadOs, runs, Family::Apple)
}

const fn android(name: &'static str, runs: (u16, u16)) -> Hardware {
    model(name, OperatingSystem::Android, runs, Family::Google)
}

const fn open_source(name: &'static str, runs: (u16, u16)) -> Hardware {
    model(name, OperatingSystem::Android, runs, Family::OpenSource)
}

/// Source: the makers' lists of supported systems, rounded to major versions.
const MODELS: [Hardware; 27] = [
    iphone("iPhone6,2", (12, 12)),
    iphone("iPhone9,1", (12, 15)),
    iphone("iPhone10,3", (12, 16)),
    iphone("iPhone11,8", (12, 18)),
    iphone("iPhone12,1", (13, 18)),
    iphone("iPhone14,5", (15, 18)),
    iphone("iPhone15,2", (16, 18)),
    iphone("iPhone16,1", (17, 18)),
    iphone("iPhone17,3", (18, 18)),
    ipad("iPad7,5", (12, 17)),
    ipad("iPad8,1", (12, 18)),
    ipad("iPad11,6", (14, 18)),
    ipad("iPad13,18", (16, 18)),
    android("SM-G930F", (6, 8)),
    android("Pixel", (7, 10)),
    android("SM-G960F", (8, 10)),
    android("TC57", (8, 11)),
    android("SM-A405FN", (9, 11)),
    android("Pixel 4a", (10, 13)),
    android("SM-A528B", (11, 14)),
    android("SM-X200", (11, 14)),
    android("Pixel 7", (13, 15)),
    android("SM-S921B", (14, 15)),
    open_source("HMT-1", (10, 10)),
    open_source("Navigator 500", (11, 13)),
    open_source("VIVE Focus 3", (10, 12)),
    open_source("Quest 3", (12, 14)),
];

/// The models on which `mode` exists.
pub(super) fn fitting(mode: Mode) -> Vec<&'static Hardware> {
    let fits = |hardware: &&Hardware| {
        let (lowest, highest) = hardware.versions(mode);
        hardware.is_of(mode) && lowest <= highest
    };
    MODELS.iter().filter(fits).collect()
}

impl Hardware {
    /// A Shared iPad is no iPhone.
    fn is_of(&self, mode: Mode) -> bool {
        let shared_iphone = mode == Mode::AppleSharedIpad && self.system != OperatingSystem::IpadOs;
        self.family == family(mode) && !shared_iphone
    }

    /// First and last major version that this model runs and that know `mode`.
    pub(super) fn versions(&self, mode: Mode) -> (u16, u16) {
        let (since, until) = known(mode);
        let (first, last) = self.runs;
        (first.max(since), last.min(until))
    }
}

const fn family(mode: Mode) -> Family {
    match mode {
        Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => Family::Apple,
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidCorporateOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => Family::Google,
        Mode::AospUserAssociated | Mode::AospUserless => Family::OpenSource,
    }
}

/// The major versions on which a mode exists, of those simulated: iOS 12 to 18, Android 6 to 15.
///
/// User Enrollment came with iOS 13, the work profile on company-owned devices with Android 8;
/// the device administrator is left to old devices.
const fn known(mode: Mode) -> (u16, u16) {
    match mode {
        Mode::AppleDevice | Mode::AppleDeviceSupervised | Mode::AppleAutomatedDevice => (12, 18),
        Mode::AppleUser | Mode::AppleSharedIpad => (13, 18),
        Mode::AppleAccountDrivenUser => (15, 18),
        Mode::AppleAccountDrivenDevice => (17, 18),
        Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AndroidFullyManaged
        | Mode::AndroidDedicated => (6, 15),
        Mode::AndroidCorporateOwnedWorkProfile => (8, 15),
        Mode::AndroidDeviceAdministrator => (6, 9),
        Mode::AospUserAssociated | Mode::AospUserless => (10, 15),
    }
}
