//! The binary as its users run it.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod case;
mod demo;
mod fleet;
mod kill;
mod process;
mod usage;
