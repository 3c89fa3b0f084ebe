//! QUIC endpoints: one UDP socket per process, transport settings for many quiet connections.
//!
//! The settings are measured: what a connection holds in memory is decided by the stream limits,
//! and what a handshake costs by MTU discovery, which doubles its packets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::limits::{DEVICE_STREAMS_MAX, IDLE_TIMEOUT};
use quinn::{
    AsyncUdpSocket, ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig, IdleTimeout,
    MtuDiscoveryConfig, TransportConfig, VarInt,
};
use rustls::pki_types::CertificateDer;
use socket2::{Domain, Protocol, Socket, Type};

use crate::attentive::Attentive;
use crate::digest::random;
use crate::identity::Identity;
use crate::reset::ResetKey;
use crate::skew::Skew;
use crate::tls::{TlsError, quic_server};

/// Socket buffers asked for, in bytes: with fewer, a storm of connects drops packets.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;

/// UDP payload that every path of QUIC carries (RFC 9000, section 14).
const MTU_BYTES: u16 = 1200;

/// Flow control window of the one stream, in bytes: a largest frame fits.
const STREAM_WINDOW_BYTES: u32 = 64 << 10;

/// Flow control window of a connection, in bytes, each way.
const CONNECTION_WINDOW_BYTES: u32 = 256 << 10;

/// Version 1 of QUIC (RFC 9000).
pub(crate) const QUIC_VERSION: u32 = 1;

/// Length of a connection id: 64 random bits make two alike a matter of billions.
const CONNECTION_ID_BYTES: usize = 8;

/// An endpoint that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The socket could not be opened.
    #[error("failed to open a UDP socket on {address}")]
    Socket {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The TLS settings are impossible.
    #[error("failed to set up TLS")]
    Tls {
        /// Why.
        #[from]
        source: TlsError,
    },
    /// Called outside of a tokio runtime.
    #[error("no tokio runtime to drive the endpoint")]
    NoRuntime,
}

/// Buffers of a UDP socket, in bytes, counted as the system's own limits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketBuffers {
    /// What was asked for, each way.
    pub asked: usize,
    /// What the system gave for receiving.
    pub receive: usize,
    /// What the system gave for sending.
    pub send: usize,
}

impl SocketBuffers {
    /// Advice for the operator if the system gave less than was asked for.
    #[must_use]
    pub fn shortfall(&self) -> Option<String> {
        let short: Vec<String> = [
            ("receive", self.receive, "net.core.rmem_max"),
            ("send", self.send, "net.core.wmem_max"),
        ]
        .into_iter()
        .filter(|(_way, given, _limit)| *given < self.asked)
        .map(|(way, given, limit)| {
            let asked = self.asked;
            format!(
                "UDP {way} buffer is {given} bytes instead of {asked}: sysctl -w {limit}={asked}"
            )
        })
        .collect();
        (!short.is_empty()).then(|| short.join("; "))
    }
}

/// Opens the server's endpoint on `address`; port 0 takes a free one. Certificates of devices are
/// held against the time of `skew`.
///
/// # Errors
/// [`EndpointError`].
pub fn server_endpoint(
    address: SocketAddr,
    identity: Identity,
    ca: CertificateDer<'static>,
    reset: &ResetKey,
    skew: &Skew,
) -> Result<(Endpoint, SocketBuffers), EndpointError> {
    open(address, reset, Some(server_config(&identity, ca, skew)?.into()))
}

/// Opens an endpoint for devices of the server at `server`: on loopback if that is.
///
/// # Errors
/// [`EndpointError`].
pub fn client_endpoint(server: SocketAddr) -> Result<(Endpoint, SocketBuffers), EndpointError> {
    open(local_address(server), &ResetKey::random(), None)
}

/// A socket of its own for a device of the server at `server`, without an endpoint.
pub(crate) fn local_socket(
    server: SocketAddr,
) -> Result<(Arc<dyn AsyncUdpSocket>, SocketAddr, SocketBuffers), EndpointError> {
    let address = local_address(server);
    let runtime = quinn::default_runtime().ok_or(EndpointError::NoRuntime)?;
    let socket_error = |source| EndpointError::Socket { address, source };
    let (socket, buffers) = bind(address).map_err(socket_error)?;
    let socket = runtime.wrap_udp_socket(socket).map_err(socket_error)?;
    Ok((socket, address, buffers))
}

