//! Takes commands back. The admin API has no such operation; whoever runs the server does.

use muster_control::{CancelOutcome, DeviceRecord};
use muster_protocol::{CommandId, DeviceId};

use crate::device_side::DeviceSide;
use crate::registry::DecideError;
use crate::server::Server;

/// A command that could not be taken back.
#[derive(Debug, thiserror::Error)]
#[error("the records cannot be written")]
pub struct RecallError(#[from] DecideError);

impl DeviceSide {
    /// Takes a command back; what came of it is durable when this returns.
    ///
    /// Cancel safe: no, it may or may not have been taken back then.
    ///
    /// # Errors
    /// [`RecallError`] if nothing could be decided.
    pub async fn recall(
        &self,
        device: DeviceId,
        command: CommandId,
    ) -> Result<CancelOutcome, RecallError> {
        let Some(slot) = self.registry.slot(device) else { return Ok(CancelOutcome::Unknown) };
        let now = self.backend.clock.now();
        let mut state = slot.state.lock().await;
        let cancel = |record: &mut DeviceRecord| record.cancel(now, command);
        Ok(self.registry.decide(&mut state, cancel).await?)
    }
}

impl Server {
    /// As [`DeviceSide::recall`].
    ///
    /// Cancel safe: no.
    ///
    /// # Errors
    /// [`RecallError`] if nothing could be decided.
    pub async fn recall(
        &self,
        device: DeviceId,
        command: CommandId,
    ) -> Result<CancelOutcome, RecallError> {
        self.device_side().recall(device, command).await
    }
}
