//! QUIC endpoints, TLS configuration, the run's CA and device certificates, framed streams.
//!
//! Everything the shells need to talk: [`RunCa`] signs, [`server_endpoint`] and
//! [`client_endpoint`] open sockets, [`ClientTls`] makes connection settings,
//! [`FrameSender`] and [`FrameReceiver`] carry messages, [`peer_identity`] says who is there.

mod attentive;
mod ca;
mod close;
mod csr;
mod digest;
mod endpoint;
mod fault;
mod files;
mod framed;
mod identity;
mod key;
mod memory;
mod mute;
mod network;
mod peer;
mod planted;
pub mod probe;
mod reset;
mod skew;
mod tls;
mod validity;
mod writable;

pub use ca::{CaError, HostName, ParseHostNameError, RunCa};
pub use close::{close, close_code};
pub use csr::{CsrError, CsrKey};
pub use digest::sha256;
pub use endpoint::{EndpointError, SocketBuffers, client_endpoint, server_endpoint};
pub use fault::{
    Direction, FaultClock, FaultCourse, FaultyLink, LinkCount, LinkCounters, LinkFault, LinkRule,
    LinkTotals, Rate, Window,
};
pub use framed::{FrameReceiver, FrameSender, ReceiveError, SendError, violation};
pub use identity::{Identity, PemError, certificate_from_pem};
pub use key::{DeviceKey, KeyError};
pub use memory::{Fate, MemoryNetwork, Outage, Packet, Way, Weather};
pub use mute::mute;
pub use network::Network;
pub use peer::{PeerError, PeerIdentity, Purpose, certificate_identity, peer_identity, purpose};
pub use reset::ResetKey;
pub use rustls::pki_types::{CertificateDer, PrivateKeyDer};
pub use skew::{Moves, Skew};
pub use tls::{
    ClientTls, PathMtu, SERVER_NAME, TlsError, https_client_config, https_server_config,
    mutual_https_server_config,
};
pub use validity::Validity;
