//! The certification authority of a run: signs the server and every device.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use muster_protocol::DeviceId;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tracing::warn;

use crate::csr::CsrKey;
use crate::digest::random;
use crate::files::{PUBLIC_MODE, SECRET_MODE, is_exposed, publish};
use crate::identity::Identity;
use crate::peer::device_uri;
use crate::reset::ResetKey;
use crate::tls::SERVER_NAME;
use crate::validity::Validity;

pub use self::host::{HostName, ParseHostNameError};

/// File name of the CA certificate.
const CERTIFICATE_FILE: &str = "ca.pem";

/// File name of the CA's private key.
const KEY_FILE: &str = "ca-key.pem";

/// Begin of the subject of a CA certificate; a random number follows, because a peer that finds two
/// CAs of one name reports a bad signature where it should report an unknown CA.
const CA_NAME: &str = "muster run CA";

/// Why the CA cannot be opened or cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The crypto library refused to make a key or a certificate.
    #[error("failed to make a key or a certificate")]
    Sign {
        /// What it said.
        #[from]
        source: rcgen::Error,
    },
    /// A file of the CA could not be read or written.
    #[error("failed to access {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// One of the two files of a CA is missing.
    #[error(
        "{} is there but {} is missing: restore it, or remove the former to start a new CA",
        present.display(),
        missing.display()
    )]
    HalfPair {
        /// The file that exists.
        present: PathBuf,
        /// The file that does not.
        missing: PathBuf,
    },
    /// A file of the CA holds something else.
    #[error("{} does not hold {wanted}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
    /// The two files do not belong together.
    #[error("{KEY_FILE} in {} is not the key of {CERTIFICATE_FILE}", dir.display())]
    KeyMismatch {
        /// Where they stand.
        dir: PathBuf,
    },
    /// Dates out of order, or out of the range X.509 can name.
    #[error("the validity ends before it begins or lies outside 1970 to 9999")]
    Validity,
}

/// The run's certification authority.
pub struct RunCa {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl RunCa {
    /// Opens the CA in `dir`, or makes one there: `ca.pem` and, for the owner only, `ca-key.pem`.
    ///
    /// # Errors
    /// [`CaError`]; a pair that is incomplete or does not fit together is never replaced.
    pub fn open_or_create(dir: &Path) -> Result<Self, CaError> {
        let (certificate, key) = (dir.join(CERTIFICATE_FILE), dir.join(KEY_FILE));
        match (exists(&certificate)?, exists(&key)?) {
            (true, true) => Self::open(dir, &certificate, &key),
            (false, false) => Self::create(dir, &certificate, &key),
            (true, false) => Err(CaError::HalfPair { present: certificate, missing: key }),
            (false, true) => Err(CaError::HalfPair { present: key, missing: certificate }),
        }
    }

    /// A CA that is gone with the process.
    ///
    /// # Errors
    /// [`CaError::Sign`] if the crypto library fails.
    pub fn ephemeral() -> Result<Self, CaError> {
        Self::ephemeral_from(SystemTime::now())
    }

