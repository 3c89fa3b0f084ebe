//! Who asks.

pub(crate) mod auth;
