//! Where a command line leads, and whether that is this machine.

use std::net::{SocketAddr, ToSocketAddrs as _};

use reqwest::Url;

use crate::exit::usage_error;

/// The first address behind a `HOST:PORT`.
///
/// # Errors
/// If there is none.
pub(crate) fn resolved(text: &str) -> anyhow::Result<SocketAddr> {
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| usage_error(format!("{text:?} is no HOST:PORT that resolves")))
}

/// Everything a URL may lead to; `None` if it leads nowhere.
pub(crate) fn behind(url: &Url) -> Option<Vec<SocketAddr>> {
    url.socket_addrs(|| None).ok().filter(|places| !places.is_empty())
}

/// Whether all of them are of this machine.
pub(crate) fn are_here(places: &[SocketAddr]) -> bool {
    places.iter().all(|place| place.ip().is_loopback())
}