    /// The same, made at `now`.
    ///
    /// # Errors
    /// As for [`Self::ephemeral`].
    pub fn ephemeral_from(now: SystemTime) -> Result<Self, CaError> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
        let params = ca_params(Validity::run_from(now))?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem: certificate.pem(),
            certificate: certificate.into(),
        })
    }

    /// The CA's certificate, which both sides trust.
    #[must_use]
    pub fn certificate_der(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// The CA's certificate as text.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The key of this run's stateless resets, the same after every start.
    #[must_use]
    pub fn reset_key(&self) -> ResetKey {
        ResetKey::derived(&self.issuer.key().serialize_der())
    }

    /// Makes a key and a certificate for a server on this machine, with the CA behind it.
    ///
    /// # Errors
    /// [`CaError::Sign`] if the crypto library fails.
    pub fn issue_server(&self) -> Result<Identity, CaError> {
        self.issue_server_from(SystemTime::now())
    }

    /// The same, issued at `now`.
    ///
    /// # Errors
    /// As for [`Self::issue_server`].
    pub fn issue_server_from(&self, now: SystemTime) -> Result<Identity, CaError> {
        self.issue_named(server_params(Validity::run_from(now))?)
    }

    /// Makes a key and a certificate for a server that also answers by other names than those of
    /// this machine. Whoever trusts this CA takes it for them.
    ///
    /// # Errors
    /// As for [`Self::issue_server`].
    pub fn issue_server_for(&self, hosts: &[HostName]) -> Result<Identity, CaError> {
        let mut params = server_params(Validity::run_from(SystemTime::now()))?;
        for host in hosts {
            let name = host.in_certificate()?;
            if !params.subject_alt_names.contains(&name) {
                params.subject_alt_names.push(name);
            }
        }
        self.issue_named(params)
    }

    fn issue_named(&self, params: CertificateParams) -> Result<Identity, CaError> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Identity {
            chain: vec![certificate.into(), self.certificate_der()],
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        })
    }

    /// Signs `key` as the key of `device`, and as nothing else: not a CA, not a server.
    ///
    /// # Errors
    /// [`CaError::Validity`] for impossible dates, [`CaError::Sign`] if the crypto library fails.
    ///
    /// Source: REQ-CERT-002, REQ-CERT-004 (docs/protocol/certificates.md).
    pub fn issue_device(
        &self,
        device: DeviceId,
        key: &CsrKey,
        validity: Validity,
    ) -> Result<CertificateDer<'static>, CaError> {
        let params = device_params(device, validity)?;
        Ok(params.signed_by(key.public_key(), &self.issuer)?.into())
    }

    fn create(dir: &Path, certificate: &Path, key: &Path) -> Result<Self, CaError> {
        let ca = Self::ephemeral()?;
        fs::create_dir_all(dir).map_err(|source| file_error(dir, source))?;
        // The key first: of two processes that start at once, the second fails here.
        let key_pem = ca.issuer.key().serialize_pem();
        publish(key, &key_pem, SECRET_MODE).map_err(|source| file_error(key, source))?;
        publish(certificate, &ca.pem, PUBLIC_MODE)
            .map_err(|source| file_error(certificate, source))?;
        Ok(ca)
    }

    fn open(dir: &Path, certificate: &Path, key: &Path) -> Result<Self, CaError> {
        if is_exposed(key).map_err(|source| file_error(key, source))? {
            warn!(path = %key.display(), "private key of the CA is readable by others");
        }
        let pem = read(certificate)?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_cause| malformed(certificate, "a certificate"))?;
        let pair =
            KeyPair::from_pem(&read(key)?).map_err(|_cause| malformed(key, "a private key"))?;
        if ca_spki(&der).ok_or_else(|| malformed(certificate, "a CA certificate"))?
            != pair.subject_public_key_info()
        {
            let dir = dir.to_path_buf();
            return Err(CaError::KeyMismatch { dir });
        }
        Ok(Self { issuer: Issuer::from_ca_cert_der(&der, pair)?, certificate: der, pem })
    }
}

impl fmt::Debug for RunCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunCa").finish_non_exhaustive()
    }
}

fn ca_params(validity: Validity) -> Result<CertificateParams, CaError> {
    let name = format!("{CA_NAME} {:016x}", u64::from_be_bytes(random()));
    let mut params = base_params(&name, validity)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.use_authority_key_identifier_extension = false;
    Ok(params)
}

fn server_params(validity: Validity) -> Result<CertificateParams, CaError> {
    let mut params = base_params(SERVER_NAME, validity)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = vec![
        SanType::DnsName(ia5(SERVER_NAME)?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    Ok(params)
}

fn device_params(device: DeviceId, validity: Validity) -> Result<CertificateParams, CaError> {
    let mut params = base_params(&device.to_string(), validity)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names = vec![SanType::URI(ia5(&device_uri(device))?)];
    Ok(params)
}

/// What all certificates share: a name, dates, a random serial, no rights of a CA.
fn base_params(common_name: &str, validity: Validity) -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.serial_number = Some(random_serial());
    params.use_authority_key_identifier_extension = true;
    validity.write(&mut params)?;
    Ok(params)
}

/// Positive, of a fixed length, unpredictable (RFC 5280, section 4.1.2.2).
fn random_serial() -> SerialNumber {
    let mut bytes: [u8; 16] = random();
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn ia5(text: &str) -> Result<Ia5String, CaError> {
    Ok(Ia5String::try_from(text)?)
}

fn ca_spki(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_rest, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    certificate.is_ca().then(|| certificate.public_key().raw.to_vec())
}

fn exists(path: &Path) -> Result<bool, CaError> {
    path.try_exists().map_err(|source| file_error(path, source))
}

fn read(path: &Path) -> Result<String, CaError> {
    fs::read_to_string(path).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> CaError {
    CaError::File { path: path.to_path_buf(), source }
}

fn malformed(path: &Path, wanted: &'static str) -> CaError {
    CaError::Malformed { path: path.to_path_buf(), wanted }
}

mod client;
mod flawed;
mod host;
#[cfg(test)]
mod tests;
