//! Android: Enterprise, device administrator and AOSP.

mod api_level;
mod command_error;
mod decide;
mod passcode;
mod reset_token;
mod state;

pub(crate) use state::Android;
