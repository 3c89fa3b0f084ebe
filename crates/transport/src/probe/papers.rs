//! Certificates and signing requests that are wrong in one way each.

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair, SanType};

use crate::ca::CaError;
use crate::key::DeviceKey;

/// What is wrong with a certificate the run's CA signed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is for servers.
    ForServers,
    /// It names no device.
    Nameless,
    /// It names two devices.
    TwoNames,
}

/// What is wrong with the certificate of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerFlaw {
    /// It is for clients.
    ForClients,
    /// It is for another host.
    OfAnotherName,
    /// Nothing but its dates, which the caller gives.
    OtherDates,
}

/// A certificate signing request of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// What a device sends: an empty subject and nothing asked.
    Plain,
    /// Subject and alternative name of a stranger.
    Claiming,
    /// An extension nobody can read.
    Asking,
}

/// A request for `key`, in DER.
///
/// # Errors
/// [`CaError::Sign`] if the crypto library fails.
pub fn request_for(key: &DeviceKey, kind: RequestKind) -> Result<Vec<u8>, CaError> {
    match kind {
        RequestKind::Plain => key.csr_der(),
        RequestKind::Claiming => {
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, STRANGER);
            params.subject_alt_names = vec![SanType::URI(STRANGER.try_into()?)];
            Ok(params.serialize_request(key.pair())?.der().to_vec())
        }
        RequestKind::Asking => {
            let mut params = CertificateParams::default();
            let null = vec![0x05, 0x00];
            params.custom_extensions = vec![CustomExtension::from_oid_content(UNREADABLE, null)];
            Ok(params.serialize_request(key.pair())?.der().to_vec())
        }
    }
}

/// An object identifier of the arc for examples, which means nothing (RFC 5612).
const UNREADABLE: &[u64] = &[1, 3, 6, 1, 4, 1, 32_473, 1];

/// Who a claiming request says it is.
const STRANGER: &str = "urn:muster:device:00000000-0000-7000-8000-00000000abad";

/// A request for a key no certificate is issued for, ECDSA P-384, in DER.
///
/// # Errors
/// [`CaError::Sign`] if the crypto library fails.
pub fn request_for_p384() -> Result<Vec<u8>, CaError> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?;
    Ok(CertificateParams::default().serialize_request(&key)?.der().to_vec())
}
