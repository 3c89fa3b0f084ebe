//! Plans drawn from a seed: who takes part, what is asked, and what goes wrong.
//!
//! The options themselves are drawn first, so that a run of a thousand seeds meets quiet worlds,
//! wild ones and worlds with one fault only.

mod contact;
mod trouble;

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use muster_control::{Action, ActionKind, ActivationLockRoute, LostModeAfterErase, Readings};
use muster_device::{DeviceSpec, Habit, Persona, PromptHabit, Screen};
use muster_protocol::seed::Stream;
use muster_protocol::status::{Presence, Switch};
use muster_protocol::{
    DeviceFacts, Mode, OperatingSystem, OsVersion, Platform, Policy, Seed, Timestamp,
};

use crate::fault::{Injection, Scope};
use crate::plan::{Act, Asking, Network, Plan, PlannedDevice, What};

use trouble::{KINDS, Kind, SERVER_KINDS, Trouble};

/// How large a drawn world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwarmSize {
    /// Fewest devices.
    pub devices_min: u64,
    /// Most devices.
    pub devices_max: u64,
    /// How long things go wrong.
    pub stormy: Duration,
    /// How long the world then has to keep its promises.
    pub calm: Duration,
    /// Most faults of one kind for a device in an hour; none if nought.
    pub faults_per_hour_max: u64,
    /// Whether anybody holds the devices.
    pub people: People,
}

/// Whether anybody holds the devices of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum People {
    /// Nobody: users do something now and then.
    Nobody,
    /// Each device has a person with habits, day after day.
    WithHabits,
}

impl Default for SwarmSize {
    fn default() -> Self {
        Self {
            devices_min: 1,
            devices_max: 6,
            stormy: Duration::from_secs(2 * 60 * 60),
            calm: Duration::from_secs(30 * 60),
            faults_per_hour_max: 12,
            people: People::Nobody,
        }
    }
}

/// Draws plans.
#[derive(Clone, Copy, Debug)]
pub struct Swarm {
    size: SwarmSize,
}

/// Numbers of commands and faults of one device; those of the next follow. What a device is asked
/// is named the same whoever else there is.
const NUMBERS_PER_DEVICE: u32 = 100_000;

/// Numbers of faults of the server.
const SERVER_FAULTS_FROM: u32 = u32::MAX - NUMBERS_PER_DEVICE;

impl Swarm {
    /// Draws worlds of this size.
    #[must_use]
    pub const fn new(size: SwarmSize) -> Self {
        Self { size }
    }

    /// The plan of this seed.
    #[must_use]
    pub fn plan(&self, seed: u64) -> Plan {
        let root = Seed::root(seed).child("swarm", 0);
        let mut draws = root.stream();
        let more = self.size.devices_max.saturating_sub(self.size.devices_min);
        let count = self.size.devices_min + draws.below(more + 1);
        let numbers = || (0_u32..).take(usize::try_from(count).unwrap_or(1));
        let share = contact::share(root);
        let planned = numbers().map(|number| self.device(root, number));
        let devices: Vec<_> = planned.map(|it| contact::drawn(root, share, it)).collect();
        let kinds = self.kinds(&mut draws);
        let mut acts = Vec::new();
        for device in numbers() {
            let mut own = root.child("acts", u64::from(device)).stream();
            self.ask(&mut own, device, &mut acts);
            self.storm(&mut own, device, &kinds, &mut acts);
        }
        if self.size.faults_per_hour_max > 0 {
            for device in &devices {
                let first = device.number * NUMBERS_PER_DEVICE;
                contact::spoil(root, device, (first, self.size.stormy), &mut acts);
            }
        }
        self.server_faults(&mut draws, &mut acts);
        acts.sort_by_key(|act| act.at);
        let calm_at = Timestamp::ZERO.after(self.size.stormy);
        let end_at = calm_at.after(contact::calm(self.size.calm, &devices));
        Plan {
            seed,
            network: network(&mut draws),
            readings: readings(&mut draws),
            devices,
            acts,
            calm_at,
            end_at,
            day: Plan::REAL_DAY,
            asking: Asking::Once,
        }
    }

