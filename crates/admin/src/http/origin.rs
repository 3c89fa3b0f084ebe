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

impl Origin {
    /// Whether a scheme with host and port means this server too.
    ///
    /// A server on the loopback device has several names.
    pub(crate) fn is_also(&self, origin: &str) -> bool {
        self.0.eq_ignore_ascii_case(origin)
            || loopback_port(origin).is_some_and(|port| loopback_port(&self.0) == Some(port))
    }
}

/// The port of an origin on this machine.
fn loopback_port(origin: &str) -> Option<u16> {
    let uri: Uri = origin.parse().ok()?;
    let host = uri.host()?;
    let here =
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.eq_ignore_ascii_case(name));
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    here.then(|| uri.port_u16().unwrap_or(usual))
}

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
    fn a_server_on_this_machine_has_several_names() {
        let origin: Origin = "https://127.0.0.1:8443".parse().unwrap();
        for name in ["https://127.0.0.1:8443", "HTTPS://LOCALHOST:8443", "https://[::1]:8443"] {
            assert!(origin.is_also(name), "{name}");
        }
        for name in ["https://127.0.0.1", "https://localhost:443", "https://a:8443", "", "x"] {
            assert!(!origin.is_also(name), "{name}");
        }
        let elsewhere: Origin = "https://muster.example".parse().unwrap();
        assert!(elsewhere.is_also("https://Muster.example"));
        assert!(!elsewhere.is_also("https://localhost:443"));
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in ["", "localhost:8443", "ftp://a", "https://a/b", "https://a?b", "https://u@a"] {
            assert_eq!(text.parse::<Origin>(), Err(ParseOriginError), "{text}");
        }
    }
}
