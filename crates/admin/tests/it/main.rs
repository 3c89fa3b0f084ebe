//! The router in process, over a fake server with real control records.

mod anything;
mod audit;
mod deletion;
mod devices;
mod envelopes;
mod fake;
mod results;
mod status;