    /// What goes wrong in this world, and how often for each device and hour.
    fn kinds(&self, draws: &mut Stream) -> Vec<(u64, Kind)> {
        let share = pick(draws, &[0, 1, 2, 4, 8]);
        let kinds = KINDS.iter().filter_map(|kind| {
            let taken = draws.chance(share, 8);
            let rate = 1 + draws.below(self.size.faults_per_hour_max);
            (taken && self.size.faults_per_hour_max > 0).then_some((rate, *kind))
        });
        kinds.collect()
    }

    fn device(&self, root: Seed, number: u32) -> PlannedDevice {
        let habit = match self.size.people {
            People::Nobody => None,
            People::WithHabits => {
                let mut draws = root.child("habit", u64::from(number)).stream();
                Some(pick(&mut draws, &Habit::ALL))
            }
        };
        PlannedDevice { habit, ..device(root, number) }
    }

    /// Up to twenty requests to a device, a few of them taken back.
    fn ask(&self, draws: &mut Stream, device: u32, acts: &mut Vec<Act>) {
        let count = 1 + draws.below(20);
        for command in (device * NUMBERS_PER_DEVICE..).take(usize::try_from(count).unwrap_or(0)) {
            let at = self.moment(draws);
            let lifetime = if draws.chance(1, 5) {
                seconds(draws, 10, 600)
            } else {
                Duration::from_secs(30 * 24 * 60 * 60)
            };
            let action = action(draws);
            acts.push(Act { at, what: What::Submit { device, command, action, lifetime } });
            if draws.chance(1, 8) {
                let later = at.after(seconds(draws, 0, 120));
                acts.push(Act { at: later, what: What::Cancel { device, command } });
            }
        }
    }

    fn storm(&self, draws: &mut Stream, device: u32, kinds: &[(u64, Kind)], acts: &mut Vec<Act>) {
        let hours = self.size.stormy.as_secs().div_ceil(3_600);
        let mut number = device * NUMBERS_PER_DEVICE;
        for (rate, kind) in kinds {
            for _ in 0..draws.below(rate * hours + 1) {
                let at = self.moment(draws);
                let what = match kind(draws) {
                    Trouble::Fault(fault, trigger) => {
                        let scope = Scope::Device(device);
                        number += 1;
                        What::Fault(Injection { number, fault, scope, trigger })
                    }
                    Trouble::User(does) => What::User { device, does },
                };
                acts.push(Act { at, what });
            }
        }
    }

    fn server_faults(&self, draws: &mut Stream, acts: &mut Vec<Act>) {
        let mut number = SERVER_FAULTS_FROM;
        for (of, most, kind) in SERVER_KINDS {
            if !draws.chance(1, of) || self.size.faults_per_hour_max == 0 {
                continue;
            }
            for _ in 0..draws.below(most) {
                let (fault, trigger) = kind(draws);
                number += 1;
                let injection = Injection { number, fault, scope: Scope::All, trigger };
                acts.push(Act { at: self.moment(draws), what: What::Fault(injection) });
            }
        }
    }

    fn moment(&self, draws: &mut Stream) -> Timestamp {
        Timestamp::ZERO.after(draws.duration_below(self.size.stormy))
    }
}

fn readings(draws: &mut Stream) -> Readings {
    let activation_lock_route = if draws.chance(1, 2) {
        ActivationLockRoute::ActivationService
    } else {
        ActivationLockRoute::Device
    };
    // Drawn last: what is drawn before stays as it is.
    let lost_mode_after_erase = if draws.chance(1, 4) {
        LostModeAfterErase::Reapplied
    } else {
        LostModeAfterErase::Forgotten
    };
    Readings { activation_lock_route, lost_mode_after_erase, ..Readings::default() }
}

fn network(draws: &mut Stream) -> Network {
    let delay = Duration::from_millis(1 + draws.below(200));
    let jitter =
        if draws.chance(1, 2) { Duration::from_millis(draws.below(2_000)) } else { Duration::ZERO };
    Network { delay, jitter }
}

