//! Every planted fault is found, and shrinks to what it takes.
//!
//! One test at a time, because a fault is planted for the whole process.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use muster_protocol::planted::{Plant, Tier, plant};
use muster_sim::{Ending, Keep, Patience, Plan, Swarm, SwarmSize, Violation, World, shrink};

/// Held while a fault is planted.
static ALONE: Mutex<()> = Mutex::new(());

/// Within so many seeds each fault has to show.
const SEEDS: u64 = 200;

#[test]
fn every_fault_planted_in_the_cores_is_found_within_two_hundred_seeds_and_shrinks() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut table = String::new();
    // What bites in the server around its core shows in `muster sim --quic` only.
    for fault in Plant::ALL.into_iter().filter(|fault| fault.tier() == Tier::Cores) {
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

#[test]
fn a_fault_of_five_events_is_cut_out_of_a_run_of_hundreds_of_devices_within_a_minute() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    plant(Some(Plant::FourthCrashLosesWrite));
    let swarm =
        Swarm::new(SwarmSize { devices_min: 500, devices_max: 500, ..SwarmSize::default() });
    let large = |plan: &Plan| plan.devices.len() >= 500 && plan.acts.len() >= 10_000;
    let drawn = (0..20).map(|seed| swarm.plan(seed)).find(large).expect("one of them is large");
    let shrunk = shrink(&drawn, &mut Until(Instant::now() + Duration::from_secs(60)));
    plant(None);
    let shrunk = shrunk.expect("hundreds of devices meet the fault");
    let (devices, acts) = (shrunk.plan.devices.len(), shrunk.plan.acts.len());
    println!("{} devices, {} acts -> {devices}, {acts}", drawn.devices.len(), drawn.acts.len());
    assert!(devices == 1 && acts <= 10, "{:#?}", shrunk.plan.acts);
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

/// Patience that ends at a time.
struct Until(Instant);

impl Patience for Until {
    fn has_time(&mut self) -> bool {
        Instant::now() < self.0
    }

    fn smaller(&mut self, _plan: &Plan) {}
}
