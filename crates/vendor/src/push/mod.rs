//! The push services of both vendors: what wakes a device that keeps no connection.
//!
//! Two faces of one thing. Apple's takes a device in the path and the rest in headers, Google's
//! takes everything in one JSON object. What a push says is only the word a device knows its server
//! by; what becomes of it is decided behind [`PushDesk`].
//!
//! Source: docs/push-service.md.

mod apns;
mod desk;
mod fcm;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;

pub use desk::{Collapse, Keep, Push, PushDesk, PushRefusal, Urgency};

use crate::body::BODY_BYTES_MAX;

/// Longest payload of one push, in bytes.
///
/// Source: Apple, "Generating a remote notification"; Google, "About FCM messages".
pub const PAYLOAD_BYTES_MAX: usize = 4_096;

/// Longest token, topic or project, in characters. What is longer is nobody's.
const NAME_CHARS_MAX: usize = 256;

/// The push services over `desk`. It opens no socket, and lets in whoever comes: certificates are
/// checked by [`VendorFace`](crate::VendorFace).
pub fn push_router<D: PushDesk>(desk: D) -> Router {
    Router::new()
        .route("/3/device/{token}", post(apns::answer::<D>))
        .route("/v1/projects/{project}/messages:send", post(fcm::answer::<D>))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(PostOffice { desk, answered: AtomicU64::new(0) }))
}

/// What every push is answered from.
struct PostOffice<D> {
    desk: D,
    answered: AtomicU64,
}

impl<D> PostOffice<D> {
    /// A number no other answer of this process has.
    fn number(&self) -> u64 {
        self.answered.fetch_add(1, Ordering::Relaxed)
    }
}

/// Whether a customer may mean a device or a topic by this.
fn is_name(text: &str) -> bool {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    visible && (1..=NAME_CHARS_MAX).contains(&text.len())
}
