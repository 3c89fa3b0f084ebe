//! Certificates for clients that are no devices: the customers of a service.

use std::path::Path;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};

use super::{CaError, RunCa, base_params, exists, file_error};
use crate::files::{PUBLIC_MODE, SECRET_MODE, publish};
use crate::validity::Validity;

impl RunCa {
    /// Keeps a certificate for the client `name` in two PEM files; the key is its owner's alone.
    ///
    /// Files that are there stay as they are, so that a client goes on over restarts.
    ///
    /// # Errors
    /// [`CaError::HalfPair`] if one of the files is missing, [`CaError::File`],
    /// [`CaError::Sign`] if the crypto library fails.
    pub fn keep_client(&self, name: &str, certificate: &Path, key: &Path) -> Result<(), CaError> {
        match (exists(certificate)?, exists(key)?) {
            (true, true) => Ok(()),
            (false, false) => self.issue_client(name, certificate, key),
            (true, false) => {
                Err(CaError::HalfPair { present: certificate.into(), missing: key.into() })
            }
            (false, true) => {
                Err(CaError::HalfPair { present: key.into(), missing: certificate.into() })
            }
        }
    }

    fn issue_client(&self, name: &str, certificate: &Path, key: &Path) -> Result<(), CaError> {
        // A key that other programs read: OpenSSL does not know the form our Ed25519 keys have.
        let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let signed = client_params(name)?.signed_by(&pair, &self.issuer)?;
        publish(key, &pair.serialize_pem(), SECRET_MODE)
            .map_err(|source| file_error(key, source))?;
        publish(certificate, &signed.pem(), PUBLIC_MODE)
            .map_err(|source| file_error(certificate, source))
    }
}

fn client_params(name: &str) -> Result<CertificateParams, CaError> {
    let mut params = base_params(name, Validity::run())?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_client_keeps_its_certificate_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("a.pem"), folder.path().join("a-key.pem"));
        let ca = RunCa::ephemeral().unwrap();
        ca.keep_client("a customer", &certificate, &key).unwrap();
        let first = fs::read_to_string(&certificate).unwrap();
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        ca.keep_client("a customer", &certificate, &key).unwrap();
        assert_eq!(fs::read_to_string(&certificate).unwrap(), first);
    }

    #[test]
    fn half_a_pair_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("a.pem"), folder.path().join("a-key.pem"));
        fs::write(&certificate, "mine").unwrap();
        let refused = RunCa::ephemeral().unwrap().keep_client("a", &certificate, &key);
        assert!(matches!(refused, Err(CaError::HalfPair { missing, .. }) if missing == key));
        assert_eq!(fs::read_to_string(&certificate).unwrap(), "mine");
    }
}
