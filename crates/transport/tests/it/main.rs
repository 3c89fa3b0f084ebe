//! Real QUIC on loopback.
#![expect(clippy::unwrap_used, reason = "what tests share may fail the test")]

mod fault;
mod handshake;
mod refusal;
mod stream;
mod world;
