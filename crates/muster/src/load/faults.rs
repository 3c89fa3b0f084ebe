//! The faults of a plan, as a fleet takes them: it knows them from its start, and counts their times
//! from the beginning of the plan.

use anyhow::Context as _;
use muster_agent::FleetFault;
use muster_protocol::Timestamp;
use muster_scenario::{FaultKind, Plan, PlannedFault};

/// The faults of the devices' side, with their times counted from the beginning of the plan.
///
/// # Errors
/// If a fault is none that a fleet knows.
pub(crate) fn of_fleet(plan: &Plan) -> anyhow::Result<Vec<FleetFault>> {
    let faults = plan.faults().iter().filter_map(|fault| match &fault.kind {
        FaultKind::Fleet(words) => Some(timed(fault, words)),
        FaultKind::Server(_) => None,
    });
    faults.collect()
}

fn timed(fault: &PlannedFault, words: &str) -> anyhow::Result<FleetFault> {
    let read: Result<FleetFault, _> = words.parse();
    let mut timed = read.with_context(|| format!("fault {:?} is none of a fleet", fault.name))?;
    timed.window.at = fault.begins.since(Timestamp::ZERO);
    timed.window.lasts = fault.ends.map(|ends| ends.since(fault.begins));
    timed.window.every = fault.every;
    let until = fault.until.since(Timestamp::ZERO);
    timed.window.until = fault.every.map(|_again| until);
    Ok(timed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use muster_scenario::{Run, Scenario};

    use super::*;

    const TEXT: &str = "name = \"a\"\nquestion = \"Is it?\"\ndevices = 10\n\
                        [[phase]]\nname = \"one\"\nlasts = \"2m\"\n\
                        [[fault]]\nfleet = \"loss rate=2%\"\nat = \"10s\"\nlasts = \"1s\"\n\
                        every = \"30s\"\n";

    #[test]
    fn a_fault_comes_to_the_fleet_when_and_as_often_as_the_scenario_says() {
        let scenario = Scenario::parse(TEXT).unwrap();
        let plan = scenario.plan(Run::of(&scenario)).unwrap();
        let window = of_fleet(&plan).unwrap()[0].window;
        assert_eq!(window.at, Duration::from_secs(10));
        assert_eq!(window.lasts, Some(Duration::from_secs(1)));
        assert_eq!(window.every, Some(Duration::from_secs(30)));
        assert_eq!(window.until, Some(Duration::from_secs(120)));
    }
}
