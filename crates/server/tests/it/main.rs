//! A whole server on loopback, spoken to by scripted devices over real QUIC.
#![expect(clippy::unwrap_used, reason = "what tests share may fail the test")]

mod activation;
mod admin;
mod bad_input;
mod black_box;
mod certificates;
mod device;
mod disk;
mod durability;
mod exposure;
mod intercept;
mod operate;
mod policies;
mod push;
mod queue;
mod reenrolment;
mod retry;
mod secrecy;
mod session;
mod sign_in;
mod stopping;
mod time;
mod tokens;
mod vendor;
mod world;
