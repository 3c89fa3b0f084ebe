//! How a server that is a probe behaves before any message.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{IdleTimeout, TransportConfig, VarInt};
use rustls::pki_types::CertificateDer;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerSessionMemoryCache,
    WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, KeyLogFile, NamedGroup, ServerConfig};

use super::offer::certified;
use crate::endpoint::{QUIC_VERSION, Serving};
use crate::identity::Identity;
use crate::skew::Skew;
use crate::tls::{TlsError, provider, roots};

/// Streams a client may open, so that a second one shows.
const CLIENT_STREAMS: u32 = 4;

/// A draft of QUIC before its first version (draft 29).
const DRAFT_VERSION: u32 = 0xff00_001d;

/// Sessions a probe remembers, for clients that would resume.
const SESSIONS_MAX: usize = 64;

/// Who a server says it is, and what it offers.
#[derive(Clone)]
pub struct Manner {
    /// Key and certificate, which need not be right.
    pub identity: Identity,
    /// Whose clients it lets in.
    pub clients_of: CertificateDer<'static>,
    /// The protocols it knows.
    pub protocols: Vec<Vec<u8>>,
    /// Which version of QUIC it speaks.
    pub version: Version,
    /// Whether it hands out tickets, and takes early data with them.
    pub tickets: Tickets,
    /// How long it bears silence.
    pub silence: Duration,
    /// What certificates are held against.
    pub skew: Skew,
}

/// A version of QUIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The one there is.
    One,
    /// A draft before it.
    Draft,
}

/// What a server does for those who come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tickets {
    /// Nothing: each handshake is whole.
    None,
    /// Tickets with which a client may send early data.
    WithEarlyData,
}

/// What stood in the first message of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// The protocols it offers.
    pub protocols: Vec<Vec<u8>>,
    /// Whether `TLS_AES_128_GCM_SHA256` is among its suites.
    pub offers_aes_128: bool,
    /// Whether X25519 is among its groups.
    pub offers_x25519: bool,
}

impl Manner {
    /// Settings for one connection, and where the greetings of its client will stand.
    pub(super) fn serving(&self, tls: &ServerConfig) -> Result<(Serving, Greetings), TlsError> {
        let greetings = Greetings::default();
        let mut tls = tls.clone();
        let key = Arc::new(certified(&self.identity)?);
        tls.cert_resolver = Arc::new(Listening { key, greetings: greetings.clone() });
        let crypto = QuicServerConfig::try_from(tls)?;
        let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        config.transport_config(Arc::new(transport(self.silence)));
        let version = match self.version {
            Version::One => QUIC_VERSION,
            Version::Draft => DRAFT_VERSION,
        };
        Ok((Serving { config, version }, greetings))
    }

    /// What all connections share: those who come again are known again.
    pub(super) fn tls(&self) -> Result<ServerConfig, TlsError> {
        let verifier = WebPkiClientVerifier::builder_with_provider(
            roots(self.clients_of.clone())?,
            provider(),
        )
        .allow_unauthenticated()
        .build()?;
        let key = Arc::new(certified(&self.identity)?);
        let mut tls = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(Listening { key, greetings: Greetings::default() }));
        tls.alpn_protocols.clone_from(&self.protocols);
        tls.time_provider = Arc::new(self.skew.clone());
        // Where `SSLKEYLOGFILE` says, and nowhere if it says nothing.
        tls.key_log = Arc::new(KeyLogFile::new());
        match self.tickets {
            Tickets::None => {
                tls.send_tls13_tickets = 0;
                tls.session_storage = Arc::new(NoServerSessionStorage {});
            }
            Tickets::WithEarlyData => {
                tls.session_storage = ServerSessionMemoryCache::new(SESSIONS_MAX);
                tls.max_early_data_size = u32::MAX;
            }
        }
        Ok(tls)
    }
}

impl fmt::Debug for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manner").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// The first messages of one client: two, if it had to be asked again.
#[derive(Clone, Debug, Default)]
pub(super) struct Greetings(Arc<Mutex<Vec<Greeting>>>);

impl Greetings {
    pub(super) fn all(&self) -> Vec<Greeting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Shows its certificate to everybody, and writes down what they say.
#[derive(Debug)]
struct Listening {
    key: Arc<CertifiedKey>,
    greetings: Greetings,
}

impl ResolvesServerCert for Listening {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let protocols = hello.alpn().map(|names| names.map(<[u8]>::to_vec).collect());
        let suites = hello.cipher_suites();
        let groups = hello.named_groups().unwrap_or_default();
        let greeting = Greeting {
            protocols: protocols.unwrap_or_default(),
            offers_aes_128: suites.contains(&CipherSuite::TLS13_AES_128_GCM_SHA256),
            offers_x25519: groups.contains(&NamedGroup::X25519),
        };
        self.greetings.0.lock().unwrap_or_else(PoisonError::into_inner).push(greeting);
        Some(Arc::clone(&self.key))
    }
}

fn transport(silence: Duration) -> TransportConfig {
    let silence = IdleTimeout::try_from(silence).expect("it fits a QUIC integer");
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(CLIENT_STREAMS))
        .max_concurrent_uni_streams(VarInt::from_u32(CLIENT_STREAMS))
        .max_idle_timeout(Some(silence))
        .mtu_discovery_config(None);
    #[cfg(feature = "qlog")]
    super::qlog::record(&mut transport, "server");
    transport
}
