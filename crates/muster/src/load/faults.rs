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

use super::begin::Begin;

/// How long a fleet is given to come up before its plan begins, at least and for each device.
const LEAD_LEAST: Duration = Duration::from_secs(5);
const LEAD_EACH: Duration = Duration::from_millis(3);

/// When the plan begins, counted from now, the start of the fleet; `None` if no fault depends on it.
pub(crate) fn lead(plan: &Plan, begin: Begin) -> Option<Duration> {
    let is_fleets = |fault: &PlannedFault| matches!(fault.kind, FaultKind::Fleet(_));
    let devices = u32::try_from(plan.devices().count()).unwrap_or(u32::MAX);
    let likely = LEAD_LEAST.saturating_add(LEAD_EACH.saturating_mul(devices));
    let any = plan.faults().iter().any(is_fleets);
    any.then(|| begin.fixed_lead().unwrap_or(likely))
}

/// The faults of the devices' side, with their times counted from the start of the fleet.
///
/// # Errors
/// If a fault is none that a fleet knows.
pub(crate) fn of_fleet(plan: &Plan, lead: Option<Duration>) -> anyhow::Result<Vec<FleetFault>> {
    let lead = lead.unwrap_or_default();
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
    timed.window.every = fault.every;
    let until = lead.saturating_add(fault.until.since(Timestamp::ZERO));
    timed.window.until = fault.every.map(|_again| until);
    Ok(timed)
}

#[cfg(test)]
mod tests {
    use muster_scenario::{Run, Scenario};

    use super::*;

    const TEXT: &str = "name = \"a\"\nquestion = \"Is it?\"\ndevices = 10\n\
                        [[phase]]\nname = \"one\"\nlasts = \"2m\"\n\
                        [[fault]]\nfleet = \"loss rate=2%\"\nat = \"10s\"\nlasts = \"1s\"\n\
                        every = \"30s\"\n";

    #[test]
    fn a_fault_comes_to_the_fleet_as_often_as_the_scenario_says_and_later_by_the_lead() {
        let scenario = Scenario::parse(TEXT).unwrap();
        let plan = scenario.plan(Run::of(&scenario)).unwrap();
        let lead = lead(&plan, Begin::WhenUp).unwrap();
        let window = of_fleet(&plan, Some(lead)).unwrap()[0].window;
        assert_eq!(window.at, lead + Duration::from_secs(10));
        assert_eq!(window.lasts, Some(Duration::from_secs(1)));
        assert_eq!(window.every, Some(Duration::from_secs(30)));
        assert_eq!(window.until, Some(lead + Duration::from_secs(120)));
    }

    #[test]
    fn a_common_start_leaves_the_fleet_as_long_as_it_is_away() {
        let scenario = Scenario::parse(TEXT).unwrap();
        let plan = scenario.plan(Run::of(&scenario)).unwrap();
        let begin = Begin::At(std::time::SystemTime::now() + Duration::from_secs(600));
        let lead = lead(&plan, begin).unwrap();
        assert!(lead > Duration::from_secs(500), "{lead:?}");
    }
}
