//! Who may use the API: whoever holds the token of this server.

use core::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq};

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
    /// A bearer token, but not this server's.
    #[error("the bearer token is not the one of this server")]
    Wrong,
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

    /// Lets a request in or not.
    ///
    /// # Errors
    /// [`AuthError`] if the request carries no bearer token, more than one, or a wrong one.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), AuthError> {
        let presented = bearer(headers).ok_or(AuthError::Missing)?;
        let presented = Self::from_text(presented).map_err(|_cause| AuthError::Wrong)?;
        if bool::from(self.same_as(&presented)) { Ok(()) } else { Err(AuthError::Wrong) }
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
fn bearer(headers: &HeaderMap) -> Option<&str> {
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

    fn checked(values: &[&str]) -> Result<(), AuthError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        AdminToken::from_text(TEXT).unwrap().check(&headers)
    }

    #[test]
    fn the_scheme_has_no_letter_case() {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(checked(&[&format!("{scheme} {TEXT}")]), Ok(()));
        }
    }

    #[test]
    fn anything_but_the_token_is_refused() {
        let one_off = TEXT.replace("0011", "0010");
        for wrong in [one_off.as_str(), &TEXT[1..], "dev-token", "é"] {
            assert!(checked(&[&format!("Bearer {wrong}")]).is_err(), "{wrong}");
        }
        assert_eq!(checked(&[]), Err(AuthError::Missing));
        assert_eq!(checked(&["Basic abc"]), Err(AuthError::Missing));
        assert_eq!(checked(&["Bearer "]), Err(AuthError::Missing));
    }

    #[test]
    fn two_authorization_headers_are_refused_even_if_one_is_right() {
        let right = format!("Bearer {TEXT}");
        assert_eq!(checked(&[&right, &right]), Err(AuthError::Missing));
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
