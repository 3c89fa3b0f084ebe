//! The binary as its users run it.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod activation;
mod case;
mod crash_points;
mod demo;
mod faults;
mod fleet;
mod kill;
mod people;
#[cfg(feature = "planted")]
mod planted;
mod policies;
mod process;
mod push;
mod quic;
mod sim;
mod usage;
