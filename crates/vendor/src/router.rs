//! From a request to its answer.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use muster_protocol::SerialNumber;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::body::BODY_BYTES_MAX;
use crate::desk::{Desk, DeskError};
use crate::{lock, status, unlock};

/// How many questions the desk answers at once: each may hash for tens of milliseconds, and they
/// would take the processors from the devices. More wait in line.
const QUESTIONS_AT_ONCE: usize = 2;

/// Characters of a number or code a customer may send; longer ones are nobody's.
pub(crate) const TEXT_CHARS_MAX: usize = 128;

/// What every request is answered from.
pub(crate) struct Counter<D> {
    desk: D,
    questions: Semaphore,
}

/// The desk cannot answer; why is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable;

/// The service over `desk`. It opens no socket, and lets in whoever comes: certificates are
/// checked by [`VendorFace`](crate::VendorFace).
pub fn router<D: Desk>(desk: D) -> Router {
    let counter = Arc::new(Counter { desk, questions: Semaphore::new(QUESTIONS_AT_ONCE) });
    Router::new()
        .route("/device/activationlock", post(lock::answer::<D>))
        .route("/deviceservicesworkers/escrowKeyUnlock", post(unlock::answer::<D>))
        .route("/v1/orgDevices/{serial}/activationLockStatus", get(status::answer::<D>))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(counter)
}

impl<D: Desk> Counter<D> {
    /// Puts a question to the desk when it is its turn.
    pub(crate) async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&D) -> Result<T, DeskError>,
    ) -> Result<T, Unavailable> {
        let _turn = self.questions.acquire().await.map_err(|_closed| Unavailable)?;
        question(&self.desk).await.map_err(|error| {
            warn!(error = &error as &dyn std::error::Error, "activation service cannot answer");
            Unavailable
        })
    }

    /// Who knows the locks.
    pub(crate) const fn desk(&self) -> &D {
        &self.desk
    }
}

/// A serial number as a customer wrote it; `None` for what no device can have.
pub(crate) fn serial(text: &str) -> Option<SerialNumber> {
    text.parse().ok()
}
