//! Bodies of `application/x-www-form-urlencoded`, the way OAuth asks.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Longest form that is read, in bytes: a refresh token and some words.
pub(super) const FORM_BYTES_MAX: usize = 16 * 1024;

/// Most members of a form. Clients send about ten.
const MEMBERS_MAX: usize = 64;

/// The members of a form. It holds secrets, so it does not print.
pub(super) struct Form(Vec<(String, String)>);

/// A body that is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    /// More than [`FORM_BYTES_MAX`].
    #[error("the body is longer than {FORM_BYTES_MAX} bytes")]
    TooLong,
    /// More than [`MEMBERS_MAX`] members.
    #[error("the body has more than {MEMBERS_MAX} parameters")]
    TooMany,
    /// Bytes that are no text.
    #[error("the body is not UTF-8")]
    Text,
    /// RFC 6749, section 3.2: parameters must not be repeated.
    #[error("the body has a parameter more than once")]
    Repeated,
}

impl Form {
    /// Reads a form. Members without a value are left out, as OAuth wants it.
    ///
    /// # Errors
    /// [`FormError`] if it is too large, no text or repeats itself.
    ///
    /// Source: RFC 6749, section 3.2; WHATWG URL, section 5.1.
    pub(super) fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > FORM_BYTES_MAX {
            return Err(FormError::TooLong);
        }
        let pairs: Vec<&[u8]> =
            body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).collect();
        if pairs.len() > MEMBERS_MAX {
            return Err(FormError::TooMany);
        }
        let mut members: Vec<(String, String)> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let cut = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let name = decoded(&pair[..cut])?;
            let value = decoded(pair.get(cut + 1..).unwrap_or_default())?;
            if members.iter().any(|(known, _value)| *known == name) {
                return Err(FormError::Repeated);
            }
            members.push((name, value));
        }
        members.retain(|(_name, value)| !value.is_empty());
        Ok(Self(members))
    }

    /// All members with their values, in the order they came in.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a member, if it has one.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _value)| known == name).map(|(_name, value)| value.as_str())
    }
}

fn decoded(text: &[u8]) -> Result<String, FormError> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
    } else {
        text.into()
    };
    let plain = percent_decode(&spaced).decode_utf8().map_err(|_cause| FormError::Text)?;
    Ok(plain.into_owned())
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn member(body: &str, name: &str) -> Option<String> {
        Form::parse(body.as_bytes()).ok()?.member(name).map(str::to_owned)
    }

    #[test]
    fn members_are_decoded() {
        let body = "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default+openid&client_id=a&x";
        let scope = member(body, "scope");
        assert_eq!(scope.as_deref(), Some("https://graph.microsoft.com/.default openid"));
        assert_eq!(member(body, "client_id").as_deref(), Some("a"));
        assert_eq!(member(body, "x"), None);
        assert_eq!(member("a=", "a"), None);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let parsed = |body: &str| Form::parse(body.as_bytes()).err();
        assert_eq!(parsed("a=1&a=2"), Some(FormError::Repeated));
        assert_eq!(parsed("a=%FF"), Some(FormError::Text));
        assert_eq!(parsed(&"a=1&".repeat(MEMBERS_MAX + 1)), Some(FormError::TooMany));
        assert_eq!(parsed(&"a".repeat(FORM_BYTES_MAX + 1)), Some(FormError::TooLong));
        assert_eq!(parsed(&"a".repeat(FORM_BYTES_MAX)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_form_or_an_error(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _parsed_or_refused = Form::parse(&body);
        }

        #[test]
        fn what_was_encoded_is_read_again(name in "[a-z_]{1,12}", value in ".{1,40}") {
            let encoded = utf8_percent_encode(&value, NON_ALPHANUMERIC);
            prop_assert_eq!(member(&format!("{name}={encoded}"), &name), Some(value));
        }
    }
}
