//! `$skiptoken`: where the next page begins.
//!
//! A token is opaque to clients. It carries the position behind the last row shown and a seal
//! over it and over the query: a token that was changed, or that belongs to another query, is
//! refused instead of skipping rows in silence.

use core::fmt::{self, Write as _};

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::odata::datum::Datum;
use crate::odata::moment::Moment;
use crate::odata::strict::Filters;

/// Bytes of a seal.
const SEAL_BYTES: usize = 16;

/// Longest token that is read, in characters. The longest given out has a few sort keys of text.
const TOKEN_CHARS_MAX: usize = 16 * 1024;

/// What the key of the seals is derived with, so that the secret itself seals nothing.
const PURPOSE: &[u8] = b"muster $skiptoken 1";

/// How this server reads queries.
#[derive(Clone)]
pub(crate) struct QueryRules {
    pub(crate) filters: Filters,
    /// Rows of a page, at most, whatever the list allows.
    pub(crate) rows_max: usize,
    key: [u8; 32],
}

/// Leaves out the key.
impl fmt::Debug for QueryRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryRules").field("filters", &self.filters).finish_non_exhaustive()
    }
}

/// Behind which row a page begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The id of the last row shown.
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// How many rows were passed, in case that row has gone by then.
    #[serde(rename = "n", default)]
    pub(crate) passed: u64,
    /// Its values of the properties the list is sorted by.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) keys: Vec<Key>,
}

/// A value a list is sorted by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Key {
    #[serde(rename = "-")]
    Null,
    #[serde(rename = "f")]
    Flag(bool),
    #[serde(rename = "w")]
    Whole(i64),
    #[serde(rename = "r")]
    Real(f64),
    /// Ticks since 1970.
    #[serde(rename = "m")]
    Moment(i64),
    #[serde(rename = "i")]
    Id(uuid::Uuid),
    #[serde(rename = "t")]
    Text(String),
}

impl Position {
    /// Behind the row with this id.
    pub(crate) const fn new(id: String) -> Self {
        Self { id, passed: 0, keys: Vec::new() }
    }
}

impl QueryRules {
    /// Rules whose tokens are sealed with a secret: they stay good as long as it does.
    pub(crate) fn new(secret: &[u8], filters: Filters) -> Self {
        Self { filters, rows_max: usize::MAX, key: mac(secret, &[PURPOSE]) }
    }

    /// The same rules with shorter pages.
    pub(crate) fn shortened(&self, rows_max: usize) -> Self {
        Self { rows_max, ..self.clone() }
    }

    /// The token of a position in the list of a query, which `query` names in its canonical text.
    pub(crate) fn seal(&self, query: &str, position: &Position) -> String {
        let body = serde_json::to_vec(position).unwrap_or_default();
        let seal = self.mac(query, &body);
        let mut token = String::new();
        for byte in seal.iter().take(SEAL_BYTES).chain(&body) {
            // Writing to a text cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
        token
    }

    /// The position a token stands for; `None` if it is not one of this query.
    pub(crate) fn open(&self, query: &str, token: &str) -> Option<Position> {
        let bytes = (token.len() <= TOKEN_CHARS_MAX).then(|| from_hex(token))??;
        let (seal, body) = bytes.split_at_checked(SEAL_BYTES)?;
        let expected = self.mac(query, body);
        let same = bool::from(expected[..SEAL_BYTES].ct_eq(seal));
        same.then(|| serde_json::from_slice(body).ok())?
    }

    /// Of query and position with a border that neither can move.
    fn mac(&self, query: &str, body: &[u8]) -> [u8; 32] {
        mac(&self.key, &[&query.len().to_be_bytes(), query.as_bytes(), body])
    }
}

/// Source: RFC 2104 with SHA-256.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut mac = [0; 32];
    mac.copy_from_slice(context.sign().as_ref());
    mac
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
        _odd => None,
    });
    pairs.collect()
}

impl Key {
    /// The key a value is.
    pub(crate) fn of(value: Datum<'_>) -> Self {
        match value {
            Datum::Null | Datum::Structure(_) => Self::Null,
            Datum::Flag(flag) => Self::Flag(flag),
            Datum::Whole(number) => Self::Whole(number),
            Datum::Real(number) => Self::Real(number),
            Datum::Moment(at) => Self::Moment(at.ticks()),
            Datum::Id(id) => Self::Id(id),
            Datum::Text(text) => Self::Text(text.into_owned()),
        }
    }

    /// The value, to be compared.
    pub(crate) fn datum(&self) -> Datum<'_> {
        match self {
            Self::Null => Datum::Null,
            Self::Flag(flag) => Datum::Flag(*flag),
            Self::Whole(number) => Datum::Whole(*number),
            Self::Real(number) => Datum::Real(*number),
            Self::Moment(ticks) => Moment::from_ticks(*ticks).map_or(Datum::Null, Datum::Moment),
            Self::Id(id) => Datum::Id(*id),
            Self::Text(text) => Datum::text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUERY: &str = "managedDevices?$orderby=deviceName";

    fn rules() -> QueryRules {
        QueryRules::new(b"secret", Filters::Generous)
    }

    fn position() -> Position {
        let keys = vec![Key::Null, Key::Text("Ä'".to_owned()), Key::Moment(5), Key::Real(0.5)];
        Position { id: "7".to_owned(), passed: 3, keys }
    }

    #[test]
    fn a_token_leads_back_to_its_position() {
        let token = rules().seal(QUERY, &position());
        assert_eq!(rules().open(QUERY, &token), Some(position()));
        assert_eq!(rules().open(QUERY, &token.to_uppercase()), Some(position()));
    }

    #[test]
    fn a_token_of_another_query_or_another_secret_is_refused() {
        let token = rules().seal(QUERY, &position());
        assert_eq!(rules().open("managedDevices?", &token), None);
        let other = QueryRules::new(b"other", Filters::Generous);
        assert_eq!(other.open(QUERY, &token), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_token_that_was_touched_is_refused(at in 0_usize..400, digit in 0_u8..16) {
            let token = rules().seal(QUERY, &position());
            let at = at % token.len();
            let mut touched = token.clone().into_bytes();
            touched[at] = b"0123456789abcdef"[usize::from(digit)];
            let touched = String::from_utf8(touched).unwrap();
            prop_assume!(touched != token);
            prop_assert_eq!(rules().open(QUERY, &touched), None);
        }

        #[test]
        fn no_text_makes_it_panic(token in "\\PC{0,80}") {
            prop_assert_eq!(rules().open(QUERY, &token), None);
        }
    }
}
