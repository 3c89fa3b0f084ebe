//! The faults of a plan, as a fleet takes them.
//!
//! A fleet knows its faults from its start, with their times; the plan begins only when the devices
//! have come up. So when there are such faults, the beginning of the plan is fixed beforehand, later
//! than the fleet is likely to take.

use std::time::Duration;

use anyhow::Context as _;
use muster_agent::FleetFault;
use muster_protocol::Timestamp;
use muster_scenario::{FaultKind, Plan, PlannedFault};

/// How long a fleet is given to come up before its plan begins, at least and for each device.
const LEAD_LEAST: Duration = Duration::from_secs(5);
const LEAD_EACH: Duration = Duration::from_millis(3);

/// When the plan begins, counted from the start of the fleet; `None` if no fault depends on it.
pub(crate) fn lead(plan: &Plan) -> Option<Duration> {
    let is_fleets = |fault: &PlannedFault| matches!(fault.kind, FaultKind::Fleet(_));
    let devices = u32::try_from(plan.devices().count()).unwrap_or(u32::MAX);
    let lead = LEAD_LEAST.saturating_add(LEAD_EACH.saturating_mul(devices));
    plan.faults().iter().any(is_fleets).then_some(lead)
}

/// The faults of the devices' side, with their times counted from the start of the fleet.
///
/// # Errors
/// If a fault is none that a fleet knows.
pub(crate) fn of_fleet(plan: &Plan) -> anyhow::Result<Vec<FleetFault>> {
    let lead = lead(plan).unwrap_or_default();
    let faults = plan.faults().iter().filter_map(|fault| match &fault.kind {
        FaultKind::Fleet(words) => Some(timed(fault, words, lead)),
        FaultKind::Server(_) => None,
    });
    faults.collect()
}

fn timed(fault: &PlannedFault, words: &str, lead: Duration) -> anyhow::Result<FleetFault> {
    let read: Result<FleetFault, _> = words.parse();
    let mut timed = read.with_context(|| format!("fault {:?} is none of a fleet", fault.name))?;
    timed.window.at = lead.saturating_add(fault.begins.since(Timestamp::ZERO));
    timed.window.lasts = fault.ends.map(|ends| ends.since(fault.begins));
    Ok(timed)
}
