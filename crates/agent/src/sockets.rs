//! Which UDP socket a device talks through.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use muster_transport::{EndpointError, FaultyLink, Network, SocketBuffers};
use quinn::Endpoint;
use tracing::warn;

/// How devices share UDP sockets.
///
/// A socket costs a file descriptor and up to 3 MB of receive buffer, so thousands of devices
/// share one; a socket of its own gives a device an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// This many for the whole fleet, devices spread round robin.
    Shared(NonZeroUsize),
    /// One each, opened with the first connection.
    PerDevice,
}

impl Default for Sockets {
    fn default() -> Self {
        Self::Shared(NonZeroUsize::MIN)
    }
}

/// The sockets of a running fleet.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// Empty if each device has its own.
    shared: Vec<Endpoint>,
    warned: AtomicBool,
    server: SocketAddr,
    network: Network,
}

impl Endpoints {
    pub(crate) fn open(
        sockets: Sockets,
        server: SocketAddr,
        network: Network,
    ) -> Result<Self, EndpointError> {
        let (shared, warned) = (Vec::new(), AtomicBool::new(false));
        let mut endpoints = Self { shared, warned, server, network };
        let count = match sockets {
            Sockets::Shared(count) => count.get(),
            Sockets::PerDevice => 0,
        };
        for _ in 0..count {
            let endpoint = endpoints.open_one()?;
            endpoints.shared.push(endpoint);
        }
        Ok(endpoints)
    }

    /// The shared socket of the device with this index, if sockets are shared.
    pub(crate) fn shared(&self, index: usize) -> Option<&Endpoint> {
        let count = self.shared.len().max(1);
        self.shared.get(index % count)
    }

    /// A socket for one device.
    pub(crate) fn open_one(&self) -> Result<Endpoint, EndpointError> {
        let (endpoint, buffers) = self.network.client_endpoint(self.server)?;
        if let Some(buffers) = buffers {
            self.warn_once(buffers);
        }
        Ok(endpoint)
    }

    /// A socket for one device behind a faulty link.
    pub(crate) fn open_faulty(&self, link: &FaultyLink) -> Result<Endpoint, EndpointError> {
        let (endpoint, buffers) = link.client_endpoint(self.server)?;
        self.warn_once(buffers);
        Ok(endpoint)
    }

    /// Waits until the peers have been told of every closed connection.
    pub(crate) async fn wait_idle(&self) {
        for endpoint in &self.shared {
            endpoint.wait_idle().await;
        }
    }

    fn warn_once(&self, buffers: SocketBuffers) {
        if let Some(advice) = buffers.shortfall()
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            warn!(advice, "socket buffers are smaller than asked for");
        }
    }
}
