//! Authorization codes: a person lets a program in, the program fetches its tokens with the code.
//!
//! Source: RFC 6749, section 4.1; RFC 7636.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::identity::credentials::digest;
use crate::identity::device_code::Asked;

/// How long a code may be used, in seconds.
///
/// Source: Microsoft identity platform: codes expire after about 10 minutes.
const LIFETIME_SECONDS: i64 = 600;

/// Codes that may be open at the same time; beyond it the oldest is forgotten.
const OPEN_MAX: usize = 1024;

/// The codes that were handed out of late.
#[derive(Default)]
pub(super) struct AuthCodes(Mutex<BTreeMap<[u8; 32], Open>>);

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) asked: Asked,
    pub(super) user: Uuid,
    pub(super) redirect: String,
    /// SHA-256 of what only the program knows, in base64url.
    pub(super) challenge: String,
    /// What the ID token has to repeat.
    pub(super) nonce: Option<String>,
}

struct Open {
    given: Given,
    expires_at: i64,
    /// Whether somebody came with it.
    spent: bool,
}

/// What a program shows for its tokens.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) code: &'a str,
    pub(super) application: Uuid,
    pub(super) redirect: &'a str,
    pub(super) verifier: &'a str,
}

/// Why a code leads to no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AuthCodeError {
    #[error("Provided grant is invalid or malformed.")]
    Unknown,
    #[error(
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."
    )]
    Spent,
    #[error("The provided authorization code or refresh token has expired.")]
    Expired,
    #[error(
        "The reply address does not match the reply address provided when requesting Authorization code."
    )]
    Redirect,
    #[error(
        "The Code_Verifier does not match the code_challenge supplied in the authorization request."
    )]
    Verifier,
}

impl AuthCodeError {
    /// The number of the service.
    ///
    /// Source: Microsoft Entra authentication and authorization error codes.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Unknown => 70000,
            Self::Spent => 54005,
            Self::Expired => 70008,
            Self::Redirect => 500_112,
            Self::Verifier => 501_481,
        }
    }
}

impl AuthCodes {
    /// Hands out a code.
    pub(super) fn give(&self, given: Given, now: jiff::Timestamp) -> String {
        let chance = [Uuid::new_v4(), Uuid::new_v4()];
        let code = chance.map(|part| part.simple().to_string()).concat();
        let now = now.as_second();
        let mut open = self.open();
        // An ended code is kept for as long again, so that its program is told that it ended.
        open.retain(|_name, code| code.expires_at + LIFETIME_SECONDS > now);
        if open.len() >= OPEN_MAX {
            let oldest = open.iter().min_by_key(|(_name, code)| code.expires_at);
            let oldest = oldest.map(|(name, _code)| *name);
            oldest.map(|name| open.remove(&name));
        }
        let fresh = Open { given, expires_at: now + LIFETIME_SECONDS, spent: false };
        open.insert(digest(code.as_bytes()), fresh);
        code
    }

    /// What a code stands for. Whoever comes with one spends it, whether the rest is right or not.
    ///
    /// # Errors
    /// [`AuthCodeError`] if it leads to no token.
    pub(super) fn redeem(
        &self,
        shown: Shown<'_>,
        now: jiff::Timestamp,
    ) -> Result<Given, AuthCodeError> {
        let mut open = self.open();
        let code = open.get_mut(&digest(shown.code.as_bytes()));
        let code = code.filter(|code| code.given.asked.application == shown.application);
        let code = code.ok_or(AuthCodeError::Unknown)?;
        if core::mem::replace(&mut code.spent, true) {
            return Err(AuthCodeError::Spent);
        }
        if now.as_second() >= code.expires_at {
            return Err(AuthCodeError::Expired);
        }
        if code.given.redirect != shown.redirect {
            return Err(AuthCodeError::Redirect);
        }
        let hashed = URL_SAFE_NO_PAD.encode(digest(shown.verifier.as_bytes()));
        let right: bool = hashed.as_bytes().ct_eq(code.given.challenge.as_bytes()).into();
        if right { Ok(code.given.clone()) } else { Err(AuthCodeError::Verifier) }
    }

    /// Ends all codes.
    pub(super) fn clear(&self) {
        self.open().clear();
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Open>> {
        // Each change is one call on the map or one flag, so what a panic left behind is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AuthCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthCodes").field("open", &self.open().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::device_code::Extras;
    use crate::identity::seed::CONSOLE_ID;
    use crate::rbac::scope::Scopes;

    const HOME: &str = "http://localhost:1234";
    /// Source: RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn at(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).unwrap()
    }

    fn given() -> Given {
        let (scopes, extras) = (Scopes::every(), Extras::default());
        Given {
            asked: Asked { application: CONSOLE_ID, scopes, extras },
            user: Uuid::from_u128(7),
            redirect: HOME.to_owned(),
            challenge: CHALLENGE.to_owned(),
            nonce: None,
        }
    }

    fn shown(code: &str) -> Shown<'_> {
        Shown { code, application: CONSOLE_ID, redirect: HOME, verifier: VERIFIER }
    }

    #[test]
    fn a_code_leads_to_tokens_once() {
        let codes = AuthCodes::default();
        let code = codes.give(given(), at(0));
        assert_eq!(codes.redeem(shown(&code), at(599)), Ok(given()));
        assert_eq!(codes.redeem(shown(&code), at(599)), Err(AuthCodeError::Spent));
    }

    #[test]
    fn a_code_is_worth_nothing_to_whoever_did_not_ask_for_it() {
        let codes = AuthCodes::default();
        for (wrong, expected) in [
            (Shown { verifier: "x", ..shown("") }, AuthCodeError::Verifier),
            (Shown { redirect: "http://localhost:1", ..shown("") }, AuthCodeError::Redirect),
            (Shown { application: Uuid::nil(), ..shown("") }, AuthCodeError::Unknown),
        ] {
            let code = codes.give(given(), at(0));
            assert_eq!(codes.redeem(Shown { code: &code, ..wrong }, at(1)), Err(expected));
        }
        assert_eq!(codes.redeem(shown("x"), at(1)), Err(AuthCodeError::Unknown));
        let code = codes.give(given(), at(0));
        assert_eq!(codes.redeem(shown(&code), at(600)), Err(AuthCodeError::Expired));
    }

    #[test]
    fn only_so_many_codes_are_open_and_the_oldest_goes_first() {
        let codes = AuthCodes::default();
        let first = codes.give(given(), at(0));
        let second = codes.give(given(), at(1));
        for _code in 0..OPEN_MAX - 1 {
            codes.give(given(), at(2));
        }
        assert_eq!(codes.redeem(shown(&first), at(3)), Err(AuthCodeError::Unknown));
        assert_eq!(codes.redeem(shown(&second), at(3)), Ok(given()));
        assert_eq!(format!("{codes:?}"), "AuthCodes { open: 1024 }");
    }
}
