//! What is right but can hardly be meant.

use std::collections::BTreeMap;

use clap::ValueEnum as _;
use muster_agent::device_of;
use muster_control::{ActionKind, Readings, capability_of};
use muster_protocol::{Mode, OsVersion};
use muster_scenario::{Action, Plan, PlannedDevice, Versions};

use crate::cli::ActionName;

/// How many devices of a work are looked at: enough for a share in percent.
const LOOKED_AT: usize = 2_000;

/// Every version there is.
const ANY_VERSION: Versions = Versions { first: 0, last: u16::MAX };

/// The hints for a plan.
pub(super) fn of(plan: &Plan) -> Vec<String> {
    let mut hints = Vec::new();
    let scenario = plan.scenario();
    if scenario.thresholds.is_empty() {
        hints.push("nothing has to hold, so the run cannot fail: add [[threshold]]".to_owned());
    }
    hints.extend(without_hardware(plan));
    for (index, work) in scenario.works.iter().enumerate() {
        if plan.devices_of(index).next().is_none() {
            hints.push(format!("{} concerns no device", work.name));
        }
        let refused =
            work.commands().into_iter().filter_map(|command| refused(plan, index, command));
        hints.extend(refused.map(|refused| format!("{}: {refused}", work.name)));
    }
    hints
}

/// Cohorts for some of whose modes there is no hardware with the versions they want: no run can
/// make such a device.
fn without_hardware(plan: &Plan) -> Option<String> {
    let missing = some(plan.whole_fleet().iter()).find(|device| version(plan, device).is_none())?;
    let cohort = plan.scenario().cohorts.get(missing.cohort)?;
    Some(format!(
        "{}: no {} runs the versions it wants, and `muster load` will refuse it",
        cohort.name, missing.mode
    ))
}

/// How many of the devices a work concerns refuse one of its commands, and why.
fn refused(plan: &Plan, work: usize, command: Action) -> Option<String> {
    let kind = kind(command)?;
    let readings = Readings::default();
    let (mut looked_at, mut refusals) = (0, BTreeMap::<&'static str, u32>::new());
    for device in some(plan.devices_of(work)) {
        let Some((mode, version)) = version(plan, device) else { continue };
        looked_at += 1;
        if let Err(refusal) = capability_of(kind, mode, version, &readings) {
            *refusals.entry(refusal.reason).or_default() += 1;
        }
    }
    let refused: u32 = refusals.values().sum();
    let (reason, _) = refusals.iter().max_by_key(|(_, count)| **count)?;
    let percent = (100 * refused).div_ceil(looked_at.max(1));
    Some(format!("{percent} % of its devices refuse {command}, mostly because {reason}"))
}

/// Evenly spread over all, up to [`LOOKED_AT`].
fn some<'a>(
    devices: impl Iterator<Item = &'a PlannedDevice> + Clone,
) -> impl Iterator<Item = &'a PlannedDevice> {
    let step = devices.clone().count().div_ceil(LOOKED_AT).max(1);
    devices.step_by(step)
}

/// Mode and version of a device of the plan; `None` if there is no such hardware.
fn version(plan: &Plan, device: &PlannedDevice) -> Option<(Mode, OsVersion)> {
    let cohort = plan.scenario().cohorts.get(device.cohort)?;
    let Versions { first, last } = cohort.versions.unwrap_or(ANY_VERSION);
    let seed = plan.device_seed(device);
    let spec = device_of(device.index.into(), device.mode, (first, last), seed)?;
    Some((device.mode, spec.facts.os_version))
}

/// The action as the server knows it.
fn kind(command: Action) -> Option<ActionKind> {
    ActionName::from_str(command.name(), false).ok().map(ActionName::kind)
}
