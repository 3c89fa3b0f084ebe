//! The binary as its users run it.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod activation;
mod case;
mod demo;
mod fleet;
mod kill;
mod people;
mod process;
mod quic;
mod sim;
mod usage;
