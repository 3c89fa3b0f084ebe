//! Every planted fault is found, and shrinks to what it takes.
//!
//! One test, because a fault is planted for the whole process.

use muster_protocol::planted::{Plant, plant};
use muster_sim::{Ending, Keep, Patience, Plan, Swarm, SwarmSize, Violation, World, shrink};

/// Within so many seeds each fault has to show.
const SEEDS: u64 = 200;

#[test]
fn every_planted_fault_is_found_within_two_hundred_seeds_and_shrinks() {
    let mut table = String::new();
    for fault in Plant::ALL {
        plant(Some(fault));
        let found = (0..SEEDS).find_map(|seed| Some((seed, broken(seed)?)));
        let Some((seed, violation)) = found else {
            panic!("{} stays hidden for {SEEDS} seeds", fault.name());
        };
        let drawn = Swarm::new(SwarmSize::default()).plan(seed);
        let shrunk = shrink(&drawn, &mut Runs(400)).expect("it was found");
        assert_eq!(shrunk.violation.invariant, violation.invariant);
        let (before, after) = (drawn.acts.len(), shrunk.plan.acts.len());
        table += &format!(
            "{:<26}{seed:>4} {} {before:>4} -> {after}\n",
            fault.name(),
            violation.invariant
        );
        assert!(after <= 10, "{}: {:#?}", fault.name(), shrunk.plan.acts);
    }
    plant(None);
    println!("{table}");
}

fn broken(seed: u64) -> Option<Violation> {
    let plan = Swarm::new(SwarmSize::default()).plan(seed);
    match World::run(plan, Keep::Nothing).ending {
        Ending::Broken(violation) => Some(violation),
        Ending::Kept => None,
    }
}

/// Patience counted in runs.
struct Runs(u32);

impl Patience for Runs {
    fn has_time(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }

    fn smaller(&mut self, _plan: &Plan) {}
}
