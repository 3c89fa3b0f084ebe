//! The enrolment connection: a key and a token in, a certificate out.

use std::sync::Arc;
use std::time::Duration;

use muster_protocol::alpn::MINOR;
use muster_protocol::enrolment::{EnrolReply, EnrolRequest};
use muster_protocol::frame::Peer;
use muster_protocol::planted::{Plant, is};
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{CloseCode, DeviceFacts, DeviceId};
use muster_transport::{
    CaError, CertificateDer, DeviceKey, FrameReceiver, FrameSender, certificate_identity, close,
};
use quinn::{Connection, Endpoint};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::ending::Ending;
use crate::progress::Bytes;
use crate::session::{broken, dial};
use crate::shared::Shared;
use crate::state::{Credentials, Grant};

/// How long the server may take to sign a certificate and store the device.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What an enrolment needs, owned so that the attempt can run beside everything else.
pub(crate) struct Applicant {
    pub(crate) shared: Arc<Shared>,
    pub(crate) endpoint: Endpoint,
    pub(crate) key: DeviceKey,
    pub(crate) token: EnrolmentToken,
    pub(crate) facts: DeviceFacts,
}

/// Makes a key that no server has seen yet.
///
/// An Ed25519 key takes some 20 microseconds: no reason to leave the async threads for it.
pub(crate) fn new_credentials() -> Option<Credentials> {
    let key = DeviceKey::generate()
        .inspect_err(|cause| warn!(error = cause as &dyn std::error::Error, "no device key"))
        .ok()?;
    Some(Credentials { pkcs8: key.pkcs8_der(), grant: None })
}

/// Asks for a certificate, once.
pub(crate) async fn enrol(applicant: Applicant) -> Result<Grant, Ending> {
    let Some(turn) = applicant.shared.pacer.turn().await else {
        return Err(Ending::HungUp);
    };
    let config = applicant.shared.tls.enrolment();
    let server = applicant.shared.server;
    let connection = dial(&applicant.endpoint, config, server).await?;
    let asked = timeout(ANSWER_WITHIN, ask(&applicant, &connection)).await;
    drop(turn);
    let reply = match asked {
        Ok(Ok(reply)) => reply,
        Ok(Err(ending)) => return Err(ending),
        Err(_elapsed) => return Err(Ending::Unanswered),
    };
    close(&connection, CloseCode::Done);
    granted(&applicant, reply).ok_or(Ending::GrantOfAnother)
}

/// Sends the request and reads the reply.
async fn ask(applicant: &Applicant, connection: &Connection) -> Result<EnrolReply, Ending> {
    let request = EnrolRequest {
        minor: MINOR,
        token: applicant.token.clone(),
        csr_der: applicant.key.csr_der().map_err(no_request)?,
        facts: applicant.facts.clone(),
    };
    let counters = &applicant.shared.counters;
    let opened = connection.open_bi().await;
    let (send, receive) = opened.map_err(|cause| Ending::from(&cause))?;
    let (mut sender, mut receiver) = (FrameSender::new(send), FrameReceiver::new(receive));
    // A server that refuses closes while we still send: the reason is read from the connection.
    if let Ok(sent) = sender.send(&request).await {
        counters.bytes(Bytes::Sent, u64::try_from(sent).unwrap_or(0));
        sender.finish();
    }
    let reply = receiver.receive::<EnrolReply>(Peer::Newer).await;
    counters.bytes(Bytes::Received, receiver.bytes_received());
    match reply {
        Ok(Some(reply)) => Ok(reply),
        Ok(None) => Err(Ending::of(connection)),
        Err(cause) => {
            debug!(error = &cause as &dyn std::error::Error, "no reply");
            Err(broken(connection, &cause))
        }
    }
}

/// The key of a device cannot sign.
fn no_request(cause: CaError) -> Ending {
    warn!(error = &cause as &dyn std::error::Error, "no signing request");
    Ending::NoMeans
}

/// Checks that what the server granted is for this key and names the device it says.
fn granted(applicant: &Applicant, reply: EnrolReply) -> Option<Grant> {
    let certificate = reply.chain_der.into_iter().next()?;
    let identity = applicant.key.identity(vec![certificate.clone()]);
    let names_device = names(&CertificateDer::from(certificate.as_slice()), reply.device);
    let fits_key = applicant.shared.tls.management(&identity).is_ok();
    if (names_device && fits_key) || is(Plant::AnyGrantKept) {
        Some(Grant { device: reply.device, certificate })
    } else {
        warn!(
            device_id = %reply.device,
            names_device,
            fits_key,
            "the server granted a certificate that is not this device's"
        );
        None
    }
}

/// Whether the certificate is one of this device.
fn names(certificate: &CertificateDer<'_>, device: DeviceId) -> bool {
    certificate_identity(certificate).is_some_and(|identity| identity.device == device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_transport::{CsrKey, RunCa, Validity};

    #[test]
    fn a_certificate_of_another_device_is_noticed() {
        let (ours, other) = (DeviceId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        let ca = RunCa::ephemeral().unwrap();
        let csr = DeviceKey::generate().unwrap().csr_der().unwrap();
        let key = CsrKey::from_csr(&csr).unwrap();
        let certificate = ca.issue_device(ours, &key, Validity::device()).unwrap();
        assert!(names(&certificate, ours));
        assert!(!names(&certificate, other));
        assert!(!names(&CertificateDer::from(vec![1, 2, 3]), ours));
    }
}
