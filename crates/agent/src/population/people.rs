//! Who holds which device.

use muster_device::Habit;
use muster_protocol::{Mode, Seed};

use Habit::{Drawer, FieldWorker, Kiosk, NightShift, OfficeWorker, Student, Traveller};

/// A device that belongs to one person: habits and how common they are, in a hundred.
const PERSONAL: [(Habit, u64); 6] = [
    (OfficeWorker, 46),
    (FieldWorker, 14),
    (NightShift, 12),
    (Student, 14),
    (Traveller, 9),
    (Drawer, 5),
];

/// A device for a task, which nobody owns.
const FOR_A_TASK: [(Habit, u64); 3] = [(Kiosk, 80), (FieldWorker, 12), (Drawer, 8)];

/// A device that several people share.
const SHARED: [(Habit, u64); 3] = [(Student, 70), (Kiosk, 20), (Drawer, 10)];

/// The habit of whoever holds the device with this index: by its mode of management and the seed.
///
/// Drawn apart from the device: a fleet with people has the same devices as one without.
#[must_use]
pub fn habit(mode: Mode, index: u64, seed: Seed) -> Habit {
    let habits: &[(Habit, u64)] = match mode {
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
        | Mode::AospUserAssociated => &PERSONAL,
        Mode::AndroidDedicated | Mode::AospUserless => &FOR_A_TASK,
        Mode::AppleSharedIpad => &SHARED,
    };
    let mut left = seed.child("habit", index).stream().below(habits.iter().map(|(_, n)| n).sum());
    for (habit, share) in habits {
        match left.checked_sub(*share) {
            Some(rest) => left = rest,
            None => return *habit,
        }
    }
    unreachable!("a draw below the sum of the shares falls into one of them")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::population::population;

    #[test]
    fn every_habit_occurs_and_none_has_the_fleet_for_itself() {
        let seed = Seed::root(1);
        let mut counts: BTreeMap<Habit, usize> = BTreeMap::new();
        let fleet = population(2_000, seed);
        for (index, spec) in (0..).zip(&fleet) {
            *counts.entry(habit(spec.facts.mode, index, seed)).or_default() += 1;
        }
        assert_eq!(counts.len(), Habit::ALL.len(), "{counts:?}");
        assert!(counts.values().all(|count| *count < fleet.len() / 2), "{counts:?}");
    }

    #[test]
    fn a_device_for_a_task_mostly_hangs_on_a_wall() {
        let kiosks =
            (0..500).filter(|index| habit(Mode::AndroidDedicated, *index, Seed::root(1)) == Kiosk);
        assert!((350..=450).contains(&kiosks.count()));
    }

    #[test]
    fn the_mode_decides_what_the_seed_may_draw() {
        for index in 0..500 {
            assert_ne!(habit(Mode::AppleUser, index, Seed::root(1)), Kiosk);
        }
    }
}
