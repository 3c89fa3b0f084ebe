//! From a request to its answer.

pub(crate) mod call;
pub(crate) mod errors;
pub(crate) mod origin;
pub(crate) mod router;
