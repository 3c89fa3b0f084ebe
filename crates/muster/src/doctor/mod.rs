//! Whether this machine can hold a fleet, and what to type if it cannot.

mod checks;
mod machine;

use serde::Serialize;

pub(crate) use checks::{Wanted, check_all};
pub(crate) use machine::Machine;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What it is.
    pub(crate) name: &'static str,
    /// Whether it will do.
    pub(crate) ok: bool,
    /// What there is.
    pub(crate) found: String,
    /// What is needed.
    pub(crate) wanted: String,
    /// What to do if it will not do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}
