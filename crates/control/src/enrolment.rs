//! Who may enrol: tokens, profiles, and what a new life does to the old one.

use alloc::string::String;

use muster_protocol::planted::{Plant, is};
use muster_protocol::{Policy, Timestamp};
use serde::{Deserialize, Serialize};

/// SHA-256 of a public key (SubjectPublicKeyInfo, DER): ties a certificate to one enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyFingerprint(pub [u8; 32]);

/// What devices that enrol with a token of this profile are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentProfile {
    /// Graph's `enrollmentProfileName`.
    pub name: String,
    /// What is asked.
    pub policy: Policy,
}

/// An enrolment token as the server keeps it: only its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentTokenRecord {
    /// SHA-256 of the token's text.
    pub hash: [u8; 32],
    /// What a device gets that uses it.
    pub profile: EnrolmentProfile,
    /// Not valid from then on.
    pub expires_at: Timestamp,
    /// How often it may be used, and by whom it was.
    pub uses: TokenUse,
}

/// How often a token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenUse {
    /// Any number of devices until it expires.
    Reusable,
    /// One device; not used yet.
    OneTime,
    /// One device, which has used it. The same key may ask again: its reply may have been lost.
    UsedBy(KeyFingerprint),
}

/// Why a device may not enrol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolRefusal {
    /// Past its end.
    #[error("enrolment token expired")]
    Expired,
    /// Used by another key.
    #[error("one-time enrolment token already used")]
    Used,
}

/// Judges a token for a device that brings this key, and marks a one-time token as used.
///
/// # Errors
/// [`EnrolRefusal`]; the token is unchanged then.
///
/// Source: REQ-ENROL-008, REQ-ENROL-016 (docs/protocol/enrolment.md).
pub fn check_token(
    token: &mut EnrolmentTokenRecord,
    now: Timestamp,
    key: KeyFingerprint,
) -> Result<(), EnrolRefusal> {
    if now >= token.expires_at && !is(Plant::ExpiredTokenEnrols) {
        return Err(EnrolRefusal::Expired);
    }
    match token.uses {
        TokenUse::Reusable => Ok(()),
        TokenUse::OneTime => {
            token.uses = TokenUse::UsedBy(key);
            Ok(())
        }
        TokenUse::UsedBy(holder) if holder == key || is(Plant::OneTimeTokenForAll) => Ok(()),
        TokenUse::UsedBy(_) => Err(EnrolRefusal::Used),
    }
}
