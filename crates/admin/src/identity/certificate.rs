//! Certificates with which applications prove who they are.

use core::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use uuid::Uuid;

use crate::identity::tenant::{ClientKind, Tenant};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A certificate that is registered on an application.
///
/// Its own times of validity are not looked at: whoever put it into the data folder trusts it.
pub(super) struct ClientCertificate {
    pub(super) application: Uuid,
    pub(super) key: DecodingKey,
    /// Hashes of it, as the headers `x5t` and `x5t#S256` write them.
    sha1: String,
    sha256: String,
}

/// Text that is no certificate of an application.
#[derive(Debug, thiserror::Error)]
pub enum ClientCertificateError {
    /// Nobody, or a program that people sign in to.
    #[error("'{0}' is no application of the tenant that may have a certificate")]
    Application(String),
    /// No certificate in PEM.
    #[error("no certificate in PEM for the application '{0}'")]
    Pem(String),
    /// A certificate without an RSA key.
    #[error("no RSA key in the certificate of the application '{application}'")]
    Key {
        /// As it was named.
        application: String,
        /// Why.
        #[source]
        source: jsonwebtoken::errors::Error,
    },
}

impl ClientCertificate {
    /// Reads the first certificate of a PEM text for an application, named by its id or its name.
    ///
    /// # Errors
    /// [`ClientCertificateError`] if there is no such application or no RSA certificate.
    pub(super) fn read(
        tenant: &Tenant,
        application: &str,
        text: &str,
    ) -> Result<Self, ClientCertificateError> {
        let mut confidential =
            tenant.applications.iter().filter(|known| known.kind == ClientKind::Confidential);
        let named = confidential.find(|known| {
            known.name.eq_ignore_ascii_case(application) || known.id.to_string() == application
        });
        let named =
            named.ok_or_else(|| ClientCertificateError::Application(application.to_owned()))?;
        let (pem, der) =
            block(text).ok_or_else(|| ClientCertificateError::Pem(application.to_owned()))?;
        let key = DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|source| {
            ClientCertificateError::Key { application: application.to_owned(), source }
        })?;
        let hash = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, &der));
        let (sha1, sha256) = (hash(&SHA1_FOR_LEGACY_USE_ONLY), hash(&SHA256));
        Ok(Self { application: named.id, key, sha1, sha256 })
    }

    /// Whether the header of an assertion names it.
    pub(super) fn is_called(&self, x5t: Option<&str>, x5t_s256: Option<&str>) -> bool {
        // Some libraries write the padding of base64, which the form of the header has not.
        let is = |hash: &str, own: &str| hash.trim_end_matches('=') == own;
        match (x5t_s256, x5t) {
            (Some(hash), _) => is(hash, &self.sha256),
            (None, Some(hash)) => is(hash, &self.sha1),
            (None, None) => false,
        }
    }
}

/// Prints whose it is.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ClientCertificate");
        out.field("application", &self.application).field("sha256", &self.sha256);
        out.finish_non_exhaustive()
    }
}

/// The first certificate of a text: in PEM and in bytes.
fn block(text: &str) -> Option<(&str, Vec<u8>)> {
    let begin = text.find(BEGIN)?;
    let end = begin + text[begin..].find(END)?;
    let digits: String = text[begin + BEGIN.len()..end].split_whitespace().collect();
    let der = STANDARD.decode(digits).ok()?;
    Some((&text[begin..end + END.len()], der))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_a_certificate_of_an_application_with_secrets_is_taken() {
        let tenant = Tenant::seeded();
        let read = |name: &str, text: &str| ClientCertificate::read(&tenant, name, text);
        let empty = format!("{BEGIN}\n{END}\n");
        for (name, text, expected) in [
            ("console", "", "'console' is no application"),
            ("nobody", "", "'nobody' is no application"),
            ("Automation", "", "no certificate in PEM"),
            ("Automation", "-----BEGIN CERTIFICATE-----\né\n-----END CERTIFICATE-----", "no cert"),
            ("automation", empty.as_str(), "no RSA key"),
        ] {
            let refused = read(name, text).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_refused(text in ".{0,200}", inner in "[A-Za-z0-9+/=\n]{0,200}") {
            let tenant = Tenant::seeded();
            for text in [text, format!("{BEGIN}{inner}{END}")] {
                prop_assert!(ClientCertificate::read(&tenant, "automation", &text).is_err());
            }
        }
    }
}
