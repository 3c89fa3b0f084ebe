//! What somebody may do.

mod assignment;
mod audit;
pub(crate) mod book;
pub(crate) mod builtin;
mod definition;
pub(crate) mod reach;
pub(crate) mod resource;
pub(crate) mod role;
pub(crate) mod roles;
mod schema;
pub(crate) mod scope;
pub(crate) mod view;
