//! Device codes: a program asks for one, a person lets it in elsewhere, the program asks again.
//!
//! Source: RFC 8628.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::identity::credentials::digest;
use crate::rbac::scope::Scopes;

/// How long a code may be used, in seconds.
///
/// Source: answers of the service.
pub(super) const LIFETIME_SECONDS: i64 = 900;

/// How long a program should wait before it asks again, in seconds.
pub(super) const INTERVAL_SECONDS: i64 = 5;

/// Codes that may be open at the same time; beyond it nobody gets one until some have ended.
const OPEN_MAX: usize = 1024;

/// Letters and digits of a code for people; none looks like another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Characters of a code for people.
const USER_CODE_CHARS: usize = 9;

/// The codes that are open.
#[derive(Default)]
pub(super) struct DeviceCodes(Mutex<BTreeMap<[u8; 32], Open>>);

/// What a program waits for.
#[derive(Clone, Debug)]
struct Open {
    user_code: String,
    asked: Asked,
    expires_at: i64,
    decision: Decision,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The client id.
    pub(super) application: Uuid,
    pub(super) scopes: Scopes,
    pub(super) extras: Extras,
}

/// What else a token answer is to hold, as asked by reserved scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extras {
    pub(super) id_token: Wanted,
    pub(super) refresh_token: Wanted,
}

/// Whether something was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    #[default]
    No,
    Yes,
}

/// What the person has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Pending,
    /// Let in as this user.
    Approved(Uuid),
    Declined,
}

/// A fresh pair of codes. It is told once.
pub(super) struct Codes {
    pub(super) device: String,
    pub(super) user: String,
}

/// Why a code leads to no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeError {
    Unknown,
    Pending,
    Declined,
    Expired,
    /// Too many are open.
    Full,
}

impl DeviceCodes {
    /// Hands out codes.
    ///
    /// # Errors
    /// [`CodeError::Full`] if too many are open.
    pub(super) fn begin(
        &self,
        asked: Asked,
        decision: Decision,
        now: jiff::Timestamp,
    ) -> Result<Codes, CodeError> {
        let codes = Codes::draw();
        let expires_at = now.as_second() + LIFETIME_SECONDS;
        let mut open = self.open();
        // An ended code is kept for as long again, so that its program is told that it ended.
        open.retain(|_name, code| code.expires_at + LIFETIME_SECONDS > now.as_second());
        if open.len() >= OPEN_MAX {
            return Err(CodeError::Full);
        }
        let user_code = codes.user.clone();
        let name = digest(codes.device.as_bytes());
        open.insert(name, Open { user_code, asked, expires_at, decision });
        Ok(codes)
    }

    /// Ends all codes.
    pub(super) fn clear(&self) {
        self.open().clear();
    }

    /// Lets somebody decide. Letters count in any case, dashes and spaces not at all.
    ///
    /// # Errors
    /// [`CodeError`] if no open code is called so or it was decided before.
    pub(super) fn decide(
        &self,
        user_code: &str,
        decision: Decision,
        now: jiff::Timestamp,
    ) -> Result<(), CodeError> {
        let wanted = plain(user_code);
        let mut open = self.open();
        let code = open.values_mut().find(|code| code.user_code == wanted);
        let code = code.ok_or(CodeError::Unknown)?;
        if now.as_second() >= code.expires_at {
            return Err(CodeError::Expired);
        }
        if code.decision != Decision::Pending {
            return Err(CodeError::Unknown);
        }
        code.decision = decision;
        Ok(())
    }

