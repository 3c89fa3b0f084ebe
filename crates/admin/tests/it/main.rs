//! The router in process, over a fake server with real control records.

mod anything;
mod approvals;
mod audit;
mod audit_log;
mod batch;
mod bulk;
mod categories;
mod connections;
mod deletion;
mod devices;
mod envelopes;
mod exports;
mod fake;
mod generated;
mod identity;
mod limits;
mod lists;
mod operate;
mod overview;
mod policies;
mod results;
mod scopes;
mod sign_in;
mod status;
mod update;
