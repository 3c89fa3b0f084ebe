//! Every promise holds in drawn worlds.

use muster_sim::{Ending, Keep, People, Swarm, SwarmSize, World};

/// Fewer without optimisation, which takes many times as long: `scripts/check.sh` plays three
/// hundred whatever the build, and also twice: `examples/twice.rs`.
const SEEDS: u64 = if cfg!(debug_assertions) { 30 } else { 100 };

/// Days of people are long: as above.
const LIVED_SEEDS: u64 = if cfg!(debug_assertions) { 3 } else { 12 };

/// Every seed is played twice: the same bytes, or nothing else that is said of it is worth much.
#[test]
fn every_promise_is_kept_in_every_drawn_world_and_twice_in_the_same_way() {
    let swarm = Swarm::new(SwarmSize::default());
    for seed in 0..SEEDS {
        let outcome = World::run(swarm.plan(seed), Keep::Last(30));
        if let Ending::Broken(violation) = &outcome.ending {
            let log = String::from_utf8(outcome.log.to_bytes()).unwrap();
            panic!("seed {seed}: {violation}\n{log}");
        }
        let again = World::run(swarm.plan(seed), Keep::Nothing);
        let count = outcome.log.count();
        assert_eq!(
            (outcome.log.digest(), count),
            (again.log.digest(), again.log.count()),
            "{seed}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_log_byte_for_byte() {
    let swarm = Swarm::new(SwarmSize::default());
    for seed in 0..5 {
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

#[test]
fn people_with_habits_break_no_promise() {
    let hours = |count: u64| core::time::Duration::from_secs(count * 60 * 60);
    let size = SwarmSize {
        devices_max: 3,
        stormy: hours(48),
        faults_per_hour_max: 1,
        people: People::WithHabits,
        ..SwarmSize::default()
    };
    for seed in 0..LIVED_SEEDS {
        let outcome = World::run(Swarm::new(size).plan(seed), Keep::Last(30));
        let log = String::from_utf8(outcome.log.to_bytes()).unwrap();
        assert_eq!(outcome.ending, Ending::Kept, "seed {seed}\n{log}");
    }
}
