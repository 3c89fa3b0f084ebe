//! Prints the log of one drawn world: `cargo run -p muster-sim --example seed -- 17`.

use muster_sim::{Keep, Swarm, SwarmSize, World};

fn main() {
    let seed = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let plan = Swarm::new(SwarmSize::default()).plan(seed);
    for device in &plan.devices {
        println!("{} {:?} {:?}", device.number, device.spec.facts.mode, device.spec.persona);
    }
    let outcome = World::run(plan, Keep::All);
    for entry in outcome.log.entries() {
        println!("{entry}");
    }
    println!("{:?}", outcome.ending);
}
