//! What the service keeps of a code that an organisation made.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::code::{BypassKey, parse};
use crate::secrecy::same;

/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// Salt of the derivation: the format has no other.
const SALT: [u8; 4] = [0; 4];

/// Rounds of the derivation.
const ROUNDS: u32 = 50_000;

/// The escrow key of an organisation's lock: tells its code from others and does not tell it.
///
/// PBKDF2-HMAC-SHA256 of the sixteen bytes behind the code, four zero bytes of salt, 50 000
/// rounds. Written as 64 lower-case hexadecimal digits.
///
/// Source: Apple, "Activation Lock a Device"; reproduced by the vectors below.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscrowHash([u8; HASH_BYTES]);

/// A text that is no escrow key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseEscrowHashError;

impl fmt::Display for ParseEscrowHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an escrow key: expected 64 hexadecimal digits")
    }
}

impl core::error::Error for ParseEscrowHashError {}

impl EscrowHash {
    /// The hash for a key. Costs fifty thousand rounds.
    #[must_use]
    pub fn of(key: &BypassKey) -> Self {
        let mut hash = [0; HASH_BYTES];
        pbkdf2::pbkdf2_hmac::<Sha256>(key.bytes(), &SALT, ROUNDS, &mut hash);
        Self(hash)
    }

    /// Whether `entry` is the code this is the hash of; what is no code at all costs nothing.
    #[must_use]
    pub fn matches(&self, entry: &str) -> bool {
        parse(entry).is_some_and(|bytes| {
            let presented = Self::of(&BypassKey::from_bytes(bytes));
            same(&presented.0, &self.0)
        })
    }
}

impl FromStr for EscrowHash {
    type Err = ParseEscrowHashError;

    fn from_str(text: &str) -> Result<Self, ParseEscrowHashError> {
        let digits = text.as_bytes();
        if digits.len() != 2 * HASH_BYTES {
            return Err(ParseEscrowHashError);
        }
        let mut hash = [0; HASH_BYTES];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Ok(Self(hash))
    }
}

fn digit(symbol: u8) -> Result<u8, ParseEscrowHashError> {
    match symbol {
        b'0'..=b'9' => Ok(symbol - b'0'),
        b'a'..=b'f' => Ok(symbol - b'a' + 10),
        b'A'..=b'F' => Ok(symbol - b'A' + 10),
        _ => Err(ParseEscrowHashError),
    }
}

impl fmt::Display for EscrowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EscrowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EscrowHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    /// Code and hash: the first is our own, the others are those of micromdm's test.
    const VECTORS: [(&str, &str); 4] = [
        (
            "000H4-0R40M-30F2-0918-5HR3-8F17",
            "c5ced1d0c51459c1a887866a5868dd3e9e6f4fc4a8c244f3f9eb9383c0f8aecb",
        ),
        (
            "3UM43-PUYVY-QYD1-UVCC-HEHJ-FKA4",
            "6ab40d5eabe7218ec04182f461005600c7e3426bddd82cdb405bde9a1e0014b5",
        ),
        (
            "8LNYD-DVNKU-GYRC-E6GU-3YFD-CT86",
            "c1968cb4c013ea893f1922bb5c39f81e35012c0bd9ce3c01cc2a05873a2499e6",
        ),
        (
            "TF27L-31WN1-E6FH-DMAM-52X5-NFV0",
            "23cf8b7873425fd8efe31dc5b6ab9c357eb98a2a59c82ea1084ca8af58cc480a",
        ),
    ];

    #[test]
    fn a_hash_is_what_its_golden_vectors_say() {
        for (code, hash) in VECTORS {
            let key = BypassKey::from_bytes(parse(code).unwrap());
            assert_eq!(EscrowHash::of(&key).to_string(), hash, "{code}");
        }
    }

    #[test]
    fn a_hash_knows_its_own_code_in_any_case_and_no_other() {
        let (code, hash) = VECTORS[1];
        let hash: EscrowHash = hash.to_uppercase().parse().unwrap();
        assert!(hash.matches(&code.replace('-', "").to_lowercase()));
        assert!(!hash.matches(VECTORS[2].0));
        assert!(!hash.matches("no code"));
    }

    #[test]
    fn a_text_that_is_no_hash_is_refused() {
        let (_, hash) = VECTORS[0];
        for text in ["", &hash[1..], &hash.replace('c', "g"), "000H4-0R40M-30F2-0918-5HR3-8F17"] {
            assert_eq!(text.parse::<EscrowHash>(), Err(ParseEscrowHashError), "{text}");
        }
    }
}
