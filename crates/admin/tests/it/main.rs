//! The router in process, over a fake server with real control records.

mod anything;
mod audit;
mod batch;
mod bulk;
mod deletion;
mod devices;
mod envelopes;
mod fake;
mod generated;
mod identity;
mod limits;
mod lists;
mod results;
mod status;
mod update;
