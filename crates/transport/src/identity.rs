//! A certificate chain with its private key.

use std::fmt;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Who one side of a connection is, and the key that proves it.
pub struct Identity {
    /// The own certificate first, then those that signed it.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first certificate.
    pub key: PrivateKeyDer<'static>,
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
