//! The vendor of a fleet: its activation service, served to the server as to a stranger.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use muster_agent::{ActivationHandle, Fleet};
use muster_device::activation::{LockRequest, LockResponse, LockStatus, Unlocking};
use muster_protocol::SerialNumber;
use muster_vendor::{Desk, DeskError, VendorConfig, VendorFace, VendorFolder};

/// Serves the activation service of `fleet` from a vendor's folder. Stop it before the fleet.
pub(crate) fn serve(
    fleet: &Fleet,
    address: SocketAddr,
    folder: &Path,
) -> anyhow::Result<VendorFace> {
    let folder = VendorFolder::at(folder.to_owned());
    let desk = FleetDesk(fleet.activation_service());
    VendorFace::start(&VendorConfig { address, folder }, desk)
        .context("failed to serve the activation service")
}

/// The books of a fleet's vendor, behind its counter.
#[derive(Clone)]
struct FleetDesk(ActivationHandle);

impl Desk for FleetDesk {
    async fn lock(&self, request: LockRequest) -> Result<LockResponse, DeskError> {
        self.0.lock(request).await.map_err(|error| DeskError(Box::new(error)))
    }

    async fn escrow_key_unlock(
        &self,
        serial: &SerialNumber,
        escrow_key: &str,
    ) -> Result<Unlocking, DeskError> {
        let unlocking = self.0.escrow_key_unlock(serial, escrow_key).await;
        unlocking.map_err(|error| DeskError(Box::new(error)))
    }

    fn status(&self, serial: &SerialNumber) -> Option<LockStatus> {
        self.0.status(serial)
    }
}
