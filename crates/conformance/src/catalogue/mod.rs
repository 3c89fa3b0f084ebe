//! Every requirement of `docs/protocol/`, in the order of its pages.
//!
//! A test holds these rows against the tables of the pages, both ways: an id, a level or a sentence
//! cannot change in one place alone.

mod ack;
mod cert;
mod close;
mod encode;
mod enrol;
mod frame;
mod limit;
mod push;
mod queue;
mod security;
mod session;
mod transport;

use crate::requirement::{Level, Requirement, Side};

/// All of them, group by group.
const GROUPS: [&[Requirement]; 12] = [
    transport::ROWS,
    cert::ROWS,
    enrol::ROWS,
    frame::ROWS,
    encode::ROWS,
    session::ROWS,
    push::ROWS,
    queue::ROWS,
    ack::ROWS,
    security::ROWS,
    close::ROWS,
    limit::ROWS,
];

/// Every requirement.
pub fn requirements() -> impl Iterator<Item = &'static Requirement> {
    GROUPS.into_iter().flatten()
}

/// The requirement with this id.
#[must_use]
pub fn requirement(id: &str) -> Option<&'static Requirement> {
    requirements().find(|requirement| requirement.id == id)
}

const fn row(id: &'static str, level: Level, binds: Side, statement: &'static str) -> Requirement {
    Requirement { id, level, binds, statement, unseen: None }
}

impl Requirement {
    /// The same, which no case can try: this is why.
    const fn unseen(self, why: &'static str) -> Self {
        Self { unseen: Some(why), ..self }
    }
}