/// Any free port, on loopback if the server is.
fn local_address(server: SocketAddr) -> SocketAddr {
    let local: IpAddr = match server {
        SocketAddr::V4(v4) if v4.ip().is_loopback() => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(v6) if v6.ip().is_loopback() => Ipv6Addr::LOCALHOST.into(),
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::from((local, 0))
}

/// The server's endpoint on a socket of another kind; QUIC draws from `draws`.
pub(crate) fn server_on(
    socket: Arc<dyn AsyncUdpSocket>,
    draws: [u8; 32],
    (identity, ca): (Identity, CertificateDer<'static>),
    reset: &ResetKey,
    skew: &Skew,
) -> Result<Endpoint, EndpointError> {
    open_on(socket, draws, reset, Some(server_config(&identity, ca, skew)?.into()))
}

/// How an endpoint serves.
pub(crate) struct Serving {
    /// Settings of every connection.
    pub(crate) config: quinn::ServerConfig,
    /// The one version of QUIC it speaks.
    pub(crate) version: u32,
}

impl From<quinn::ServerConfig> for Serving {
    /// A server speaks version 1 of QUIC and none of the drafts before it, which the library would.
    ///
    /// Source: REQ-TRANSPORT-001 (docs/protocol/transport.md).
    fn from(config: quinn::ServerConfig) -> Self {
        Self { config, version: QUIC_VERSION }
    }
}

/// The same for devices.
pub(crate) fn client_on(
    socket: Arc<dyn AsyncUdpSocket>,
    draws: [u8; 32],
) -> Result<Endpoint, EndpointError> {
    open_on(socket, draws, &ResetKey::random(), None)
}

/// Transport settings of a device: it pings, the server opens nothing.
pub(crate) fn device_transport(keep_alive: Duration) -> Arc<TransportConfig> {
    let mut transport = transport();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .keep_alive_interval(Some(keep_alive));
    Arc::new(transport)
}

/// The same for a device that looks for the largest datagram its path carries, and begins again
/// with the smallest when that changes.
///
/// Source: RFC 8899; RFC 9000, section 14.3.
pub(crate) fn discovering_transport(keep_alive: Duration) -> Arc<TransportConfig> {
    let mut transport = transport();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .keep_alive_interval(Some(keep_alive))
        .mtu_discovery_config(Some(MtuDiscoveryConfig::default()));
    Arc::new(transport)
}

/// Transport settings of the server: the device opens the one stream of the session.
fn server_transport() -> TransportConfig {
    let mut transport = transport();
    transport.max_concurrent_bidi_streams(VarInt::from_u32(DEVICE_STREAMS_MAX));
    transport
}

fn transport() -> TransportConfig {
    let idle = IdleTimeout::try_from(IDLE_TIMEOUT).expect("the idle timeout fits a QUIC integer");
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .max_idle_timeout(Some(idle))
        .mtu_discovery_config(None)
        .initial_mtu(MTU_BYTES)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW_BYTES))
        .send_window(u64::from(CONNECTION_WINDOW_BYTES))
        .datagram_receive_buffer_size(None)
        .datagram_send_buffer_size(0)
        .allow_spin(false)
        .send_fairness(false)
        // One datagram at a time: a connection that has once sent two together keeps room for
        // eleven, 12 KB, and a session hardly ever has more than one to send.
        .enable_segmentation_offload(false);
    transport
}

pub(crate) fn open(
    address: SocketAddr,
    reset: &ResetKey,
    server: Option<Serving>,
) -> Result<(Endpoint, SocketBuffers), EndpointError> {
    let runtime = quinn::default_runtime().ok_or(EndpointError::NoRuntime)?;
    let socket_error = |source| EndpointError::Socket { address, source };
    let (socket, buffers) = bind(address).map_err(socket_error)?;
    let config = endpoint_config(reset, server.as_ref());
    let server = server.map(|it| it.config);
    let endpoint = Endpoint::new(config, server, socket, Attentive::new(runtime));
    Ok((endpoint.map_err(socket_error)?, buffers))
}

