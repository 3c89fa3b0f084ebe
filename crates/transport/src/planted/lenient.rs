//! A verifier of client certificates that overlooks one thing.

use std::sync::Arc;

use muster_protocol::planted::{Plant, is};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible,
    SignatureScheme,
};

/// Asks the strict one, and overlooks what is planted.
#[derive(Debug)]
pub(super) struct Lenient {
    pub(super) strict: Arc<dyn ClientCertVerifier>,
}

impl ClientCertVerifier for Lenient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.strict.root_hint_subjects()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.strict.client_auth_mandatory()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.strict.verify_client_cert(end_entity, intermediates, now) {
            Err(Error::InvalidCertificate(flaw)) if is_overlooked(&flaw) => {
                Ok(ClientCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::Tls13RequiredForQuic))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if is(Plant::KeyNotProved) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.strict.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

fn is_overlooked(flaw: &CertificateError) -> bool {
    use CertificateError as Flaw;
    (is(Plant::AnyIssuerTrusted) && matches!(flaw, Flaw::UnknownIssuer))
        || (is(Plant::EndedCertificateTrusted)
            && matches!(flaw, Flaw::Expired | Flaw::ExpiredContext { .. }))
        || (is(Plant::AnyPurposeTrusted)
            && matches!(flaw, Flaw::InvalidPurpose | Flaw::InvalidPurposeContext { .. }))
}
