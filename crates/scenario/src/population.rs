//! Who takes part: groups of devices that have something in common.

use alloc::string::String;

use muster_protocol::habit::Habit;
use muster_protocol::{Mode, Platform};

use crate::units::{Percent, Weighted};

/// A group of devices.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    /// Its name, unique in the scenario; part of the seed of its devices.
    pub name: String,
    /// How many devices it has.
    pub size: CohortSize,
    /// How they are managed.
    pub modes: Weighted<Mode>,
    /// Which versions of their system they run; `None` for whatever their hardware runs.
    pub versions: Option<Versions>,
    /// Who holds them.
    pub holders: Weighted<Holder>,
    /// How they hear of commands.
    pub connectivity: Connectivity,
    /// Whose UDP sockets they use.
    pub sockets: Sockets,
}

/// How many devices a cohort has; all cohorts of a scenario say it the same way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CohortSize {
    /// So much of the scenario's devices.
    Share(Percent),
    /// So many. With another number of devices than the sum of all counts, in proportion.
    Count(u32),
}

/// Major versions of an operating system, first and last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The oldest.
    pub first: u16,
    /// The newest.
    pub last: u16,
}

/// Who holds a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Nobody: it is online and lies where it is.
    Nobody,
    /// Somebody whose habit fits the mode of management, drawn from the run's seed.
    Realistic,
    /// Somebody with this habit.
    Of(Habit),
}

/// How a cohort hears that its server wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connectivity {
    /// So many of its devices keep no connection and are woken by pushes.
    pub woken: Percent,
}

/// How one device hears that its server wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contact {
    /// Over the connection it keeps.
    Connected,
    /// By a push, on which it connects, takes what waits, and leaves.
    Woken,
}

/// Whose UDP sockets devices use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sockets {
    /// Sockets that the fleet shares: small and fast.
    Shared,
    /// One for each device: real source ports, needed to rebind and to migrate.
    Own,
}

/// How common each mode of management is, in devices of a hundred: the same as in the population
/// of a fleet without a scenario.
const MODES: [(Mode, u32); 14] = [
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

/// Modes as common as they are outside, of one platform or of both.
pub(crate) fn natural_modes(platform: Option<Platform>) -> Weighted<Mode> {
    let fits = |mode: Mode| platform.is_none_or(|platform| mode.platform() == platform);
    let modes = MODES.into_iter().filter(|(mode, _)| fits(*mode)).collect();
    Weighted::new(modes).expect("both platforms have modes that occur")
}
