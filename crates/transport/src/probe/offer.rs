//! What a probe offers in its handshake.

use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{IdleTimeout, TransportConfig, VarInt};
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, KeyLogFile};

use crate::identity::Identity;
use crate::skew::Skew;
use crate::tls::{TlsError, provider, roots};

/// Streams a probe lets the server open, so that it sees whether the server does.
const SERVER_STREAMS: u32 = 4;

/// How long a probe bears silence: longer than any server should.
const SILENCE_MAX: Duration = Duration::from_secs(20 * 60);

/// What a client offers, and whom it trusts.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The CA of the server.
    pub ca: CertificateDer<'static>,
    /// The protocols, the best first.
    pub protocols: Vec<Vec<u8>>,
    /// Who it says it is. Key and certificate need not belong together.
    pub identity: Option<Identity>,
    /// What certificates are held against.
    pub skew: Skew,
}

impl Offer {
    /// As settings of a connection without keep-alive.
    pub(super) fn config(&self) -> Result<quinn::ClientConfig, TlsError> {
        let crypto = QuicClientConfig::try_from(self.tls()?)?;
        let mut config = quinn::ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport()));
        Ok(config)
    }

    fn tls(&self) -> Result<ClientConfig, TlsError> {
        let trusting = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots(self.ca.clone())?);
        let mut config = match &self.identity {
            None => trusting.with_no_client_auth(),
            Some(identity) => trusting.with_client_cert_resolver(Arc::new(shown(identity)?)),
        };
        config.alpn_protocols.clone_from(&self.protocols);
        config.time_provider = Arc::new(self.skew.clone());
        // A probe would like to resume and to send early data, to see whether the server lets it.
        config.resumption = Resumption::in_memory_sessions(1);
        config.enable_early_data = true;
        // Where `SSLKEYLOGFILE` says, and nowhere if it says nothing.
        config.key_log = Arc::new(KeyLogFile::new());
        Ok(config)
    }
}

fn shown(identity: &Identity) -> Result<SingleCertAndKey, TlsError> {
    Ok(SingleCertAndKey::from(certified(identity)?))
}

/// Without a look at whether the key is the certificate's.
pub(super) fn certified(identity: &Identity) -> Result<CertifiedKey, TlsError> {
    let key = provider().key_provider.load_private_key(identity.key.clone_key())?;
    Ok(CertifiedKey::new(identity.chain.clone(), key))
}

fn transport() -> TransportConfig {
    let silence = IdleTimeout::try_from(SILENCE_MAX).expect("it fits a QUIC integer");
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(SERVER_STREAMS))
        .max_concurrent_uni_streams(VarInt::from_u32(SERVER_STREAMS))
        .max_idle_timeout(Some(silence))
        .mtu_discovery_config(None);
    #[cfg(feature = "qlog")]
    super::qlog::record(&mut transport, "client");
    transport
}