pub(super) fn seconds(draws: &mut Stream, least: u64, most: u64) -> Duration {
    Duration::from_secs(least + draws.below(most - least + 1))
}

pub(super) fn pick<T: Copy>(draws: &mut Stream, from: &[T]) -> T {
    let count = u64::try_from(from.len()).unwrap_or(1);
    from[usize::try_from(draws.below(count)).unwrap_or(0)]
}

/// The actions a world draws from, in an order that does not change: another one shifts every
/// draw behind it.
const DRAWN: [ActionKind; 14] = [
    ActionKind::Wipe,
    ActionKind::Retire,
    ActionKind::ResetPasscode,
    ActionKind::RemoteLock,
    ActionKind::SyncDevice,
    ActionKind::BypassActivationLock,
    ActionKind::RebootNow,
    ActionKind::ShutDown,
    ActionKind::EnableLostMode,
    ActionKind::DisableLostMode,
    ActionKind::LocateDevice,
    ActionKind::PlayLostModeSound,
    ActionKind::Delete,
    ActionKind::DeviceConfigured,
];

fn action(draws: &mut Stream) -> Action {
    match pick(draws, &DRAWN) {
        // Rare, because a life that ends shows little else.
        ActionKind::Wipe if draws.chance(1, 4) => {
            let keep_enrollment_data = draws.chance(1, 3);
            Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data }
        }
        ActionKind::Retire if draws.chance(1, 8) => Action::Retire,
        ActionKind::ResetPasscode => Action::ResetPasscode,
        ActionKind::RemoteLock => Action::RemoteLock,
        ActionKind::BypassActivationLock => Action::BypassActivationLock,
        ActionKind::RebootNow => Action::RebootNow,
        ActionKind::ShutDown if draws.chance(1, 4) => Action::ShutDown,
        ActionKind::EnableLostMode => Action::EnableLostMode {
            message: Some(String::from("lost")),
            phone_number: None,
            footer: None,
        },
        ActionKind::DisableLostMode => Action::DisableLostMode,
        ActionKind::LocateDevice => Action::LocateDevice,
        ActionKind::PlayLostModeSound => Action::PlayLostModeSound { duration_minutes: 1 },
        ActionKind::Delete if draws.chance(1, 8) => Action::Delete,
        ActionKind::DeviceConfigured => Action::DeviceConfigured,
        ActionKind::SyncDevice
        | ActionKind::SetDeviceName
        | ActionKind::LogoutSharedAppleDeviceActiveUser
        | ActionKind::DeleteUserFromSharedAppleDevice
        | ActionKind::Wipe
        | ActionKind::Retire
        | ActionKind::ShutDown
        | ActionKind::Delete => Action::SyncDevice,
    }
}

fn device(root: Seed, number: u32) -> PlannedDevice {
    let mut draws = root.child("device", u64::from(number)).stream();
    let mode = pick(&mut draws, &Mode::ALL);
    let (operating_system, model, os_version) = match mode.platform() {
        Platform::Apple => (OperatingSystem::Ios, "iPhone15,2", OsVersion::new(17, 4)),
        Platform::Android => (OperatingSystem::Android, "Pixel 8", OsVersion::major(13)),
    };
    let serial = alloc::format!("SIM{number:05}");
    let facts = DeviceFacts {
        serial: serial.parse().expect("letters and digits are a serial number"),
        model: String::from(model),
        operating_system,
        os_version,
        mode,
    };
    let policy = if draws.chance(3, 4) { Policy::FULL } else { Policy::NONE };
    PlannedDevice::new(number, DeviceSpec::new(facts, persona(&mut draws)), policy)
}

fn persona(draws: &mut Stream) -> Persona {
    let presence = |set| if set { Presence::Set } else { Presence::NotSet };
    Persona {
        passcode: presence(draws.chance(3, 4)),
        work_profile_password: presence(draws.chance(1, 2)),
        prompt: if draws.chance(1, 2) { PromptHabit::Accepts } else { PromptHabit::Ignores },
        find_my: if draws.chance(1, 2) { Switch::On } else { Switch::Off },
        screen: if draws.chance(1, 2) { Screen::Locked } else { Screen::Unlocked },
    }
}
