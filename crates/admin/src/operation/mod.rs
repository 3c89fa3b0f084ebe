//! What can be asked of the API, and under which paths.

pub(crate) mod path;
