//! What a run consists of: population, arrivals, workload, faults, thresholds.
//!
//! A scenario is a TOML file; from it and a seed follows the whole plan of a run, the same on every
//! machine. [`Scenario::parse`] reads the file, [`Scenario::plan`] draws the plan, and
//! [`Plan::moments`] hands it out moment by moment: nothing is kept but what is needed for the next
//! one, so that a plan of hours costs no more memory than one of seconds.

#![no_std]

extern crate alloc;

mod action;
mod error;
mod file;
mod nearest;
mod plan;
mod population;
mod read;
mod scenario;
mod stage;
mod taken_out;
mod text;
mod threshold;
mod trace;
mod units;
mod words;
mod work;

pub use action::Action;
pub use error::{Problem, ScenarioError};
pub use muster_protocol::habit::Habit;
pub use plan::{
    Moment, Moments, Plan, PlanError, PlannedDevice, PlannedFault, PlannedPhase, Run, Shard, What,
};
pub use population::{Cohort, CohortSize, Connectivity, Contact, Holder, Sockets, Versions};
pub use scenario::{
    Counts, Fault, FaultKind, GeneratorLimits, Limits, Phase, Scenario, ServerFault,
};
pub use stage::Stage;
pub use taken_out::{Handling, ServiceEvent, TakenOut};
pub use threshold::{Comparison, Counted, Event, Limit, Metric, Scope, Threshold};
pub use trace::{Trace, TraceError};
pub use units::{Percent, Quantile, Rate, Span, Spread, TimeScale, Weighted};
pub use work::{
    Arrivals, Backlog, Broadcast, Course, MassWipe, Pace, Selection, Spacing, Work, WorkKind,
};
