//! The headers of a request for a protected operation.

use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use uuid::Uuid;

/// Why somebody asks, as text in Base64.
const JUSTIFICATION: HeaderName = HeaderName::from_static("x-msft-approval-justification");

/// What a request for approval is known by.
pub(crate) const CODE: HeaderName = HeaderName::from_static("x-msft-approval-code");

/// Longest justification, in characters.
///
/// Source: the service's own words, in public repositories that met them.
pub(super) const JUSTIFICATION_CHARS_MAX: usize = 1024;

/// Longest header that is decoded: as many characters of four bytes each, and some padding.
const HEADER_BYTES_MAX: usize = JUSTIFICATION_CHARS_MAX * 4 * 4 / 3 + 4;

/// Clients write Base64 with and without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request says of approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SentApproval {
    Nothing,
    /// It asks for an approval, and why.
    Justification(String),
    /// It has one.
    Code(Uuid),
    /// It says something that cannot be read; this counts only where approval is needed.
    Unreadable(HeaderFault),
}

/// A header that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderFault {
    #[error("Header 'x-msft-approval-justification' must be text in UTF-8, encoded as Base64")]
    Encoding,
    #[error("Decoded content of 'x-msft-approval-justification' header must not be empty")]
    Empty,
    #[error(
        "Decoded content of 'x-msft-approval-justification' header must be no greater than \
         {JUSTIFICATION_CHARS_MAX} characters"
    )]
    TooLong,
    #[error("Header 'x-msft-approval-code' must be the id of an approval request")]
    Code,
}

impl SentApproval {
    /// Reads the headers of a request. A code goes before a justification.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        if let Some(code) = headers.get(CODE) {
            let code = code.to_str().ok().and_then(|code| code.trim().parse().ok());
            return code.map_or(Self::Unreadable(HeaderFault::Code), Self::Code);
        }
        match headers.get(JUSTIFICATION).map(|value| justification(value.as_bytes())) {
            None => Self::Nothing,
            Some(Ok(text)) => Self::Justification(text),
            Some(Err(fault)) => Self::Unreadable(fault),
        }
    }
}

fn justification(value: &[u8]) -> Result<String, HeaderFault> {
    if value.len() > HEADER_BYTES_MAX {
        return Err(HeaderFault::TooLong);
    }
    let bytes = BASE64.decode(value.trim_ascii()).map_err(|_cause| HeaderFault::Encoding)?;
    let text = String::from_utf8(bytes).map_err(|_cause| HeaderFault::Encoding)?;
    let text = text.trim();
    match text.chars().count() {
        0 => Err(HeaderFault::Empty),
        1..=JUSTIFICATION_CHARS_MAX => Ok(text.to_owned()),
        _more => Err(HeaderFault::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use base64::engine::general_purpose::STANDARD as PADDED;
    use proptest::prelude::*;

    use super::*;

    fn sent(name: HeaderName, value: &str) -> SentApproval {
        let value = HeaderValue::from_str(value).unwrap();
        SentApproval::read(&[(name, value)].into_iter().collect())
    }

    #[test]
    fn a_justification_is_text_in_base64_with_or_without_padding() {
        let lost = SentApproval::Justification("lost".to_owned());
        for (value, expected) in [
            ("bG9zdA==", lost.clone()),
            ("bG9zdA", lost.clone()),
            (" bG9zdA== ", lost),
            ("lost device", SentApproval::Unreadable(HeaderFault::Encoding)),
            ("/w==", SentApproval::Unreadable(HeaderFault::Encoding)),
            ("", SentApproval::Unreadable(HeaderFault::Empty)),
            ("IA==", SentApproval::Unreadable(HeaderFault::Empty)),
        ] {
            assert_eq!(sent(JUSTIFICATION, value), expected, "{value}");
        }
    }

    #[test]
    fn a_justification_has_1024_characters_at_most_whatever_their_bytes() {
        for letter in ["a", "é", "好", "🔒"] {
            let longest = letter.repeat(JUSTIFICATION_CHARS_MAX);
            let read = sent(JUSTIFICATION, &PADDED.encode(&longest));
            assert_eq!(read, SentApproval::Justification(longest.clone()));
            let read = sent(JUSTIFICATION, &PADDED.encode(longest + letter));
            assert_eq!(read, SentApproval::Unreadable(HeaderFault::TooLong));
        }
    }

    #[test]
    fn a_code_is_a_uuid_and_goes_before_a_justification() {
        let code = Uuid::from_u128(7);
        let headers = [(JUSTIFICATION, "bG9zdA==".to_owned()), (CODE, code.to_string())];
        let headers = headers.map(|(name, value)| (name, HeaderValue::try_from(value).unwrap()));
        assert_eq!(SentApproval::read(&headers.into_iter().collect()), SentApproval::Code(code));
        assert_eq!(sent(CODE, "7"), SentApproval::Unreadable(HeaderFault::Code));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_comes_back_as_it_was_but_for_space_around_it(text in "\\PC{1,60}") {
            let read = sent(JUSTIFICATION, &PADDED.encode(&text));
            let expected = match text.trim() {
                "" => SentApproval::Unreadable(HeaderFault::Empty),
                inner => SentApproval::Justification(inner.to_owned()),
            };
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(0x20_u8.., 0..8000)) {
            for name in [JUSTIFICATION, CODE] {
                if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                    SentApproval::read(&[(name, value)].into_iter().collect());
                }
            }
        }
    }
}
