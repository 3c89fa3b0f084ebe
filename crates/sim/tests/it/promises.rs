//! Every promise, over many drawn worlds.

use muster_sim::{Ending, Keep, Swarm, SwarmSize, World};

const SEEDS: u64 = 300;

#[test]
fn every_promise_is_kept_in_every_drawn_world() {
    let swarm = Swarm::new(SwarmSize::default());
    for seed in 0..SEEDS {
        let outcome = World::run(swarm.plan(seed), Keep::Last(30));
        if let Ending::Broken(violation) = &outcome.ending {
            let log = String::from_utf8(outcome.log.to_bytes()).unwrap();
            panic!("seed {seed}: {violation}\n{log}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_log_byte_for_byte() {
    let swarm = Swarm::new(SwarmSize::default());
    for seed in 0..20 {
        let run = || World::run(swarm.plan(seed), Keep::All).log.to_bytes();
        assert_eq!(run(), run(), "seed {seed}");
    }
}

#[test]
fn another_seed_gives_another_log() {
    let swarm = Swarm::new(SwarmSize::default());
    let digest = |seed| World::run(swarm.plan(seed), Keep::Nothing).log.digest();
    assert_ne!(digest(1), digest(2));
}
