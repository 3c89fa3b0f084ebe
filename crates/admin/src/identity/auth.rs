//! The token of the data folder, and every way a bearer token can be no good.

use core::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq};

use crate::identity::token::AUDIENCE_ID;

/// Bytes of a token; its text has twice as many digits.
const TOKEN_BYTES: usize = 32;

/// The bearer token of the API: 32 random bytes, written as 64 hexadecimal digits.
///
/// It has no `PartialEq` on purpose: the only comparison takes the same time for every input of
/// the right form.
#[derive(Clone)]
pub struct AdminToken([u8; TOKEN_BYTES]);

/// Text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an admin token: expected 64 hexadecimal digits")]
pub struct ParseTokenError;

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    /// No `Authorization: Bearer` header.
    #[error("no bearer token was sent")]
    Missing,
    /// A token of the form of the data folder's, but not this server's.
    #[error("the bearer token is not the one of this server")]
    Wrong,
    /// Neither the token of a data folder nor a signed one.
    #[error("the access token is not well formed")]
    Malformed,
    /// Unsigned, or signed in another way than ours.
    #[error("the access token is not signed with RS256")]
    Algorithm,
    /// Signed with a key this server does not know.
    #[error("the access token names a signing key this server does not know")]
    Key,
    /// Changed, or signed by somebody else.
    #[error("the signature of the access token is invalid")]
    Signature,
    /// Meant for another resource.
    #[error("the access token is for another audience")]
    Audience,
    /// Made for another tenant.
    #[error("the access token is of another tenant")]
    Tenant,
    /// Made by another issuer.
    #[error("the access token is from another issuer")]
    Issuer,
    /// Made for an application that is no longer there.
    #[error("the access token is for an application the tenant does not have")]
    Application,
    /// Made for a person who is no longer there.
    #[error("the access token is for a user the tenant does not have")]
    User,
    /// Not good yet.
    #[error("lifetime validation failed: the access token is not valid yet")]
    Early,
    /// No longer good.
    #[error("lifetime validation failed: the access token is expired")]
    Expired,
}

impl AuthError {
    /// What `WWW-Authenticate` says: where tokens are made, and what was wrong with this one.
    ///
    /// Source: RFC 6750, section 3; Microsoft Graph, headers of its answers.
    pub(crate) fn challenge(self, authorization_uri: &str) -> String {
        let base = format!(
            "Bearer realm=\"\", authorization_uri=\"{authorization_uri}\", \
             client_id=\"{AUDIENCE_ID}\""
        );
        match self {
            // Nothing is said of a fault where nothing was sent.
            Self::Missing => base,
            Self::Wrong
            | Self::Malformed
            | Self::Algorithm
            | Self::Key
            | Self::Signature
            | Self::Audience
            | Self::Tenant
            | Self::Issuer
            | Self::Application
            | Self::User
            | Self::Early
            | Self::Expired => {
                format!("{base}, error=\"invalid_token\", error_description=\"{self}\"")
            }
        }
    }
}

impl AdminToken {
    /// Reads the token from its hexadecimal text.
    ///
    /// # Errors
    /// [`ParseTokenError`] if the text is not 64 hexadecimal digits.
    pub fn from_text(text: &str) -> Result<Self, ParseTokenError> {
        let digits = text.as_bytes();
        if digits.len() != 2 * TOKEN_BYTES {
            return Err(ParseTokenError);
        }
        let mut bytes = [0; TOKEN_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self(bytes))
    }

    /// Whether a token of the right form is this one.
    pub(crate) fn admits(&self, presented: &Self) -> bool {
        self.same_as(presented).into()
    }

    /// What secrets are drawn from.
    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares without telling by its duration where two tokens differ.
    fn same_as(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(..)")
    }
}

fn nibble(digit: u8) -> Result<u8, ParseTokenError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(ParseTokenError),
    }
}

/// The credentials of the only `Authorization` header, if its scheme is `Bearer`.
///
/// Source: RFC 9110, section 11.1: the name of a scheme has no letter case.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    let (scheme, credentials) = only.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !credentials.is_empty()).then_some(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

    fn sent(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn the_scheme_has_no_letter_case() {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(sent(&[&format!("{scheme} {TEXT}")]).as_deref(), Some(TEXT));
        }
    }

    #[test]
    fn anything_but_one_bearer_token_is_none() {
        let right = format!("Bearer {TEXT}");
        for values in [&[][..], &["Basic abc"], &["Bearer "], &["Bearer"], &[&right, &right]] {
            assert_eq!(sent(values), None, "{values:?}");
        }
    }

    #[test]
    fn a_token_that_differs_in_one_digit_is_not_admitted() {
        let token = AdminToken::from_text(TEXT).unwrap();
        let one_off = AdminToken::from_text(&TEXT.replace("0011", "0010")).unwrap();
        assert!(token.admits(&token.clone()) && !token.admits(&one_off));
    }

    #[test]
    fn a_challenge_tells_what_was_wrong_with_a_token_but_not_with_none() {
        assert!(!AuthError::Missing.challenge("https://a/authorize").contains("error"));
        let challenge = AuthError::Expired.challenge("https://a/authorize");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        assert!(challenge.contains("authorization_uri=\"https://a/authorize\""), "{challenge}");
    }

    #[test]
    fn tokens_are_compared_in_constant_time() {
        let token = AdminToken::from_text(TEXT).unwrap();
        let choice: Choice = token.same_as(&token.clone());
        assert_eq!(choice.unwrap_u8(), 1);
    }

    #[test]
    fn a_token_does_not_print_its_value() {
        let token = AdminToken::from_text(TEXT).unwrap();
        assert_eq!(format!("{token:?}"), "AdminToken(..)");
    }

    #[test]
    fn text_of_another_length_or_alphabet_is_no_token() {
        for text in ["", "00", &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(AdminToken::from_text(text).err(), Some(ParseTokenError));
        }
    }
}
