//! Cases: failures and features by name, played live over QUIC and judged on the device itself.
//!
//! A case is a file in `fixtures/cases/`. The tour of the demo is made of the cases that have a
//! place in it.

mod bill;
mod catalogue;
mod file;
mod house;
mod live;
mod outcome;
mod player;
mod rehearsal;
mod role;
mod scene;
mod schema;
mod script;
mod spill;
mod stage;
mod step_file;
mod theatre;
mod timeline;

pub(crate) use bill::{Rehearsed, Run, play_all};
pub(crate) use catalogue::{all, tour};
pub(crate) use file::{parse, schema};
pub(crate) use rehearsal::rehearse_all;
pub(crate) use script::Case;
pub(crate) use spill::effects_twice;
pub(crate) use stage::{Played, Row, Stage, perform};
pub(crate) use theatre::{Remains, Theatre};
pub(crate) use timeline::table as timeline_table;
