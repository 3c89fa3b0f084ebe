//! Plays the cases of `muster-conformance` against targets.
//!
//! ```text
//! verb --wanted variants--> runner --one world each--> Script <--> lines, keys, hook --> target
//! ```

mod agents;
mod files;
mod hook;
mod house;
mod http;
mod inbox;
mod line;
pub(crate) mod matrix;
mod papers;
mod playing;
mod runner;
#[cfg(test)]
mod sample;
mod site;
mod telling;
mod world;

pub(crate) use agents::{Agents, Outside, Waiting};
pub(crate) use files::write;
pub(crate) use hook::{AdminHook, CommandHook, Hook, HttpHook};
pub(crate) use http::stays_here;
pub(crate) use runner::{Plan, Playing, run};
pub(crate) use site::Site;
pub(crate) use telling::{Detail, told};
