//! Where clients reach the API.

use core::fmt;
use core::str::FromStr;

use axum::http::Uri;

/// Scheme, host and port that links are made of, for example `https://127.0.0.1:8443`.
///
/// It comes from the configuration, never from a `Host` header: a client cannot make the server
/// hand out links to somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Text that is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: expected a scheme, a host and a port, such as https://127.0.0.1:8443")]
pub struct ParseOriginError;

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let uri: Uri = text.parse().map_err(|_cause| ParseOriginError)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(ParseOriginError);
        };
        let web = scheme == "https" || scheme == "http";
        let bare = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
        if web && bare {
            Ok(Self(format!("{scheme}://{authority}")))
        } else {
            Err(ParseOriginError)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_slash_at_its_end() {
        for text in ["https://127.0.0.1:8443", "https://127.0.0.1:8443/"] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.to_string(), "https://127.0.0.1:8443");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in ["", "localhost:8443", "ftp://a", "https://a/b", "https://a?b", "https://u@a"] {
            assert_eq!(text.parse::<Origin>(), Err(ParseOriginError), "{text}");
        }
    }
}
