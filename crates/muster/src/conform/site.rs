//! Where a target is, and what the suite holds of it.

use std::net::SocketAddr;
use std::sync::Arc;

use muster_transport::{CertificateDer, Network, RunCa, Skew};

/// What it takes to connect to a target, rightly or wrongly.
#[derive(Clone)]
pub(crate) struct Site {
    /// On which network.
    pub(crate) network: Network,
    /// Where.
    pub(crate) server: SocketAddr,
    /// The CA both sides trust.
    pub(crate) ca: CertificateDer<'static>,
    /// The same with its key, if the suite may make certificates of its own.
    pub(crate) ca_key: Option<Arc<RunCa>>,
    /// The time of the target, as far as it is known.
    pub(crate) skew: Skew,
}
