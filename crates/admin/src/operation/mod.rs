//! What the API can do, and how its paths are read.

pub(crate) mod openapi;
pub(crate) mod parity;
pub(crate) mod path;
pub(crate) mod rows;
pub(crate) mod table;
