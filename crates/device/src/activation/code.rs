//! The bypass code: sixteen bytes, and the form people type.

use alloc::string::String;
use core::fmt;

use muster_protocol::secret::BypassCode;
use serde::{Deserialize, Serialize};

use crate::secrecy::same;

/// The symbols of a code: digits and letters without B, I, O and S, which are easily misread.
const ALPHABET: &[u8; 32] = b"0123456789ACDEFGHJKLMNPQRTUVWXYZ";

/// Symbols before each dash and after the last one.
const GROUPS: [usize; 6] = [5, 5, 4, 4, 4, 4];

/// Symbols of a code: twenty-five of five bits and a last one of three.
const SYMBOLS: usize = 26;

/// The sixteen random bytes behind a bypass code.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BypassKey([u8; 16]);

impl fmt::Debug for BypassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BypassKey(..)")
    }
}

impl BypassKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The form for people: five bits a symbol, most significant first, the last three unpadded.
    ///
    /// Source: Apple, "Creating and using bypass codes"; reproduced by the vectors below.
    #[must_use]
    pub fn code(self) -> BypassCode {
        let bits = u128::from_be_bytes(self.0);
        let mut text = String::with_capacity(SYMBOLS + GROUPS.len() - 1);
        let mut at = 0;
        for (group, length) in GROUPS.into_iter().enumerate() {
            if group > 0 {
                text.push('-');
            }
            for index in at..at + length {
                text.push(char::from(symbol(bits, index)));
            }
            at += length;
        }
        BypassCode::new(text)
    }

    /// Whether a person's or server's `entry` is this code; case and dashes do not matter.
    ///
    /// Source: Intune, troubleshooting of device actions, Activation Lock bypass code.
    #[must_use]
    pub fn matches(self, entry: &str) -> bool {
        parse(entry).is_some_and(|bytes| same(&bytes, &self.0))
    }

    pub(crate) const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The symbol at `index` of the code for `bits`.
fn symbol(bits: u128, index: usize) -> u8 {
    let value =
        if index + 1 == SYMBOLS { bits & 0b111 } else { (bits >> (123 - 5 * index)) & 0b1_1111 };
    ALPHABET[usize::try_from(value).unwrap_or(0)]
}

/// The bytes `entry` stands for, if it is a code at all.
pub(crate) fn parse(entry: &str) -> Option<[u8; 16]> {
    let mut bits = 0_u128;
    let mut read = 0;
    for byte in entry.bytes().filter(|byte| *byte != b'-') {
        let upper = byte.to_ascii_uppercase();
        let value = ALPHABET.iter().position(|known| *known == upper)?;
        let (width, above) = if read + 1 == SYMBOLS { (3, 8) } else { (5, 32) };
        if read == SYMBOLS || value >= above {
            return None;
        }
        bits = (bits << width) | u128::try_from(value).ok()?;
        read += 1;
    }
    (read == SYMBOLS).then(|| bits.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
    use proptest::prelude::*;

    /// Key and code: the first is our own, the others are those of micromdm's test of the format.
    const VECTORS: [(u128, &str); 4] = [
        (0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f, "000H4-0R40M-30F2-0918-5HR3-8F17"),
        (0x1ea8_41db_5edf_afe6_075b_5ae0_d845_d254, "3UM43-PUYVY-QYD1-UVCC-HEHJ-FKA4"),
        (0x44eb_e633_7596_9fec_2da6_7e87_e731_7946, "8LNYD-DVNKU-GYRC-E6GU-3YFD-CT86"),
        (0xcb84_798c_3ca8_5a67_4194_550a_2e96_aed8, "TF27L-31WN1-E6FH-DMAM-52X5-NFV0"),
    ];

    #[test]
    fn a_code_is_written_as_its_golden_vectors_say() {
        for (bits, code) in VECTORS {
            let key = BypassKey::from_bytes(bits.to_be_bytes());
            assert_eq!(key.code().expose(), code);
        }
    }

    #[test]
    fn a_code_is_accepted_in_any_case_and_with_or_without_dashes() {
        for (bits, code) in VECTORS {
            let key = BypassKey::from_bytes(bits.to_be_bytes());
            for entry in [
                code.to_string(),
                code.to_lowercase(),
                code.replace('-', ""),
                code.to_lowercase().replace('-', ""),
            ] {
                assert!(key.matches(&entry), "{entry}");
            }
        }
    }

    #[test]
    fn a_text_that_is_no_code_opens_nothing() {
        let key = BypassKey::from_bytes([0; 16]);
        for entry in [
            "",
            "-",
            "00000-00000-0000-0000-0000-000",
            "00000-00000-0000-0000-0000-00000",
            "00000-00000-0000-0000-0000-0008",
            "00000-00000-0000-0000-0000-000O",
            "00000-00000-0000-0000-0000-0001",
            "ÄÖÜ",
        ] {
            assert!(!key.matches(entry), "{entry}");
        }
        assert!(key.matches("00000-00000-0000-0000-0000-0000"));
    }

    proptest! {
        #[test]
        fn every_key_matches_its_own_code_and_no_other(left: [u8; 16], right: [u8; 16]) {
            let (left, right) = (BypassKey::from_bytes(left), BypassKey::from_bytes(right));
            prop_assert!(left.matches(left.code().expose()));
            prop_assert_eq!(left.matches(right.code().expose()), left == right);
        }

        #[test]
        fn any_entry_at_all_is_judged_without_panicking(entry: String) {
            let _ = BypassKey::from_bytes([7; 16]).matches(&entry);
        }
    }
}
