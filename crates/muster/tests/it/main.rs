//! The binary as its users run it.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod activation;
mod case;
mod conform;
mod conform_agent;
mod crash_points;
mod demo;
mod disk;
mod faults;
mod fleet;
mod kill;
mod load;
mod matrix;
mod metrics;
#[cfg(feature = "planted")]
mod mutants;
mod people;
#[cfg(feature = "planted")]
mod planted;
mod policies;
mod process;
mod push;
mod quic;
mod report;
mod retry;
mod sim;
mod trace;
mod usage;
