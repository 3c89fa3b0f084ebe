//! Android: Enterprise, device administrator and AOSP.

mod api_level;
mod command_error;
mod decide;
mod old_call;
mod passcode;
mod reset_token;
mod state;
mod wipe;

pub(crate) use state::Android;
