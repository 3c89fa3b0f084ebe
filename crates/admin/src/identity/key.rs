//! The key this server signs tokens with.

use core::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::{Value, json};

/// The only algorithm tokens are signed with and accepted in.
pub(super) const ALGORITHM: Algorithm = Algorithm::RS256;

/// The shortest modulus that is taken, in bytes.
///
/// Source: RFC 7518, section 3.3: 2048 bits or more.
const MODULUS_BYTES_MIN: usize = 256;

/// Characters on a line of a PEM text.
///
/// Source: RFC 7468, section 2.
const PEM_LINE: usize = 64;

/// An RSA key that signs access tokens, and its public half.
///
/// It prints its id only.
#[derive(Clone)]
pub struct SigningKey {
    pem: String,
    pub(super) id: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    modulus: String,
    exponent: String,
}

/// Text that is no signing key, or chance that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// No key could be made.
    #[error("no signing key could be generated")]
    Generate,
    /// The text is no RSA private key in PKCS #8.
    #[error("not an RSA private key in PEM")]
    Read(#[source] jsonwebtoken::errors::Error),
    /// A key nobody should rely on.
    #[error("the signing key is shorter than 2048 bits")]
    Short,
}

impl SigningKey {
    /// Makes a key of 2048 bits. This takes some tenths of a second.
    ///
    /// # Errors
    /// [`SigningKeyError::Generate`] if the system gives no chance.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_cause| SigningKeyError::Generate)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_cause| SigningKeyError::Generate)?;
        Self::from_pem(&pem(der.as_ref()))
    }

    /// Reads a key from what [`Self::to_pem`] wrote.
    ///
    /// # Errors
    /// [`SigningKeyError`] if it is no RSA key or too short.
    pub fn from_pem(text: &str) -> Result<Self, SigningKeyError> {
        let encoding = EncodingKey::from_rsa_pem(text.as_bytes()).map_err(SigningKeyError::Read)?;
        let jwk = Jwk::from_encoding_key(&encoding, ALGORITHM).map_err(SigningKeyError::Read)?;
        let decoding = DecodingKey::from_jwk(&jwk).map_err(SigningKeyError::Read)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256).map_err(SigningKeyError::Read)?;
        let AlgorithmParameters::RSA(public) = jwk.algorithm else {
            unreachable!("an RSA key has RSA parameters");
        };
        let modulus_bytes = URL_SAFE_NO_PAD.decode(&public.n).unwrap_or_default().len();
        if modulus_bytes < MODULUS_BYTES_MIN {
            return Err(SigningKeyError::Short);
        }
        let (modulus, exponent) = (public.n, public.e);
        Ok(Self { pem: text.to_owned(), id, encoding, decoding, modulus, exponent })
    }

    /// The key as text, to be kept where only the server can read it.
    #[must_use]
    pub fn to_pem(&self) -> &str {
        &self.pem
    }

    /// The public half, for whoever verifies tokens.
    ///
    /// Source: RFC 7517, section 5; RFC 7518, section 6.3.1.
    pub(super) fn public_set(&self, issuer: &str) -> Value {
        json!({ "keys": [{
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id,
            "x5t": self.id,
            "n": self.modulus,
            "e": self.exponent,
            "issuer": issuer,
        }] })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn pem(der: &[u8]) -> String {
    let digits = STANDARD.encode(der);
    let lines = digits.as_bytes().chunks(PEM_LINE).map(String::from_utf8_lossy);
    let mut text = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_after_it_was_written_and_read() {
        let key = SigningKey::generate().unwrap();
        let read = SigningKey::from_pem(key.to_pem()).unwrap();
        assert_eq!(read.public_set("i"), key.public_set("i"));
    }

    #[test]
    fn a_key_does_not_print_its_private_half() {
        let key = SigningKey::generate().unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.id) && shown.len() < 100, "{shown}");
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "é"] {
            assert!(SigningKey::from_pem(text).is_err(), "{text}");
        }
    }
}
