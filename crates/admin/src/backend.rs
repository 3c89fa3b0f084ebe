//! What the API needs of the server it stands in front of.

use core::error::Error;
use core::future::Future;
use core::time::Duration;

use muster_control::{Action, CapabilityRefusal, DeviceRecord};
use muster_protocol::{CommandId, DeviceId, Timestamp};

/// The server behind the API.
///
/// Every future may be dropped at its deadline. A dropped `submit` may or may not have taken the
/// command; the API then tells its client to look before asking again.
pub trait Backend: Clone + Send + Sync + 'static {
    /// At most `limit` devices that [`is_listed`](crate::is_listed) in the order of their ids,
    /// those after `after`.
    ///
    /// # Errors
    /// [`BackendError`] if they cannot be read.
    fn devices(
        &self,
        after: Option<DeviceId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeviceRecord>, BackendError>> + Send;

    /// How many devices are listed, for `@odata.count`.
    ///
    /// # Errors
    /// [`BackendError`] if they cannot be counted.
    fn enrolled(&self) -> impl Future<Output = Result<u64, BackendError>> + Send;

    /// One record, enrolled or not; `None` if the id was never given out.
    ///
    /// # Errors
    /// [`BackendError`] if it cannot be read.
    fn device(
        &self,
        device: DeviceId,
    ) -> impl Future<Output = Result<Option<DeviceRecord>, BackendError>> + Send;

    /// Whether the device has a management connection now.
    fn connected(&self, device: DeviceId) -> bool;

    /// Takes a command for a device; it is durable when this returns.
    ///
    /// # Errors
    /// [`SubmitError`]: nothing was taken. Clients ask again on their own after some of these.
    fn submit(
        &self,
        device: DeviceId,
        action: Action,
    ) -> impl Future<Output = Result<CommandId, SubmitError>> + Send;

    /// The wall-clock time of a point of the run.
    fn wall(&self, at: Timestamp) -> jiff::Timestamp;

    /// The present point of the run.
    fn now(&self) -> Timestamp;
}

/// Records cannot be read at the moment.
#[derive(Debug, thiserror::Error)]
#[error("device records cannot be read")]
pub struct BackendError(#[source] pub Box<dyn Error + Send + Sync>);

/// Why a command was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No record has this id.
    #[error("no device has this id")]
    UnknownDevice,
    /// The record is kept for its results only.
    #[error("the device is no longer enrolled")]
    NotEnrolled,
    /// Devices of this kind cannot do this at all.
    #[error(transparent)]
    Capability(CapabilityRefusal),
    /// As many commands wait for the device as may.
    #[error("the command queue of the device is full")]
    QueueFull {
        /// When asking again makes sense.
        retry_after: Duration,
    },
    /// The server takes no new commands.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The command could not be stored; nothing was taken.
    #[error("the command could not be stored")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}
