//! By which names the control of a run is asked.

use std::net::SocketAddr;

use hyper::header::{HOST, HeaderMap};

/// Where a browser goes if an address names no port.
const USUAL_PORT: u16 = 80;

/// Whether a request names this machine, by a name that leads nowhere else.
///
/// A page of any site may ask for its own name once that has been made to lead to loopback, and the
/// browser takes the answer for the site's (DNS rebinding). Its requests still hold that name.
pub(super) fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let mut values = headers.get_all(HOST).iter();
    let only = values.next().filter(|_first| values.next().is_none());
    only.and_then(|value| value.to_str().ok()).is_some_and(|host| is_loopback(host, port))
}

fn is_loopback(host: &str, port: u16) -> bool {
    let is_name = |host: &str| {
        let parts = host.rsplit_once(':');
        parts.is_some_and(|(name, at)| {
            name.eq_ignore_ascii_case("localhost") && at.parse() == Ok(port)
        })
    };
    let is_address = |host: &str| {
        let address = host.parse::<SocketAddr>();
        address.is_ok_and(|address| address.ip().is_loopback() && address.port() == port)
    };
    let whole = format!("{host}:{USUAL_PORT}");
    [host, &whole].into_iter().any(|host| is_name(host) || is_address(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(hosts: &[&str], port: u16) -> bool {
        let hosts = hosts.iter().map(|host| (HOST, host.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for (name, host) in hosts {
            headers.append(name, host);
        }
        is_ours(&headers, port)
    }

    #[test]
    fn loopback_is_known_by_its_names_with_the_right_port() {
        for host in ["127.0.0.1:7600", "127.1.2.3:7600", "[::1]:7600", "LocalHost:7600"] {
            assert!(ours(&[host], 7600), "{host}");
            assert!(!ours(&[host], 7601), "{host}");
        }
        for host in ["127.0.0.1", "[::1]", "localhost", "localhost:80"] {
            assert!(ours(&[host], 80) && !ours(&[host], 7600), "{host}");
        }
    }

    #[test]
    fn a_name_that_somebody_else_may_lead_here_is_not_ours() {
        for host in [
            "evil.example:7600",
            "localhost.evil.example:7600",
            "127.0.0.1.evil.example:7600",
            "evil.example@127.0.0.1:7600",
            "192.0.2.7:7600",
            "0.0.0.0:7600",
            ":7600",
            "",
        ] {
            assert!(!ours(&[host], 7600), "{host}");
        }
        assert!(!ours(&[], 7600));
        assert!(!ours(&["localhost:7600", "evil.example:7600"], 7600), "which one is meant?");
    }
}
