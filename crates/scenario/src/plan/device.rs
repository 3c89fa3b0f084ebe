//! The devices of a plan, each drawn for itself.

use alloc::vec::Vec;

use muster_protocol::{Mode, Platform, Seed, Timestamp};

use crate::population::{Cohort, CohortSize, Contact, Holder};

/// A device of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedDevice {
    /// Its number in the whole fleet, the same in every shard.
    pub index: u32,
    /// Its cohort, by index: version range and sockets stand there.
    pub cohort: usize,
    /// Its number in its cohort.
    pub nth: u32,
    /// How it is managed.
    pub mode: Mode,
    /// Who holds it.
    pub holder: Holder,
    /// How it hears of commands.
    pub contact: Contact,
    /// When it is switched on for the first time; `None` if it is enrolled and connected before
    /// the run begins.
    pub switched_on_at: Option<Timestamp>,
}

impl PlannedDevice {
    /// Its platform.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.mode.platform()
    }
}

/// The seeds of the devices of each cohort.
///
/// A device is a function of the run's seed, the name of its cohort and its number in it: another
/// cohort, or one device more, changes none that was there before.
#[derive(Clone, Debug)]
pub(super) struct Seeds {
    of_cohorts: Vec<Seed>,
}

impl Seeds {
    pub(super) fn new(run: Seed, cohorts: &[Cohort]) -> Self {
        let cohorts_of_run = run.child("cohorts", 0);
        let of_cohort = |cohort: &Cohort| cohorts_of_run.child(&cohort.name, 0);
        Self { of_cohorts: cohorts.iter().map(of_cohort).collect() }
    }

    /// The seed of a device.
    pub(super) fn of(&self, cohort: usize, nth: u32) -> Seed {
        self.of_cohorts[cohort].child("device", u64::from(nth))
    }
}

/// Draws `count` devices, cohort after cohort.
pub(super) fn population(cohorts: &[Cohort], count: u32, seeds: &Seeds) -> Vec<PlannedDevice> {
    let sizes = sizes(cohorts, count);
    let members = cohorts.iter().zip(sizes).enumerate().flat_map(|(index, (cohort, size))| {
        (0..size).map(move |nth| device(index, cohort, nth, seeds.of(index, nth)))
    });
    let mut devices: Vec<PlannedDevice> = members.collect();
    for (index, device) in (0..).zip(&mut devices) {
        device.index = index;
    }
    devices
}

/// How many devices each cohort has of `count`: as near to its share as whole devices can be.
fn sizes(cohorts: &[Cohort], count: u32) -> impl Iterator<Item = u32> {
    let weight = |cohort: &Cohort| match cohort.size {
        CohortSize::Share(share) => u64::from(share.hits()),
        CohortSize::Count(count) => u64::from(count),
    };
    let all: u64 = cohorts.iter().map(weight).sum();
    let up_to = cohorts.iter().scan(0, move |sum, cohort| {
        *sum += weight(cohort);
        Some(u64::from(count) * *sum / all)
    });
    up_to.scan(0, |before, up_to| {
        let size = up_to - *before;
        *before = up_to;
        Some(u32::try_from(size).unwrap_or(u32::MAX))
    })
}

fn device(index: usize, cohort: &Cohort, nth: u32, seed: Seed) -> PlannedDevice {
    let mut draws = seed.stream();
    let mode = *cohort.modes.draw(&mut draws);
    let holder = *cohort.holders.draw(&mut draws);
    let is_woken = cohort.connectivity.woken.hits_by(&mut draws);
    PlannedDevice {
        index: 0,
        cohort: index,
        nth,
        mode,
        holder,
        contact: if is_woken { Contact::Woken } else { Contact::Connected },
        switched_on_at: None,
    }
}
