//! iOS and iPadOS.

mod activation_lock;
mod applications;
mod battery;
mod catalogue;
mod decide;
mod execute;
mod find_my;
mod holds;
mod information;
mod lost_mode;
mod person;
mod refusal;
mod shared;
mod state;

pub(crate) use holds::Obstacle;
pub(crate) use state::Apple;
