//! Histograms, summaries and tables: what a run has to say for itself.
//!
//! Latency is recorded in microseconds and told as quantiles, never averaged.

mod latency;
mod table;

pub use latency::{Latency, LatencySummary};
pub use table::Table;
