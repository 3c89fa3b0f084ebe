//! The vendor of a fleet: its activation and push services, served to the server as to a stranger.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use muster_agent::{ActivationHandle, Fleet, PushHandle};
use muster_device::activation::{LockRequest, LockResponse, LockStatus, Unlocking};
use muster_device::push::{self, Expiry, PushRequest};
use muster_protocol::SerialNumber;
use muster_vendor::{
    Desk, DeskError, Keep, Push, PushDesk, PushRefusal, VendorConfig, VendorFace, VendorFolder,
};

/// Serves the activation and push services of `fleet` from a vendor's folder. Stop it before the fleet.
pub(crate) fn serve(
    fleet: &Fleet,
    address: SocketAddr,
    folder: &Path,
) -> anyhow::Result<VendorFace> {
    let folder = VendorFolder::at(folder.to_owned());
    let desk = FleetDesk(fleet.activation_service());
    let post = FleetPost(fleet.push_services());
    VendorFace::start(&VendorConfig { address, folder }, desk, post)
        .context("failed to serve the vendor's services")
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

/// The push services of a fleet's vendors, behind their counter.
#[derive(Clone)]
struct FleetPost(PushHandle);

impl PushDesk for FleetPost {
    fn push(&self, push: Push) -> Result<(), PushRefusal> {
        let Push { service, token, topic, magic, keep, collapse, urgency: _ } = push;
        let (payload_bytes, collapse_key) = (magic.len(), collapse.map(|key| key.0));
        let expiry = self.expiry(keep);
        let request =
            PushRequest { service, topic, token, magic, payload_bytes, collapse_key, expiry };
        self.0.accept(request).map(drop).map_err(|refusal| self.refused(refusal))
    }
}

impl FleetPost {
    fn expiry(&self, keep: Keep) -> Expiry {
        match keep {
            Keep::Not => Expiry::Now,
            Keep::Until(since_1970) => Expiry::At(self.0.run_time(since_1970)),
            Keep::For(span) => Expiry::At(self.0.now().after(span)),
            Keep::Longest => Expiry::Unsaid,
        }
    }

    fn refused(&self, refusal: push::PushRefusal) -> PushRefusal {
        match refusal {
            // The face has looked at sizes already.
            push::PushRefusal::BadToken
            | push::PushRefusal::TooLarge
            | push::PushRefusal::BadCollapseId => PushRefusal::UnknownToken,
            push::PushRefusal::WrongTopic => PushRefusal::OtherTopic,
            push::PushRefusal::Unregistered { since } => {
                PushRefusal::Unregistered { since: self.0.since_1970(since) }
            }
        }
    }
}
