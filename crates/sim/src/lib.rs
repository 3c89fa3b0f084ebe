//! The deterministic world: the same device and control cores that run live, in virtual time.
//!
//! A [`Plan`] says everything that comes from outside: devices, network, what administrators and
//! users do, and what goes wrong. [`World::run`] plays it on one heap of events ordered by time
//! and sequence, and a [`Witness`], written apart from `control`, checks what it sees against the
//! promises. The same plan gives the same log, byte for byte.
#![no_std]

extern crate alloc;

mod actor;
mod armed;
mod digest;
mod explain;
mod fault;
mod invariant;
mod link;
mod log;
mod plan;
mod secrets;
mod server;
mod shrink;
mod store;
mod swarm;
mod timeline;
mod witness;
mod world;

pub use explain::{Depth, Explained, Odds, explain};
pub use fault::{Condition, Fault, FoulPushes, Handshake, Injection, Moment, Scope, Trigger};
pub use invariant::{Invariant, Origin, Violation};
pub use link::Way;
pub use log::{Entry, Keep, Log, What as Seen};
pub use plan::{Act, Asking, Network, Plan, PlannedDevice, UserDoes, What};
pub use secrets::Secrets;
pub use shrink::{Patience, Shrunk, shrink};
pub use swarm::{People, Swarm, SwarmSize};
pub use timeline::{Lane, Sort, Step};
pub use witness::{Standing, Witness};
pub use world::{CALM_NETWORK, Ending, Misdeed, Outcome, Rehearsal, Sight, Tally, World};
