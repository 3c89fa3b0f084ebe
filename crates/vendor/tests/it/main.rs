//! The vendor's services over real HTTPS on loopback, asked by customers with certificates.
#![expect(clippy::unwrap_used, reason = "what tests share may fail the test")]

mod certificates;
mod lock;
mod malformed;
mod push;
mod status;
mod unlock;
mod world;
