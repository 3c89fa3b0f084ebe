//! The server as a customer of the vendor's activation service.
//!
//! ```text
//! submit --> Errands <-- Courier --VendorCall--> Service --HTTPS--> the vendor
//!                           '--settle--> record, durable
//! ```
//!
//! An unlocked device stays unlocked when it is unlocked again, so a call whose answer was lost
//! with the process is simply made anew.

mod courier;
mod errands;
mod service;

pub(crate) use courier::{Courier, awaits_service};
pub(crate) use errands::Errands;
