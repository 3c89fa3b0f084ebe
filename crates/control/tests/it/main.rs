//! What the crate promises to its users, through its public interface only.

mod model;
mod promises;
mod rows;
mod server;
mod start;
