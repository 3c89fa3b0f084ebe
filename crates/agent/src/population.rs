//! A believable fleet: hardware, systems, modes of management and habits, drawn from a seed.

mod hardware;
mod people;

use muster_device::{DeviceSpec, Persona, PromptHabit, Screen};
use muster_protocol::seed::Stream;
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{DeviceFacts, Mode, OperatingSystem, OsVersion, Seed, SerialNumber};

use hardware::Hardware;

pub use people::habit;

/// How common each mode of management is, in devices of a hundred.
const MODES: [(Mode, u64); 14] = [
    (Mode::AppleAutomatedDevice, 20),
    (Mode::AppleDeviceSupervised, 5),
    (Mode::AppleDevice, 11),
    (Mode::AppleUser, 7),
    (Mode::AndroidPersonallyOwnedWorkProfile, 16),
    (Mode::AndroidCorporateOwnedWorkProfile, 10),
    (Mode::AndroidFullyManaged, 12),
    (Mode::AndroidDedicated, 5),
    (Mode::AndroidDeviceAdministrator, 3),
    (Mode::AospUserAssociated, 2),
    (Mode::AospUserless, 2),
    (Mode::AppleAccountDrivenDevice, 3),
    (Mode::AppleAccountDrivenUser, 2),
    (Mode::AppleSharedIpad, 2),
];

/// Draws `count` devices.
///
/// Each is a function of the seed and its index alone: a larger fleet begins with the same
/// devices, with the same serial numbers.
#[must_use]
pub fn population(count: usize, seed: Seed) -> Vec<DeviceSpec> {
    (0_u64..).take(count).map(|index| device(index, seed)).collect()
}

/// Draws the device with this index, of this mode and with one of these major versions of its
/// system, first and last included; `None` if no model of the mode runs any of them.
///
/// Everything but the end of its serial number comes from the device's own `seed`.
#[must_use]
pub fn device_of(
    index: u64,
    mode: Mode,
    (first, last): (u16, u16),
    seed: Seed,
) -> Option<DeviceSpec> {
    let mut draws = seed.child("hardware", 0).stream();
    let fitting = hardware::fitting(mode).into_iter().filter(|hardware| {
        let (lowest, highest) = hardware.versions(mode);
        lowest.max(first) <= highest.min(last)
    });
    let fitting: Vec<&'static Hardware> = fitting.collect();
    let hardware = one_of(&fitting, &mut draws)?;
    let (lowest, highest) = hardware.versions(mode);
    let version = version(hardware.system, (lowest.max(first), highest.min(last)), &mut draws);
    Some(assemble(index, mode, (hardware, version), &mut draws))
}

fn device(index: u64, seed: Seed) -> DeviceSpec {
    let mut draws = seed.child("population", index).stream();
    let mode = mode(&mut draws);
    let hardware = one_of(&hardware::fitting(mode), &mut draws);
    let hardware = hardware.expect("every mode has hardware that runs it");
    let version = version(hardware.system, hardware.versions(mode), &mut draws);
    assemble(index, mode, (hardware, version), &mut draws)
}

