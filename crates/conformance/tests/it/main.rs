//! What holds for all cases together, and between the catalogue and the pages it comes from.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod catalogue;
mod coverage;
mod matrix;
