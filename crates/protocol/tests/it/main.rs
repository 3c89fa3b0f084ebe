//! The wire as a stranger meets it: every message there and back, and every kind of nonsense.

mod bytes;
mod generators;
mod hostile;
mod memory;
mod reader;
mod round_trip;
mod versions;
