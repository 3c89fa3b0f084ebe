//! What the server takes from a certificate signing request: the public key, nothing else.

use muster_protocol::limits::CSR_BYTES_MAX;
use rcgen::{CertificateSigningRequestParams, PublicKey, PublicKeyData};
use rustls::pki_types::CertificateSigningRequestDer;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

use crate::digest::sha256;

/// A request that cannot be honoured.
#[derive(Debug, thiserror::Error)]
pub enum CsrError {
    /// Longer than the limit; not looked at.
    #[error("certificate signing request of {bytes} bytes is longer than {CSR_BYTES_MAX}")]
    TooLarge {
        /// How long it is.
        bytes: usize,
    },
    /// Not a request, one with attributes nobody understands, or not signed with its own key.
    #[error("certificate signing request is malformed or does not prove possession of its key")]
    Refused {
        /// What the parser or the verifier said.
        #[source]
        source: rcgen::Error,
    },
    /// Bytes after the request.
    #[error("{left} bytes left over after the certificate signing request")]
    LeftOver {
        /// How many.
        left: usize,
    },
    /// A key of a kind no device certificate is issued for.
    #[error("the public key has to be Ed25519 or ECDSA P-256")]
    UnsupportedKey,
}

/// A public key whose owner has proved to hold the private one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsrKey(PublicKey);

impl CsrKey {
    /// Takes the public key out of a PKCS #10 request in DER, after checking its signature.
    ///
    /// The subject and the extensions a request asks for are dropped: a library that copies them
    /// would sign a CA certificate for whoever asks for one.
    ///
    /// # Errors
    /// [`CsrError`]; the size is checked before anything is parsed.
    ///
    /// Source: REQ-CERT-009, REQ-CERT-010, REQ-CERT-011, REQ-CERT-012
    /// (docs/protocol/certificates.md).
    pub fn from_csr(der: &[u8]) -> Result<Self, CsrError> {
        if der.len() > CSR_BYTES_MAX {
            return Err(CsrError::TooLarge { bytes: der.len() });
        }
        let request =
            CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(der))
                .map_err(|source| CsrError::Refused { source })?;
        let key = request.public_key;
        // The parser names the key after the signature, so a P-384 key that signed with SHA-256
        // would pass for P-256: what is certified must be what was asked for.
        if is_supported(&key) && key.subject_public_key_info() == requested_spki(der)? {
            Ok(Self(key))
        } else {
            Err(CsrError::UnsupportedKey)
        }
    }

    /// SHA-256 of the `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.0.subject_public_key_info())
    }

    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.0
    }
}

fn is_supported(key: &PublicKey) -> bool {
    [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P256_SHA256].contains(&key.algorithm())
}

fn requested_spki(der: &[u8]) -> Result<&[u8], CsrError> {
    let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_cause| {
        CsrError::Refused { source: rcgen::Error::CouldNotParseCertificationRequest }
    })?;
    if rest.is_empty() {
        Ok(request.certification_request_info.subject_pki.raw)
    } else {
        Err(CsrError::LeftOver { left: rest.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::DeviceKey;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair};

    fn request_of(algorithm: &'static rcgen::SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let request = CertificateParams::default().serialize_request(&key);
        request.unwrap().der().to_vec()
    }

    #[test]
    fn the_key_of_a_request_is_the_key_of_the_device() {
        let key = DeviceKey::generate().unwrap();
        let taken = CsrKey::from_csr(&key.csr_der().unwrap()).unwrap();
        assert_eq!(taken.fingerprint(), key.fingerprint());
    }

    #[test]
    fn p256_keys_are_accepted() {
        assert!(CsrKey::from_csr(&request_of(&rcgen::PKCS_ECDSA_P256_SHA256)).is_ok());
    }

    #[test]
    fn keys_of_other_kinds_are_refused() {
        for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_RSA_SHA256] {
            let refused = CsrKey::from_csr(&request_of(algorithm));
            assert!(matches!(refused, Err(CsrError::UnsupportedKey)), "{refused:?}");
        }
    }

    #[test]
    fn an_oversize_request_is_refused_unread() {
        let refused = CsrKey::from_csr(&vec![0x30; CSR_BYTES_MAX + 1]);
        assert!(matches!(refused, Err(CsrError::TooLarge { bytes }) if bytes == CSR_BYTES_MAX + 1));
    }

    #[test]
    fn a_request_without_proof_of_possession_is_refused() {
        let mut der = DeviceKey::generate().unwrap().csr_der().unwrap();
        *der.last_mut().unwrap() ^= 1;
        let refused = CsrKey::from_csr(&der);
        assert!(matches!(
            refused,
            Err(CsrError::Refused { source: rcgen::Error::InvalidCertificationRequestSignature })
        ));
    }

    #[test]
    fn bytes_after_the_request_are_refused() {
        let mut der = DeviceKey::generate().unwrap().csr_der().unwrap();
        der.push(0);
        let refused = CsrKey::from_csr(&der);
        assert!(matches!(refused, Err(CsrError::LeftOver { left: 1 })));
    }

    proptest! {
        #[test]
        fn garbage_is_refused(der in proptest::collection::vec(any::<u8>(), 0..512)) {
            prop_assert!(CsrKey::from_csr(&der).is_err());
        }

        #[test]
        fn a_cut_request_is_refused(cut in any::<proptest::sample::Index>()) {
            let whole = DeviceKey::generate().unwrap().csr_der().unwrap();
            prop_assert!(CsrKey::from_csr(&whole[..cut.index(whole.len())]).is_err());
        }

        #[test]
        fn a_bent_request_never_gives_another_key(at in any::<proptest::sample::Index>(), flip in 1_u8..) {
            let key = DeviceKey::generate().unwrap();
            let mut bent = key.csr_der().unwrap();
            let at = at.index(bent.len());
            bent[at] ^= flip;
            // The parser is lenient about a few tags outside of the signed part.
            if let Ok(taken) = CsrKey::from_csr(&bent) {
                prop_assert_eq!(taken.fingerprint(), key.fingerprint());
            }
        }
    }
}
