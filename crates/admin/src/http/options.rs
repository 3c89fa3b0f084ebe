//! What can be chosen about the API.

use crate::odata::strict::Filters;

/// How the API is to behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdminOptions {
    /// How much is told that the service does not tell.
    pub strictness: Strictness,
    /// Whether the limits of the service hold.
    pub throttling: Throttling,
    /// What filters may ask.
    pub filters: Filters,
}

/// How much is told that the service does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// Errors say why in words a person can act on, and devices, results and answers carry what is
    /// this server's own: all of it has `x-muster` in its name.
    #[default]
    Explained,
    /// As the service does and no more, but to whoever sends `Prefer: include-muster`. A property
    /// that `$select` names is shown all the same.
    Strict,
}

/// Whether the limits of the service hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Throttling {
    /// Nobody is slowed down: for load tests.
    #[default]
    Off,
    /// The documented limits of device management.
    Documented,
}
