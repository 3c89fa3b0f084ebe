//! Compliance policies and configurations: what administrators ask of devices.

pub(crate) mod book;
pub(crate) mod catalog;
pub(crate) mod effect;
pub(crate) mod family;
pub(crate) mod fault;
pub(crate) mod record;
pub(crate) mod resource;
mod settings;
mod standing;
mod target;
