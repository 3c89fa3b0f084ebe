//! Bodies nobody has read.
//!
//! In HTTP/1.1 nothing can follow a body before it is over. A server that answers and leaves one
//! unread has to close the connection, and a client that keeps its connections (requests for Python
//! does) loses its next request by that.

use core::mem;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use tokio::time::timeout;

use crate::http::body::BODY_BYTES_MAX;

/// How long an answer waits for the rest of a body that does not matter any more.
const REST_WITHIN: Duration = Duration::from_secs(2);

/// The body of a request until somebody reads it.
#[derive(Clone)]
pub(crate) struct Unread(Arc<Mutex<Option<Body>>>);

impl Unread {
    /// Keeps the body of a request where it is found when the request is gone.
    pub(crate) fn keep(request: &mut Request) -> Self {
        let body = mem::take(request.body_mut());
        let kept = Self(Arc::new(Mutex::new(Some(body))));
        request.extensions_mut().insert(kept.clone());
        kept
    }

    /// Gives a request its body back.
    pub(crate) fn give_back(mut request: Request) -> Request {
        let kept = request.extensions_mut().remove::<Self>();
        if let Some(body) = kept.and_then(|kept| kept.take()) {
            *request.body_mut() = body;
        }
        request
    }

    /// Reads what nobody has read, as far as it is of a moderate length and does not take long.
    pub(crate) async fn discard(self) {
        if let Some(body) = self.take() {
            // If it is too long, late or broken, the connection is closed after all.
            let _rest = timeout(REST_WITHIN, to_bytes(body, BODY_BYTES_MAX)).await;
        }
    }

    fn take(&self) -> Option<Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
