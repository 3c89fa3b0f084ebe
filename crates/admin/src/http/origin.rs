//! Where clients reach the API, and by which of its names one of them has.

use core::fmt;
use core::str::FromStr;

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};

/// The hosts that unmodified scripts have written down: Graph, and where they get their tokens.
///
/// Source: Microsoft Graph and Microsoft identity platform, the endpoints of the global cloud.
pub const MICROSOFT_HOSTS: [&str; 2] = [GRAPH_HOST, LOGIN_HOST];

const GRAPH_HOST: &str = "graph.microsoft.com";
const LOGIN_HOST: &str = "login.microsoftonline.com";

/// The names of the loopback device.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Scheme, host and port that links are made of, for example `https://127.0.0.1:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Text that is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: expected a scheme, a host and a port, such as https://127.0.0.1:8443")]
pub struct ParseOriginError;

/// Whether a proxy leads the hosts of Microsoft to this server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Microsoft {
    /// Nobody comes by those names.
    #[default]
    Elsewhere,
    /// Who comes by those names stays with them: links lead where the client can follow.
    Here,
}

/// Every name this server has.
///
/// They come from the configuration. A `Host` header only chooses among them, so a client cannot
/// make the server hand out links to somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// The one of the configuration, for whoever comes by a name that is not ours.
    own: Origin,
    /// Those that requests may come by.
    all: Vec<Origin>,
}

impl Origins {
    /// The names of a server that listens at `own`.
    #[must_use]
    pub fn new(own: Origin, microsoft: Microsoft) -> Self {
        let mut all = vec![own.clone()];
        if let Some((scheme, port)) = own.loopback() {
            all.extend(LOOPBACK_HOSTS.map(|host| Origin(format!("{scheme}://{host}:{port}"))));
        }
        match microsoft {
            Microsoft::Elsewhere => {}
            Microsoft::Here => all.extend(MICROSOFT_HOSTS.map(Origin::of_host)),
        }
        Self { own, all }
    }

    /// The same with further hosts, as URLs have them, that lead to the port of the configured one.
    #[must_use]
    pub fn with_hosts(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        if let Some((scheme, _host, port)) = self.own.place() {
            let more = hosts.into_iter().map(|host| Origin(format!("{scheme}://{host}:{port}")));
            self.all.extend(more);
        }
        self
    }

    /// The name in the configuration: anybody can follow links that begin with it.
    pub(crate) const fn own(&self) -> &Origin {
        &self.own
    }

    /// The name a request came by, or the configured one if that is none of ours.
    pub(crate) fn asked(&self, uri: &Uri, headers: &HeaderMap) -> &Origin {
        let host = || headers.get(HOST).and_then(|host| host.to_str().ok());
        // HTTP/2 has no `Host`; a request line may name the host too.
        let authority = uri.authority().map(|authority| authority.as_str()).or_else(host);
        let named = authority.and_then(|name| self.all.iter().find(|one| one.is_at(name)));
        named.unwrap_or(&self.own)
    }

    /// Whether a scheme with host and port means this server.
    pub(crate) fn has(&self, origin: &str) -> bool {
        let (scheme, authority) = origin.split_once("://").unwrap_or_default();
        self.all.iter().any(|one| one.scheme().eq_ignore_ascii_case(scheme) && one.is_at(authority))
    }
}

impl Origin {
    fn of_host(host: &str) -> Self {
        Self(format!("https://{host}"))
    }

    /// Where a client of this name gets its tokens.
    pub(crate) fn login(&self) -> Self {
        if self.authority() == GRAPH_HOST { Self::of_host(LOGIN_HOST) } else { self.clone() }
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once("://").unwrap_or_default()
    }

    fn scheme(&self) -> &str {
        self.parts().0
    }

    fn authority(&self) -> &str {
        self.parts().1
    }

    /// Whether a host, with its port if it is not the usual one, is this one's.
    fn is_at(&self, authority: &str) -> bool {
        let usual = if self.scheme() == "https" { ":443" } else { ":80" };
        let bare = |name| str::strip_suffix(name, usual).unwrap_or(name);
        bare(self.authority()).eq_ignore_ascii_case(bare(authority))
    }

    /// Scheme and port of an origin on this machine.
    fn loopback(&self) -> Option<(&str, u16)> {
        let (scheme, host, port) = self.place()?;
        let here = LOOPBACK_HOSTS.iter().any(|name| host.eq_ignore_ascii_case(name));
        here.then_some((scheme, port))
    }

