//! A certificate chain with its private key.

use std::fmt;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Who one side of a connection is, and the key that proves it.
pub struct Identity {
    /// The own certificate first, then those that signed it.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first certificate.
    pub key: PrivateKeyDer<'static>,
}

/// Text that holds no certificate, or no private key.
#[derive(Debug, thiserror::Error)]
#[error("not a certificate or a private key in PEM")]
pub struct PemError {
    #[from]
    source: pem::Error,
}

impl Identity {
    /// Of a certificate chain in DER and its private key in PKCS #8. What they are worth shows when
    /// they are used.
    #[must_use]
    pub fn of(chain_der: Vec<Vec<u8>>, pkcs8_der: Vec<u8>) -> Self {
        Self {
            chain: chain_der.into_iter().map(CertificateDer::from).collect(),
            key: PrivateKeyDer::Pkcs8(pkcs8_der.into()),
        }
    }

    /// Reads a certificate chain and its private key from PEM.
    ///
    /// # Errors
    /// [`PemError`] if one of them is something else. Whether they belong together shows when
    /// they are used.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, PemError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() {
            return Err(pem::Error::NoItemsFound.into());
        }
        Ok(Self { chain, key: PrivateKeyDer::from_pem_slice(key)? })
    }
}

/// Reads the first certificate of a PEM text.
///
/// # Errors
/// [`PemError`] if there is none.
pub fn certificate_from_pem(text: &[u8]) -> Result<CertificateDer<'static>, PemError> {
    Ok(CertificateDer::from_pem_slice(text)?)
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}
