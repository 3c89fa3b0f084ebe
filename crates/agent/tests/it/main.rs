//! The fleet against a small server made of the same transport.
#![expect(clippy::unwrap_used, reason = "what tests share may fail the test")]

mod fleet;
mod power;
mod resume;
mod server;
mod world;
