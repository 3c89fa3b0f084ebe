//! Certificates of this CA, or almost, that nobody should accept: for those who try whether
//! anybody does.

use rcgen::{ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use rustls::pki_types::CertificateDer;

use super::{CaError, RunCa, device_params, ia5, server_params};
use crate::csr::CsrKey;
use crate::identity::Identity;
use crate::peer::device_uri;
use crate::probe::{Flaw, ServerFlaw};
use crate::validity::Validity;
use muster_protocol::DeviceId;

impl RunCa {
    /// A CA of the same name as the one whose certificate this is, with a key of its own.
    ///
    /// # Errors
    /// [`CaError::Sign`] if `certificate` is not one of a CA.
    pub fn impostor(certificate: &CertificateDer<'static>) -> Result<Self, CaError> {
        let issuer =
            Issuer::from_ca_cert_der(certificate, KeyPair::generate_for(&rcgen::PKCS_ED25519)?)?;
        Ok(Self { issuer, certificate: certificate.clone(), pem: String::new() })
    }

    /// Signs `key` as the key of `device`, and does one thing wrong.
    ///
    /// # Errors
    /// As for [`Self::issue_device`].
    pub fn issue_flawed(
        &self,
        device: DeviceId,
        key: &CsrKey,
        (flaw, validity): (Flaw, Validity),
    ) -> Result<CertificateDer<'static>, CaError> {
        let mut params = device_params(device, validity)?;
        match flaw {
            Flaw::ForServers => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
            Flaw::Nameless => params.subject_alt_names.clear(),
            Flaw::TwoNames => {
                let other = device_uri(DeviceId::from_bytes([0xab; 16]));
                params.subject_alt_names.push(SanType::URI(ia5(&other)?));
            }
        }
        Ok(params.signed_by(key.public_key(), &self.issuer)?.into())
    }

    /// Signs the key of a request as the key of `device`, and of whomever else the request names.
    ///
    /// # Errors
    /// As for [`Self::issue_device`].
    #[cfg(feature = "planted")]
    pub fn issue_as_asked(
        &self,
        device: DeviceId,
        csr_der: &[u8],
        validity: Validity,
    ) -> Result<CertificateDer<'static>, CaError> {
        let csr_der = rustls::pki_types::CertificateSigningRequestDer::from(csr_der);
        let asked = rcgen::CertificateSigningRequestParams::from_der(&csr_der)?;
        let mut params = device_params(device, validity)?;
        params.subject_alt_names.extend(asked.params.subject_alt_names);
        Ok(params.signed_by(&asked.public_key, &self.issuer)?.into())
    }

    /// Makes a key and a certificate for a server on this machine, and does one thing wrong.
    ///
    /// # Errors
    /// As for [`Self::issue_server`].
    pub fn issue_flawed_server(
        &self,
        flaw: ServerFlaw,
        validity: Validity,
    ) -> Result<Identity, CaError> {
        let mut params = server_params(validity)?;
        match flaw {
            ServerFlaw::ForClients => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            ServerFlaw::OfAnotherName => {
                params.subject_alt_names = vec![SanType::DnsName(ia5(ANOTHER_NAME)?)];
            }
            ServerFlaw::OtherDates => {}
        }
        self.issue_named(params)
    }
}

/// A host nobody connects to.
const ANOTHER_NAME: &str = "another.example";
