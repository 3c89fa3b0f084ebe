//! Who is at the other end, and what for.

use muster_protocol::{DeviceId, alpn};
use quinn::Connection;
use quinn::crypto::rustls::HandshakeData;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{GeneralName, X509Certificate};

use crate::digest::sha256;

/// What stands before the device's UUID in the subject alternative name of its certificate.
const DEVICE_URN: &str = "urn:muster:device:";

/// A device, as its certificate names it. TLS has checked the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    /// Which device.
    pub device: DeviceId,
    /// SHA-256 of the `SubjectPublicKeyInfo` in DER, as
    /// [`CsrKey::fingerprint`](crate::CsrKey::fingerprint) gave it at enrolment.
    pub key: [u8; 32],
}

/// A peer that is no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It showed no certificate.
    #[error("peer has no certificate")]
    NoCertificate,
    /// Its certificate names no device, or more than one.
    #[error("certificate of the peer names no device")]
    NotADevice,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A device asks for a certificate.
    Enrolment,
    /// A device with a certificate is managed.
    Management,
}

/// Reads the device from the certificate the peer has shown.
///
/// # Errors
/// [`PeerError`]; an enrolment connection has no certificate.
pub fn peer_identity(connection: &Connection) -> Result<PeerIdentity, PeerError> {
    let chain = connection
        .peer_identity()
        .and_then(|identity| identity.downcast::<Vec<CertificateDer<'static>>>().ok())
        .ok_or(PeerError::NoCertificate)?;
    let certificate = chain.first().ok_or(PeerError::NoCertificate)?;
    certificate_identity(certificate).ok_or(PeerError::NotADevice)
}

/// What the connection is for, by the ALPN both sides agreed on.
#[must_use]
pub fn purpose(connection: &Connection) -> Option<Purpose> {
    let data = connection.handshake_data()?.downcast::<HandshakeData>();
    match data.ok()?.protocol?.as_slice() {
        alpn::ENROLMENT => Some(Purpose::Enrolment),
        alpn::MANAGEMENT => Some(Purpose::Management),
        _ => None,
    }
}

/// The subject alternative name of `device`.
pub(crate) fn device_uri(device: DeviceId) -> String {
    format!("{DEVICE_URN}{device}")
}

/// Reads the device from a certificate; `None` if it names none.
#[must_use]
pub fn certificate_identity(der: &CertificateDer<'_>) -> Option<PeerIdentity> {
    let (_rest, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Some(PeerIdentity {
        device: device_in(&certificate)?,
        key: sha256(certificate.public_key().raw),
    })
}

fn device_in(certificate: &X509Certificate<'_>) -> Option<DeviceId> {
    let names = certificate.subject_alternative_name().ok()??;
    let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else {
        return None;
    };
    uri.strip_prefix(DEVICE_URN)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CsrKey, DeviceKey, RunCa, Validity};

    #[test]
    fn a_device_certificate_names_the_device_and_its_key() {
        let device = DeviceId::from_bytes([9; 16]);
        let csr = DeviceKey::generate().unwrap().csr_der().unwrap();
        let key = CsrKey::from_csr(&csr).unwrap();
        let ca = RunCa::ephemeral().unwrap();
        let certificate = ca.issue_device(device, &key, Validity::device()).unwrap();
        let expected = PeerIdentity { device, key: key.fingerprint() };
        assert_eq!(certificate_identity(&certificate), Some(expected));
    }

    #[test]
    fn a_server_certificate_names_no_device() {
        let server = RunCa::ephemeral().unwrap().issue_server().unwrap();
        assert_eq!(certificate_identity(&server.chain[0]), None);
    }
}
