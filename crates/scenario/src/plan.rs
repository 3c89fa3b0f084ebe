//! What happens when: the plan of a run, handed out in the order of time.

mod chosen;
mod curve;
mod device;
mod moment;
mod moments;
mod run;
mod source;
#[cfg(test)]
mod tests;
mod timeline;

use alloc::vec::Vec;

use muster_protocol::{Seed, Timestamp};

use crate::read::DEVICES_MAX;
use crate::scenario::Scenario;
use crate::units::Span;
use crate::work::WorkKind;

use chosen::Chosen;
use device::{Seeds, population};

pub use device::PlannedDevice;
pub use moment::{Moment, What};
pub use moments::Moments;
pub use run::{Run, Shard};
pub use timeline::{PlannedFault, PlannedPhase};

/// Shortest day of the people of a run, whatever its scale.
const DAY_MIN: Span = Span::from_secs(1);

/// A scenario that was given its seed, its size, its speed and its shard.
///
/// It knows every device of the whole run and when what happens to many of them begins; what
/// happens in between is drawn while [`Self::moments`] is read. Its size depends on the number of
/// devices and works only, not on how long the run is.
#[derive(Clone, Debug)]
pub struct Plan {
    scenario: Scenario,
    run: Run,
    seeds: Seeds,
    devices: Vec<PlannedDevice>,
    phases: Vec<PlannedPhase>,
    faults: Vec<PlannedFault>,
    /// Whom each work concerns.
    chosen: Vec<Chosen>,
}

/// A plan that cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{devices} devices are more than the {DEVICES_MAX} a run can have")]
pub struct PlanError {
    /// How many devices were asked for.
    pub devices: u32,
}

impl Scenario {
    /// Draws the plan of a run.
    ///
    /// # Errors
    /// If there are too many devices.
    pub fn plan(&self, run: Run) -> Result<Plan, PlanError> {
        let count = run.devices.map_or(self.devices, core::num::NonZeroU32::get);
        if count > DEVICES_MAX {
            return Err(PlanError { devices: count });
        }
        let seeds = Seeds::new(run.seed, &self.cohorts);
        let devices = population(&self.cohorts, count, &seeds);
        let phases = timeline::phases(&self.phases, run.time_scale);
        let faults = timeline::faults(&self.faults, &phases, run.time_scale);
        let mut plan = Plan {
            scenario: self.clone(),
            run,
            seeds,
            devices,
            phases,
            faults,
            chosen: Vec::new(),
        };
        for work in &self.works {
            let chosen = match &work.kind {
                WorkKind::EnrolmentWave(spread) => plan.switch_on(work, spread),
                WorkKind::Arrivals(_)
                | WorkKind::Broadcast(_)
                | WorkKind::ReconnectStorm(_)
                | WorkKind::Backlog(_)
                | WorkKind::MassWipe(_) => plan.choose(work),
            };
            plan.chosen.push(chosen);
        }
        Ok(plan)
    }
}

impl Plan {
    /// The scenario it was made of.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// What it was made for.
    #[must_use]
    pub const fn run(&self) -> Run {
        self.run
    }

    /// The devices of its shard, in the order of their indices.
    pub fn devices(&self) -> impl Iterator<Item = &PlannedDevice> {
        self.devices.iter().filter(|device| self.run.shard.has(device.index))
    }

    /// Every device of the run, whatever its shard: the one with index `i` is at `i`.
    #[must_use]
    pub fn whole_fleet(&self) -> &[PlannedDevice] {
        &self.devices
    }

    /// Every device that the work with this index concerns, whatever its shard.
    pub fn devices_of(&self, work: usize) -> impl Iterator<Item = &PlannedDevice> + Clone {
        let chosen = self.chosen.get(work).into_iter().flat_map(Chosen::iter);
        chosen.filter_map(|device| self.devices.get(device as usize))
    }

    /// All chance of a device: the same whoever else takes part.
    #[must_use]
    pub fn device_seed(&self, device: &PlannedDevice) -> Seed {
        self.seeds.of(device.cohort, device.nth)
    }

    /// The phases, with their places in time.
    #[must_use]
    pub fn phases(&self) -> &[PlannedPhase] {
        &self.phases
    }

    /// The faults, with their places in time.
    #[must_use]
    pub fn faults(&self) -> &[PlannedFault] {
        &self.faults
    }

    /// When the last phase is over.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        timeline::end(&self.phases)
    }

    /// How long a day of the people lasts.
    #[must_use]
    pub fn day_length(&self) -> Span {
        self.scaled(self.scenario.day_length).max(DAY_MIN)
    }

    /// About how many commands are asked for in the whole run, before anything is drawn.
    #[must_use]
    pub fn commands_about(&self) -> f64 {
        (0..self.scenario.works.len()).map(|work| source::commands_of_work(self, work)).sum()
    }

    /// What happens, in the order of time. What belongs to other shards is left out; phases,
    /// faults and beginnings of works are everybody's.
    #[must_use]
    pub fn moments(&self) -> Moments<'_> {
        Moments::of(self)
    }

    /// A span of the scenario in this run.
    fn scaled(&self, span: Span) -> Span {
        self.run.time_scale.of(span)
    }

    /// By how much there are more devices than the scenario says: rates go with it.
    fn growth(&self) -> f64 {
        let count = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        f64::from(count) / f64::from(self.scenario.devices)
    }
}
