//! What a fleet reaches its server through.

use std::net::SocketAddr;

use quinn::Endpoint;

use crate::endpoint::{EndpointError, Serving, SocketBuffers, client_endpoint, open};
use crate::memory::MemoryNetwork;
use crate::reset::ResetKey;

/// The network a fleet is on.
#[derive(Clone, Debug, Default)]
pub enum Network {
    /// The machine's: sockets of the system.
    #[default]
    Udp,
    /// One of the process itself.
    Memory(MemoryNetwork),
}

impl Network {
    /// Opens an endpoint for devices of the server at `server`; in memory there is one server and
    /// there are no buffers of the system.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn client_endpoint(
        &self,
        server: SocketAddr,
    ) -> Result<(Endpoint, Option<SocketBuffers>), EndpointError> {
        match self {
            Self::Udp => {
                client_endpoint(server).map(|(endpoint, buffers)| (endpoint, Some(buffers)))
            }
            Self::Memory(network) => network.client_endpoint().map(|endpoint| (endpoint, None)),
        }
    }

    /// Opens an endpoint of a server at `address`, where there is a choice of addresses.
    pub(crate) fn serving_endpoint(
        &self,
        address: SocketAddr,
        reset: &ResetKey,
        serving: Serving,
    ) -> Result<Endpoint, EndpointError> {
        match self {
            Self::Udp => open(address, reset, Some(serving)).map(|(endpoint, _buffers)| endpoint),
            Self::Memory(network) => network.serving_endpoint(reset, serving),
        }
    }
}
