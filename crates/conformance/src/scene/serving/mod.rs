//! The suite as a server: how its door is kept, how devices come, enrol and are served.

mod arrivals;
mod commands;
mod enrolment;
mod session;

pub(crate) use commands::{Answered, Ask, code_of};