fn assemble(
    index: u64,
    mode: Mode,
    (hardware, os_version): (&'static Hardware, OsVersion),
    draws: &mut Stream,
) -> DeviceSpec {
    let facts = DeviceFacts {
        serial: serial(hardware, index),
        model: hardware.model.to_owned(),
        operating_system: hardware.system,
        os_version,
        mode,
    };
    DeviceSpec::new(facts, persona(mode, draws))
}

fn mode(draws: &mut Stream) -> Mode {
    let mut left = draws.below(MODES.iter().map(|(_, share)| share).sum());
    for (mode, share) in MODES {
        match left.checked_sub(share) {
            Some(rest) => left = rest,
            None => return mode,
        }
    }
    unreachable!("a draw below the sum of the shares falls into one of them")
}

/// One of the models; `None` if there are none.
fn one_of(fitting: &[&'static Hardware], draws: &mut Stream) -> Option<&'static Hardware> {
    let count = u64::try_from(fitting.len()).ok().filter(|count| *count > 0)?;
    fitting.get(usize::try_from(draws.below(count)).ok()?).copied()
}

/// A version between these, both included; later ones are more common, because people update.
fn version(
    system: OperatingSystem,
    (lowest, highest): (u16, u16),
    draws: &mut Stream,
) -> OsVersion {
    let span = u64::from(highest - lowest) + 1;
    let above = draws.below(span).max(draws.below(span));
    let major = lowest + u16::try_from(above).unwrap_or(0);
    let minor = match system {
        OperatingSystem::Ios | OperatingSystem::IpadOs => draws.below(7),
        OperatingSystem::Android => 0,
    };
    OsVersion::new(major, u16::try_from(minor).unwrap_or(0))
}

/// Unique by its end, which counts letters within digits: `F17G0000A1`, `F17G0000A2`, ..
fn serial(hardware: &Hardware, index: u64) -> SerialNumber {
    const DIGITS: u64 = 9;
    const LETTERS: [char; 26] = [
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R',
        'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
    ];
    let maker = match hardware.system {
        OperatingSystem::Ios => "F17G",
        OperatingSystem::IpadOs => "DMPX",
        OperatingSystem::Android => "R5CT",
    };
    let (rest, digit) = (index / DIGITS, index % DIGITS + 1);
    let (number, letter) = (rest / 26, LETTERS[usize::try_from(rest % 26).unwrap_or(0)]);
    format!("{maker}{number:04}{letter}{digit}")
        .parse()
        .expect("four letters, digits, a letter and a digit are a serial number")
}

fn persona(mode: Mode, draws: &mut Stream) -> Persona {
    let mut of_hundred = |hits| draws.chance(hits, 100);
    let has_work_profile = match mode {
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
    };
    let is_shared = mode == Mode::AppleSharedIpad;
    let presence = |is_set| {
        if is_set { Presence::Set } else { Presence::NotSet }
    };
    Persona {
        passcode: presence(of_hundred(80)),
        work_profile_password: presence(of_hundred(50) && has_work_profile),
        prompt: if of_hundred(85) { PromptHabit::Accepts } else { PromptHabit::Ignores },
        // Those who share an iPad have no Find My on it.
        find_my: if of_hundred(60) && !is_shared { Switch::On } else { Switch::Off },
        screen: if of_hundred(70) { Screen::Locked } else { Screen::Unlocked },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Platform;
    use std::collections::BTreeSet;

    const MANY: usize = 3_000;

    fn seed() -> Seed {
        Seed::root(1)
    }

    #[test]
    fn a_larger_fleet_begins_with_the_same_devices() {
        let small = population(50, seed());
        let large = population(200, seed());
        assert_eq!(small, large[..50]);
        assert_ne!(small, population(50, Seed::root(2)));
    }

    #[test]
    fn serial_numbers_are_unique_and_none_is_refused() {
        let fleet = population(MANY, seed());
        let serials: BTreeSet<&str> = fleet.iter().map(|spec| spec.facts.serial.as_str()).collect();
        assert_eq!(serials.len(), MANY);
        for spec in &fleet {
            assert_eq!(spec.facts.check(), Ok(()), "{:?}", spec.facts);
        }
    }

    #[test]
    fn the_first_serial_numbers_count_up() {
        let ends: Vec<String> = population(20, seed())
            .iter()
            .map(|spec| spec.facts.serial.as_str()[4..].to_owned())
            .collect();
        assert_eq!(ends[..2], ["0000A1", "0000A2"]);
        assert_eq!(ends[8..10], ["0000A9", "0000B1"]);
    }

    #[test]
    fn every_mode_and_every_version_occurs() {
        let fleet = population(MANY, seed());
        let modes: BTreeSet<Mode> = fleet.iter().map(|spec| spec.facts.mode).collect();
        assert_eq!(modes, BTreeSet::from(Mode::ALL));
        let majors = |platform: Platform| -> Vec<u16> {
            let of_platform = |spec: &&DeviceSpec| spec.facts.mode.platform() == platform;
            let majors: BTreeSet<u16> =
                fleet.iter().filter(of_platform).map(|spec| spec.facts.os_version.major).collect();
            majors.into_iter().collect()
        };
        assert_eq!(majors(Platform::Apple), (12..=18).collect::<Vec<_>>());
        assert_eq!(majors(Platform::Android), (6..=15).collect::<Vec<_>>());
    }

    #[test]
    fn a_device_of_a_wanted_kind_is_of_that_kind_or_there_is_none() {
        for index in 0..200 {
            let spec = device_of(index, Mode::AppleUser, (15, 16), seed()).unwrap();
            assert_eq!(spec.facts.mode, Mode::AppleUser);
            assert!((15..=16).contains(&spec.facts.os_version.major), "{:?}", spec.facts);
            assert_eq!(spec.facts.check(), Ok(()));
        }
        assert_eq!(device_of(0, Mode::AndroidDeviceAdministrator, (14, 15), seed()), None);
    }

    #[test]
    fn every_mode_has_hardware_that_runs_it() {
        for mode in Mode::ALL {
            let fitting = hardware::fitting(mode);
            assert!(!fitting.is_empty(), "{mode}");
            for hardware in fitting {
                let (lowest, highest) = hardware.versions(mode);
                assert!(lowest <= highest, "{mode} on {}", hardware.model);
            }
        }
    }

    #[test]
    fn a_shared_ipad_is_an_ipad_without_find_my() {
        let fleet = population(MANY, seed());
        let shared: Vec<&DeviceSpec> =
            fleet.iter().filter(|spec| spec.facts.mode == Mode::AppleSharedIpad).collect();
        assert!(!shared.is_empty());
        for spec in shared {
            assert_eq!(spec.facts.operating_system, OperatingSystem::IpadOs);
            assert_eq!(spec.persona.find_my, Switch::Off);
        }
    }

    #[test]
    fn only_a_device_with_a_work_profile_has_a_password_for_it() {
        for spec in population(MANY, seed()) {
            if spec.persona.work_profile_password == Presence::Set {
                assert!(spec.facts.mode.name().starts_with("work-profile"));
            }
        }
    }
}
