//! All cases.

mod agent;
mod server;

use crate::case::Case;

/// All of them, in the order of their groups.
const GROUPS: [&[Case]; 20] = [
    server::transport::CASES,
    server::enrol::CASES,
    server::security::CASES,
    server::session::CASES,
    server::queue::CASES,
    server::ack::CASES,
    server::command::CASES,
    server::push::CASES,
    server::limit::CASES,
    server::robust::CASES,
    agent::transport::CASES,
    agent::enrol::CASES,
    agent::security::CASES,
    agent::session::CASES,
    agent::close::CASES,
    agent::ack::CASES,
    agent::command::CASES,
    agent::push::CASES,
    agent::frame::CASES,
    agent::encode::CASES,
];

/// Every case.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    GROUPS.into_iter().flatten()
}

/// The case with this id.
#[must_use]
pub fn case_named(id: &str) -> Option<&'static Case> {
    cases().find(|case| case.id == id)
}
