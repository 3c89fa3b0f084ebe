//! The fleet against a small server made of the same transport.
#![expect(clippy::unwrap_used, reason = "what tests share may fail the test")]

mod activation;
mod faults;
mod fleet;
mod mischief;
mod people;
mod power;
mod push;
mod resume;
mod server;
mod standing;
mod world;
