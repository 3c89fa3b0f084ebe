//! What is right but can hardly be meant.

use std::collections::BTreeMap;

use clap::ValueEnum as _;
use muster_agent::device_of;
use muster_control::{ActionKind, Readings, capability_of};
use muster_protocol::{Mode, OsVersion};
use muster_scenario::{Action, Plan, PlannedDevice, Versions};

use crate::cli::ActionName;

/// Every version there is.
const ANY_VERSION: Versions = Versions { first: 0, last: u16::MAX };

/// Mode and version of each device, by its index; `None` if there is no such hardware.
type Hardware = Vec<Option<(Mode, OsVersion)>>;

/// The hints for a plan.
pub(super) fn of(plan: &Plan) -> Vec<String> {
    let mut hints = Vec::new();
    let scenario = plan.scenario();
    if scenario.thresholds.is_empty() {
        hints.push("nothing has to hold, so the run cannot fail: add [[threshold]]".to_owned());
    }
    let hardware: Hardware = plan.whole_fleet().iter().map(|device| model(plan, device)).collect();
    hints.extend(without_hardware(plan, &hardware));
    for (index, work) in scenario.works.iter().enumerate() {
        let devices: Vec<usize> = plan
            .devices_of(index)
            .filter_map(|device| usize::try_from(device.index).ok())
            .collect();
        if devices.is_empty() {
            hints.push(format!("{} concerns no device", work.name));
        }
        let models: Hardware = devices.iter().map(|device| hardware[*device]).collect();
        let refused = work.commands().into_iter().filter_map(|command| refused(&models, command));
        hints.extend(refused.map(|refused| format!("{}: {refused}", work.name)));
    }
    hints
}

fn model(plan: &Plan, device: &PlannedDevice) -> Option<(Mode, OsVersion)> {
    let cohort = plan.scenario().cohorts.get(device.cohort)?;
    let Versions { first, last } = cohort.versions.unwrap_or(ANY_VERSION);
    let seed = plan.device_seed(device);
    let spec = device_of(device.index.into(), device.mode, (first, last), seed)?;
    Some((device.mode, spec.facts.os_version))
}

/// A cohort for one of whose modes there is no hardware with the versions it wants: no run can make
/// such a device.
fn without_hardware(plan: &Plan, hardware: &Hardware) -> Option<String> {
    let mut devices = plan.whole_fleet().iter().zip(hardware);
    let (missing, _) = devices.find(|(_, model)| model.is_none())?;
    let cohort = plan.scenario().cohorts.get(missing.cohort)?;
    Some(format!(
        "{}: no {} runs the versions it wants, and `muster load` will refuse it",
        cohort.name, missing.mode
    ))
}

/// How many of these refuse a command, and why.
fn refused(models: &Hardware, command: Action) -> Option<String> {
    let (kind, readings) = (kind(command)?, Readings::default());
    let mut refusals: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (mode, version) in models.iter().flatten() {
        if let Err(refusal) = capability_of(kind, *mode, *version, &readings) {
            *refusals.entry(refusal.reason).or_default() += 1;
        }
    }
    let (reason, _) = refusals.iter().max_by_key(|(_, count)| **count)?;
    let percent = (100 * refusals.values().sum::<usize>()).div_ceil(models.len().max(1));
    Some(format!("{percent} % of its devices refuse {command}, mostly because {reason}"))
}

/// The action as the server knows it.
pub(super) fn kind(command: Action) -> Option<ActionKind> {
    ActionName::from_str(command.name(), false).ok().map(ActionName::kind)
}
