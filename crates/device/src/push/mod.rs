//! The vendors' push services: a third party between server and device, with rules of its own.
//!
//! A push carries a word and nothing else. The services promise little: what is on its way to a
//! device that is away is kept for a while, the newest in the place of what was there before. What
//! gets lost beyond that, comes late or comes twice is for whoever drives the service to decide.

mod kept;
mod request;
mod service;

pub use request::{Expiry, PushRefusal, PushRequest};
pub use service::{Accepted, Presence, PushServiceState, Registration, Wake, WakeWord};

/// Longest payload in bytes, of either service.
///
/// Source: Apple, "Generating a remote notification": 4 KB; Firebase, "About FCM messages": 4096
/// bytes.
pub const PAYLOAD_BYTES_MAX: usize = 4_096;

/// Longest `apns-collapse-id` in bytes.
///
/// Source: Apple, "Sending notification requests to APNs".
pub const COLLAPSE_ID_BYTES_MAX: usize = 64;
