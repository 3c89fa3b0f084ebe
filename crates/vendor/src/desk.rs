//! Who answers behind the counter.

use std::error::Error;

use muster_device::activation::{LockRequest, LockResponse, LockStatus, Unlocking};
use muster_protocol::SerialNumber;

/// The activation service of a run, as its face over HTTPS sees it.
pub trait Desk: Clone + Send + Sync + 'static {
    /// Locks a device for the organisation. What it answers is durable.
    fn lock(
        &self,
        request: LockRequest,
    ) -> impl Future<Output = Result<LockResponse, DeskError>> + Send;

    /// Removes whatever lock is on a device, for the bypass code with its dashes. What it answers
    /// is durable.
    fn escrow_key_unlock(
        &self,
        serial: &SerialNumber,
        escrow_key: &str,
    ) -> impl Future<Output = Result<Unlocking, DeskError>> + Send;

    /// The truth about a device; `None` if the vendor has made none with this number.
    fn status(&self, serial: &SerialNumber) -> Option<LockStatus>;
}

/// What is wrong behind the counter. The customer may come again.
#[derive(Debug, thiserror::Error)]
#[error("the records of the activation service cannot be kept")]
pub struct DeskError(#[source] pub Box<dyn Error + Send + Sync>);