    /// What a program gets for its code: who was let in. A code leads to tokens once.
    ///
    /// # Errors
    /// [`CodeError`] if it gets nothing now.
    pub(super) fn redeem(
        &self,
        device_code: &str,
        application: Uuid,
        now: jiff::Timestamp,
    ) -> Result<(Asked, Uuid), CodeError> {
        let name = digest(device_code.as_bytes());
        let mut open = self.open();
        let code = open.get(&name).filter(|code| code.asked.application == application);
        let code = code.ok_or(CodeError::Unknown)?;
        if now.as_second() >= code.expires_at {
            return Err(CodeError::Expired);
        }
        match code.decision {
            Decision::Pending => Err(CodeError::Pending),
            Decision::Declined => Err(CodeError::Declined),
            Decision::Approved(user) => {
                let asked = code.asked;
                open.remove(&name);
                Ok((asked, user))
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Open>> {
        // Each change is one call on the map, so what a panic left behind is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DeviceCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodes").field("open", &self.open().len()).finish()
    }
}

impl Codes {
    fn draw() -> Self {
        let chance = [Uuid::new_v4(), Uuid::new_v4()];
        let device = chance.map(|part| part.simple().to_string()).concat();
        let letters = chance_bytes();
        let user = letters.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Self { device, user: user.collect() }
    }
}

/// Bytes of which every bit is chance.
fn chance_bytes() -> [u8; USER_CODE_CHARS] {
    let mut bytes = [0; USER_CODE_CHARS];
    getrandom::fill(&mut bytes).expect("the system gives chance");
    bytes
}

/// A code as it was drawn, from what somebody typed.
fn plain(typed: &str) -> String {
    let kept = typed.chars().filter(char::is_ascii_alphanumeric).take(2 * USER_CODE_CHARS);
    kept.map(|letter| letter.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::seed::CONSOLE_ID;

    const USER: Uuid = Uuid::from_u128(7);

    fn at(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).unwrap()
    }

    fn asked() -> Asked {
        Asked { application: CONSOLE_ID, scopes: Scopes::every(), extras: Extras::default() }
    }

    fn begun() -> (DeviceCodes, Codes) {
        let codes = DeviceCodes::default();
        let pair = codes.begin(asked(), Decision::Pending, at(0)).unwrap();
        (codes, pair)
    }

    #[test]
    fn an_approved_code_leads_to_a_token_once() {
        let (codes, pair) = begun();
        let redeem = || codes.redeem(&pair.device, CONSOLE_ID, at(1));
        assert_eq!(redeem(), Err(CodeError::Pending));
        let typed = format!(" {}-{} ", pair.user[..4].to_lowercase(), &pair.user[4..]);
        codes.decide(&typed, Decision::Approved(USER), at(1)).unwrap();
        assert_eq!(redeem(), Ok((asked(), USER)));
        assert_eq!(redeem(), Err(CodeError::Unknown));
    }

    #[test]
    fn a_declined_code_stays_declined() {
        let (codes, pair) = begun();
        codes.decide(&pair.user, Decision::Declined, at(1)).unwrap();
        let again = codes.decide(&pair.user, Decision::Approved(USER), at(1));
        assert_eq!(again, Err(CodeError::Unknown));
        assert_eq!(codes.redeem(&pair.device, CONSOLE_ID, at(2)), Err(CodeError::Declined));
    }

    #[test]
    fn a_code_ends_with_its_time_and_is_forgotten_later() {
        let (codes, pair) = begun();
        let late = at(LIFETIME_SECONDS);
        assert_eq!(codes.decide(&pair.user, Decision::Declined, late), Err(CodeError::Expired));
        assert_eq!(codes.redeem(&pair.device, CONSOLE_ID, late), Err(CodeError::Expired));
        codes.begin(asked(), Decision::Pending, at(2 * LIFETIME_SECONDS)).unwrap();
        assert_eq!(codes.redeem(&pair.device, CONSOLE_ID, late), Err(CodeError::Unknown));
    }

    #[test]
    fn a_code_is_good_for_its_own_application_only() {
        let (codes, pair) = begun();
        codes.decide(&pair.user, Decision::Approved(USER), at(1)).unwrap();
        assert_eq!(codes.redeem(&pair.device, USER, at(1)), Err(CodeError::Unknown));
    }

    #[test]
    fn only_so_many_codes_are_open() {
        let codes = DeviceCodes::default();
        for _code in 0..OPEN_MAX {
            codes.begin(asked(), Decision::Pending, at(0)).unwrap();
        }
        assert!(matches!(codes.begin(asked(), Decision::Pending, at(0)), Err(CodeError::Full)));
        let later = at(2 * LIFETIME_SECONDS);
        assert!(codes.begin(asked(), Decision::Pending, later).is_ok());
    }
}
