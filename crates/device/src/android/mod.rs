//! Android: Enterprise, device administrator and AOSP.

mod api_level;
mod applications;
mod command_error;
mod decide;
mod execute;
mod lost_mode;
mod old_call;
mod passcode;
mod reset_token;
mod state;
mod user;
mod whereabouts;
mod wipe;

pub(crate) use state::Android;
