//! The private key of a device.

use std::fmt;

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::ca::CaError;
use crate::digest::sha256;
use crate::identity::Identity;

/// Bytes that are no device key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a private key in PKCS #8.
    #[error("not a private key in PKCS #8")]
    Malformed {
        /// What the parser said.
        #[source]
        source: rcgen::Error,
    },
    /// A key of a kind no device certificate is issued for.
    #[error("a device key has to be Ed25519 or ECDSA P-256")]
    Unsupported,
}

/// A device's private key. It never leaves the device; only its request does.
pub struct DeviceKey(KeyPair);

impl DeviceKey {
    /// Makes a new Ed25519 key.
    ///
    /// # Errors
    /// [`CaError::Sign`] if the crypto library fails.
    pub fn generate() -> Result<Self, CaError> {
        Ok(Self(KeyPair::generate_for(&rcgen::PKCS_ED25519)?))
    }

    /// Makes a new ECDSA P-256 key, as many other programs have.
    ///
    /// # Errors
    /// [`CaError::Sign`] if the crypto library fails.
    pub fn generate_p256() -> Result<Self, CaError> {
        Ok(Self(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?))
    }

    /// Reads a key that [`Self::pkcs8_der`] wrote, or an ECDSA P-256 key of another program.
    ///
    /// # Errors
    /// [`KeyError`] for anything else.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let key = KeyPair::try_from(&PrivatePkcs8KeyDer::from(der))
            .map_err(|source| KeyError::Malformed { source })?;
        let algorithm = key.algorithm();
        if [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P256_SHA256].contains(&algorithm) {
            Ok(Self(key))
        } else {
            Err(KeyError::Unsupported)
        }
    }

    /// The private key in PKCS #8. A secret: keep it where only the device reads it.
    #[must_use]
    pub fn pkcs8_der(&self) -> Vec<u8> {
        self.0.serialize_der()
    }

    /// A PKCS #10 request for this key, in DER, that asks for nothing else (RFC 2986).
    ///
    /// # Errors
    /// [`CaError::Sign`] if the crypto library fails.
    pub fn csr_der(&self) -> Result<Vec<u8>, CaError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        Ok(params.serialize_request(&self.0)?.der().to_vec())
    }

    pub(crate) const fn pair(&self) -> &KeyPair {
        &self.0
    }

    /// SHA-256 of the public key, as [`CsrKey::fingerprint`](crate::CsrKey::fingerprint) gives it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&rcgen::PublicKeyData::subject_public_key_info(&self.0))
    }

    /// This key with the certificates the server issued for it.
    #[must_use]
    pub fn identity(&self, chain_der: Vec<Vec<u8>>) -> Identity {
        Identity::of(chain_der, self.pkcs8_der())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_from_what_it_wrote() {
        let key = DeviceKey::generate().unwrap();
        let again = DeviceKey::from_pkcs8(&key.pkcs8_der()).unwrap();
        assert_eq!(again.fingerprint(), key.fingerprint());
    }

    #[test]
    fn a_p256_key_of_another_program_is_read() {
        let foreign = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        assert!(DeviceKey::from_pkcs8(foreign.serialized_der()).is_ok());
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let foreign = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let refused = DeviceKey::from_pkcs8(foreign.serialized_der());
        assert!(matches!(refused, Err(KeyError::Unsupported)));
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        let refused = DeviceKey::from_pkcs8(b"no key");
        assert!(matches!(refused, Err(KeyError::Malformed { .. })));
    }

    #[test]
    fn what_is_printed_of_a_key_is_not_the_key() {
        let key = DeviceKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), "DeviceKey { .. }");
        let identity = format!("{:?}", key.identity(vec![vec![1]]));
        assert_eq!(identity, "Identity { certificates: 1, .. }");
    }
}
