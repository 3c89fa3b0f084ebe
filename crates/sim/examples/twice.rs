//! Same seed, same bytes: `cargo run -p muster-sim --example twice -- 100 300`.
//!
//! Plays the drawn worlds of these seeds (from the first, below the second) twice and compares.

use std::process::ExitCode;

use muster_sim::{Keep, Swarm, SwarmSize, World};

fn main() -> ExitCode {
    let asked: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [first, end] = asked[..] else {
        eprintln!("two numbers: the first seed, and the one after the last");
        return ExitCode::from(64);
    };
    let swarm = Swarm::new(SwarmSize::default());
    let play = |seed| {
        let log = World::run(swarm.plan(seed), Keep::Nothing).log;
        (log.digest(), log.count())
    };
    let apart: Vec<u64> = (first..end).filter(|&seed| play(seed) != play(seed)).collect();
    println!("seeds {first}..{end} played twice; different: {apart:?}");
    ExitCode::from(u8::from(!apart.is_empty()))
}
