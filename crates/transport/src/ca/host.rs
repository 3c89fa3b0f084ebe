//! The names by which clients reach a server.

use core::fmt;
use core::str::FromStr;
use std::net::IpAddr;

use rcgen::SanType;
use rustls::pki_types::DnsName;

use super::{CaError, ia5};

/// A DNS name in lower case, or an address: what a client dials, and what the certificate of the
/// server therefore has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(Host);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Dns(DnsName<'static>),
    Address(IpAddr),
}

/// Text that no client can dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a DNS name or an IP address that a client can connect to; write it without a port")]
pub struct ParseHostNameError;

impl HostName {
    /// The name of an address; none of one that nobody connects to, such as `0.0.0.0`.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Option<Self> {
        let dialled = !address.is_unspecified() && !address.is_multicast();
        dialled.then_some(Self(Host::Address(address)))
    }

    /// As it stands in a URL: an IPv6 address in brackets.
    ///
    /// Source: RFC 3986, section 3.2.2.
    #[must_use]
    pub fn in_url(&self) -> String {
        match &self.0 {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
            Host::Address(IpAddr::V4(_)) | Host::Dns(_) => self.to_string(),
        }
    }

    /// As it stands among the subject alternative names of a certificate.
    pub(super) fn in_certificate(&self) -> Result<SanType, CaError> {
        Ok(match &self.0 {
            Host::Dns(name) => SanType::DnsName(ia5(name.as_ref())?),
            Host::Address(address) => SanType::IpAddress(*address),
        })
    }
}

/// Reads `mdm.example`, `192.0.2.7` or `2001:db8::7`. There are no wildcards: a certificate of a
/// run names what it is reached by.
impl FromStr for HostName {
    type Err = ParseHostNameError;

    fn from_str(text: &str) -> Result<Self, ParseHostNameError> {
        if let Ok(address) = text.parse() {
            return Self::of_address(address).ok_or(ParseHostNameError);
        }
        let name = DnsName::try_from(text).map_err(|_cause| ParseHostNameError)?;
        Ok(Self(Host::Dns(name.to_lowercase_owned())))
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Host::Dns(name) => f.write_str(name.as_ref()),
            Host::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_host_is_read_as_a_client_dials_it() {
        for (text, told, url) in [
            ("mdm.example", "mdm.example", "mdm.example"),
            ("MDM.Example", "mdm.example", "mdm.example"),
            ("server", "server", "server"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
            ("2001:DB8::7", "2001:db8::7", "[2001:db8::7]"),
        ] {
            let host: HostName = text.parse().unwrap();
            assert_eq!((host.to_string(), host.in_url()), (told.to_owned(), url.to_owned()));
        }
    }

    #[test]
    fn what_no_client_can_dial_is_refused() {
        let long = format!("{}.example", "a".repeat(64));
        for text in [
            "",
            " ",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "192.0.2.300",
            "192.0.2.7:443",
            "[::1]",
            "*.example",
            "a..b",
            "-a.example",
            "https://a",
            "a/b",
            "mdm_ä.example",
            &long,
        ] {
            assert_eq!(text.parse::<HostName>(), Err(ParseHostNameError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_so_that_it_is_read_again(text in ".{0,300}") {
            if let Ok(host) = text.parse::<HostName>() {
                prop_assert_eq!(host.to_string().parse(), Ok(host));
            }
        }
    }
}
