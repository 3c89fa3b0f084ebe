//! iOS and iPadOS.

mod activation_lock;
mod decide;
mod state;

pub(crate) use state::Apple;