pub(crate) fn open_on(
    socket: Arc<dyn AsyncUdpSocket>,
    draws: [u8; 32],
    reset: &ResetKey,
    server: Option<Serving>,
) -> Result<Endpoint, EndpointError> {
    let runtime = quinn::default_runtime().ok_or(EndpointError::NoRuntime)?;
    let unspecified = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let address = socket.local_addr().unwrap_or(unspecified);
    let mut config = endpoint_config(reset, server.as_ref());
    config.rng_seed(Some(draws));
    let server = server.map(|it| it.config);
    let endpoint = Endpoint::new_with_abstract_socket(config, server, socket, runtime);
    endpoint.map_err(|source| EndpointError::Socket { address, source })
}

fn server_config(
    identity: &Identity,
    ca: CertificateDer<'static>,
    skew: &Skew,
) -> Result<quinn::ServerConfig, EndpointError> {
    let crypto = quic_server(identity, ca, skew)?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(server_transport()));
    Ok(config)
}

fn bind(address: SocketAddr) -> io::Result<(UdpSocket, SocketBuffers)> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // Systems that refuse more than their limit leave the buffer as it is: the value is read back.
    let _refused = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _refused = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    let buffers = SocketBuffers {
        asked: SOCKET_BUFFER_BYTES,
        receive: as_asked(socket.recv_buffer_size()?),
        send: as_asked(socket.send_buffer_size()?),
    };
    socket.bind(&address.into())?;
    Ok((socket.into(), buffers))
}

/// Linux answers with twice what it was asked for, its own bookkeeping included: socket(7).
const fn as_asked(read_back: usize) -> usize {
    if cfg!(target_os = "linux") { read_back / 2 } else { read_back }
}

/// A device begins with version 1 in any case.
fn endpoint_config(reset: &ResetKey, server: Option<&Serving>) -> EndpointConfig {
    let mut config = reset.endpoint_config();
    if let Some(server) = server {
        config.supported_versions(vec![server.version]);
    }
    config.cid_generator(|| Box::new(RandomConnectionIds));
    config
}

/// Connection ids of 64 random bits. Those of the library's default have 24, and with Retry two
/// alike let a connect hang until its idle timeout.
struct RandomConnectionIds;

impl ConnectionIdGenerator for RandomConnectionIds {
    fn generate_cid(&mut self) -> ConnectionId {
        ConnectionId::new(&random::<CONNECTION_ID_BYTES>())
    }

    fn cid_len(&self) -> usize {
        CONNECTION_ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: usize = 4_194_304;
    const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4433);

    #[test]
    fn buffers_as_asked_need_no_advice() {
        let buffers = SocketBuffers { asked: ASKED, receive: ASKED, send: ASKED };
        assert_eq!(buffers.shortfall(), None);
    }

    #[test]
    fn a_short_buffer_is_advised_with_the_limit_to_raise() {
        let buffers = SocketBuffers { asked: ASKED, receive: 212_992, send: ASKED };
        assert_eq!(
            buffers.shortfall().unwrap(),
            "UDP receive buffer is 212992 bytes instead of 4194304: \
             sysctl -w net.core.rmem_max=4194304"
        );
        let both = SocketBuffers { send: 1, ..buffers };
        assert!(both.shortfall().unwrap().contains("net.core.wmem_max"));
    }

    #[test]
    fn without_a_runtime_no_endpoint_opens() {
        let refused = client_endpoint(LOOPBACK);
        assert!(matches!(refused, Err(EndpointError::NoRuntime)));
    }

    #[tokio::test]
    async fn an_address_in_use_is_an_error_that_names_it() {
        let (first, _buffers) = client_endpoint(LOOPBACK).unwrap();
        let address = first.local_addr().unwrap();
        let refused = open(address, &ResetKey::random(), None);
        let named = matches!(refused, Err(EndpointError::Socket { address: named, .. }) if named == address);
        assert!(named);
    }
}
