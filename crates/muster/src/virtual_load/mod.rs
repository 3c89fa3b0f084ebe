//! A scenario in virtual time: the plan that `muster load` plays live, in the world of the cores.
//!
//! ```text
//! Plan (scenario) --> Script (a plan of the world, and what it cannot play)
//!    --> World::run --> log --> Recorder --> thresholds that mean something here, promises
//! ```
//!
//! Processors take no time in that world. What its latencies are made of is the network, people,
//! faults and the protocol.

mod faults;
mod observer;
mod report;
mod script;
#[cfg(test)]
mod tests;
mod thresholds;
mod track;

use muster_scenario::Plan;
use muster_sim::{Keep, Outcome, World};

use crate::load::collect::Labels;

use observer::Left;
pub(crate) use report::VirtualReport;
pub(crate) use script::{Script, TooLarge};

/// Plays a script from its beginning to its end, and judges what was seen.
pub(crate) fn play(plan: &Plan, script: &Script) -> VirtualReport {
    let outcome: Outcome = World::run(script.plan.clone(), Keep::All);
    let labels = Labels::of(plan.scenario(), plan, plan.run().time_scale);
    VirtualReport::of(Left { plan, script, labels: &labels, outcome: &outcome })
}
