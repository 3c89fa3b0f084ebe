//! The Microsoft-Graph-compatible admin API.
//!
//! [`router`] answers a slice of `deviceManagement/managedDevices`, as `/v1.0` and as `/beta`:
//! list, read, delete, and the remote actions of phones and tablets. It opens no socket; the server
//! serves it. What stands behind it is a [`Backend`], so nothing here knows rows or frames.

mod action_result;
mod actions;
mod auth;
mod backend;
mod call;
mod errors;
mod listed;
mod managed_device;
mod origin;
mod page;
mod path;
mod properties;
mod query;
mod router;

pub use action_result::{action_name, action_state, latest_commands, shown_passcode};
pub use actions::{BodyError, parse_action};
pub use auth::{AdminToken, ParseTokenError};
pub use backend::{Backend, BackendError, SubmitError};
pub use errors::refusal_status;
pub use listed::{is_deleted, is_listed};
pub use managed_device::shown_bypass_code;
pub use origin::{Origin, ParseOriginError};
pub use page::PAGE_DEVICES_MAX;
pub use router::{BODY_BYTES_MAX, router};
