//! What a certificate says, for those who judge it.

use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{GeneralName, X509Certificate};

use crate::digest::sha256;
use crate::key::DeviceKey;

/// What stands in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateText {
    /// Whether it holds the public part of the key it was asked for.
    pub is_of_the_key: bool,
    /// Subject alternative names: `URI:...`, `DNS:...`, or the kind of another name.
    pub names: Vec<String>,
    /// Extended key usages: `clientAuth`, `serverAuth`, `any`, `other`.
    pub usages: Vec<String>,
    /// Whether it is one of a CA.
    pub is_ca: bool,
    /// Its subject.
    pub subject: String,
    /// The subject of its issuer.
    pub issuer: String,
    /// From when on it holds.
    pub not_before: SystemTime,
    /// Until when.
    pub not_after: SystemTime,
}

/// Reads a certificate that was issued for `key`; `None` if it is none.
#[must_use]
pub fn certificate_text(der: &CertificateDer<'_>, key: &DeviceKey) -> Option<CertificateText> {
    let (_rest, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Some(CertificateText {
        is_of_the_key: sha256(certificate.public_key().raw) == key.fingerprint(),
        names: names(&certificate)?,
        usages: usages(&certificate)?,
        is_ca: certificate.is_ca(),
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        not_before: since_1970(certificate.validity().not_before.timestamp()),
        not_after: since_1970(certificate.validity().not_after.timestamp()),
    })
}

fn names(certificate: &X509Certificate<'_>) -> Option<Vec<String>> {
    let Some(names) = certificate.subject_alternative_name().ok()? else {
        return Some(Vec::new());
    };
    let told = names.value.general_names.iter().map(|name| match name {
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DNSName(host) => format!("DNS:{host}"),
        other @ (GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::IPAddress(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..)) => format!("{other:?}"),
    });
    Some(told.collect())
}

fn usages(certificate: &X509Certificate<'_>) -> Option<Vec<String>> {
    let Some(usage) = certificate.extended_key_usage().ok()? else { return Some(Vec::new()) };
    let usage = usage.value;
    let others = [
        usage.code_signing,
        usage.email_protection,
        usage.time_stamping,
        usage.ocsp_signing,
        !usage.other.is_empty(),
    ];
    let told = [
        (usage.client_auth, "clientAuth"),
        (usage.server_auth, "serverAuth"),
        (usage.any, "any"),
        (others.contains(&true), "other"),
    ];
    Some(told.into_iter().filter(|(has, _)| *has).map(|(_, name)| name.to_owned()).collect())
}

fn since_1970(seconds: i64) -> SystemTime {
    let span = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::UNIX_EPOCH - span } else { SystemTime::UNIX_EPOCH + span }
}
