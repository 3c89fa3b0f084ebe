//! What can be chosen about the API.

use crate::odata::strict::Filters;

/// How the API is to behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdminOptions {
    /// How much errors tell.
    pub strictness: Strictness,
    /// Whether the limits of the service hold.
    pub throttling: Throttling,
    /// What filters may ask.
    pub filters: Filters,
}

/// How much errors tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// As the service does, and `innerError` says why in words a person can act on.
    #[default]
    Explained,
    /// As the service does and no more.
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
