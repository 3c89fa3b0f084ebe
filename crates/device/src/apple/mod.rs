//! iOS and iPadOS.

mod activation_lock;
mod catalogue;
mod decide;
mod execute;
mod information;
mod lost_mode;
mod refusal;
mod state;

pub(crate) use state::Apple;