    /// Scheme, host and port, where a usual port may be left out.
    fn place(&self) -> Option<(&str, String, u16)> {
        let uri: Uri = self.0.parse().ok()?;
        let host = uri.host()?.to_owned();
        let usual = if self.scheme() == "https" { 443 } else { 80 };
        Some((self.scheme(), host, uri.port_u16().unwrap_or(usual)))
    }
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

    fn origins(own: &str, microsoft: Microsoft) -> Origins {
        Origins::new(own.parse().unwrap(), microsoft)
    }

    /// The name a request came by, over HTTP/1.1 and over HTTP/2.
    fn asked(origins: &Origins, host: &str) -> String {
        let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
        let old = origins.asked(&Uri::from_static("/v1.0"), &headers);
        let uri: Uri = format!("https://{host}/v1.0").parse().unwrap();
        assert_eq!(old, origins.asked(&uri, &HeaderMap::new()), "{host}");
        old.to_string()
    }

    #[test]
    fn a_server_on_this_machine_has_several_names() {
        let server = origins("https://127.0.0.1:8443", Microsoft::Elsewhere);
        for name in ["https://127.0.0.1:8443", "HTTPS://LOCALHOST:8443", "https://[::1]:8443"] {
            assert!(server.has(name), "{name}");
        }
        for name in ["https://127.0.0.1", "http://localhost:8443", "https://a:8443", "", "x"] {
            assert!(!server.has(name), "{name}");
        }
        let elsewhere = origins("https://muster.example", Microsoft::Elsewhere);
        assert!(elsewhere.has("https://Muster.example"));
        assert!(elsewhere.has("https://muster.example:443"));
        assert!(!elsewhere.has("https://localhost:443"));
    }

    #[test]
    fn links_begin_with_the_name_a_request_came_by_if_it_is_one_of_ours() {
        let server = origins("https://127.0.0.1:8443", Microsoft::Here);
        assert_eq!(asked(&server, "localhost:8443"), "https://localhost:8443");
        assert_eq!(asked(&server, "[::1]:8443"), "https://[::1]:8443");
        assert_eq!(asked(&server, "Graph.Microsoft.com"), "https://graph.microsoft.com");
        assert_eq!(asked(&server, "graph.microsoft.com:443"), "https://graph.microsoft.com");
        for other in ["evil.example", "graph.microsoft.com.evil.example", "127.0.0.1:1", "a:443"] {
            assert_eq!(asked(&server, other), "https://127.0.0.1:8443", "{other}");
        }
        let request = server.asked(&Uri::from_static("/"), &HeaderMap::new());
        assert_eq!(request, server.own(), "a request need not name a host");
    }

    #[test]
    fn a_server_that_has_further_names_hands_out_links_by_them() {
        let server = origins("https://0.0.0.0:8443", Microsoft::Elsewhere)
            .with_hosts(["mdm.example".to_owned(), "[2001:db8::7]".to_owned()]);
        assert_eq!(asked(&server, "MDM.example:8443"), "https://mdm.example:8443");
        assert_eq!(asked(&server, "[2001:db8::7]:8443"), "https://[2001:db8::7]:8443");
        assert_eq!(asked(&server, "evil.example:8443"), "https://0.0.0.0:8443");
    }

    #[test]
    fn the_hosts_of_microsoft_are_ours_only_where_a_proxy_leads_them_here() {
        let server = origins("https://127.0.0.1:8443", Microsoft::Elsewhere);
        assert_eq!(asked(&server, "graph.microsoft.com"), "https://127.0.0.1:8443");
        assert!(!server.has("https://login.microsoftonline.com"));
    }

    #[test]
    fn who_asks_graph_gets_tokens_where_graph_has_them_made() {
        let login = |origin: &str| origin.parse::<Origin>().unwrap().login().to_string();
        assert_eq!(login("https://graph.microsoft.com"), "https://login.microsoftonline.com");
        assert_eq!(login("https://127.0.0.1:8443"), "https://127.0.0.1:8443");
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in ["", "localhost:8443", "ftp://a", "https://a/b", "https://a?b", "https://u@a"] {
            assert_eq!(text.parse::<Origin>(), Err(ParseOriginError), "{text}");
        }
    }
}
