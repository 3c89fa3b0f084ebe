//! How fast virtual time passes: `cargo run --release -p muster-sim --example speed`.
//!
//! Devices whose people live their days, with commands and now and then a fault, for 72 hours.

use std::time::{Duration, Instant};

use muster_sim::{Ending, Keep, People, Swarm, SwarmSize, World};

const THREE_DAYS: Duration = Duration::from_secs(72 * 60 * 60);

fn main() {
    for devices in sizes() {
        let size = SwarmSize {
            devices_min: devices,
            devices_max: devices,
            stormy: THREE_DAYS,
            faults_per_hour_max: 1,
            people: People::WithHabits,
            ..SwarmSize::default()
        };
        play(devices, size);
    }
}

fn play(devices: u64, size: SwarmSize) {
    let plan = Swarm::new(size).plan(1);
    let acts = plan.acts.len();
    let started = Instant::now();
    let outcome = World::run(plan, Keep::Nothing);
    let took = started.elapsed();
    let passed = Duration::from_micros(outcome.at.as_micros());
    let ratio = passed.as_secs_f64() / took.as_secs_f64();
    let verdict = match &outcome.ending {
        Ending::Kept => String::from("every promise kept"),
        Ending::Broken(violation) => violation.to_string(),
    };
    println!(
        "{devices} devices, {acts} acts, {} events, {} lines: {:.1} h in {:.2} s, {ratio:.0} times \
         as fast as life; {verdict}",
        outcome.events,
        outcome.log.count(),
        passed.as_secs_f64() / 3_600.0,
        took.as_secs_f64(),
    );
}

/// As many devices as asked for, or one and a thousand.
fn sizes() -> Vec<u64> {
    let asked: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    if asked.is_empty() { vec![1, 1_000] } else { asked }
}
