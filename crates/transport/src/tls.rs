//! TLS settings of both sides: TLS 1.3 (RFC 8446) with X25519, AES-128-GCM before the rest, no resumption.
//!
//! The provider is named everywhere, so no process-wide default is needed or disturbed.
//! Resumption is off: a ticket is only used with the certificate resolver it was issued under, so
//! a store shared by devices never hits, and tickets nobody uses cost the server CPU.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use muster_protocol::alpn;
use muster_protocol::limits::KEEP_ALIVE;
use quinn::crypto::rustls::{NoInitialCipherSuite, QuicClientConfig, QuicServerConfig};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::sign::{any_eddsa_type, any_supported_type};
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{ClientConfig, ConfigBuilder, ConfigSide, RootCertStore, ServerConfig, WantsVerifier};

use crate::endpoint::{device_transport, discovering_transport};
use crate::identity::Identity;
use crate::planted;
use crate::skew::Skew;

/// The name a server certificate of the run is issued for.
pub const SERVER_NAME: &str = "localhost";

/// A TLS configuration that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate or key the TLS library refuses.
    #[error("certificate or key refused")]
    Refused {
        /// Why.
        #[from]
        source: rustls::Error,
    },
    /// A CA certificate nobody can be verified against.
    #[error("CA certificate refused")]
    Ca {
        /// Why.
        #[from]
        source: VerifierBuilderError,
    },
    /// The provider lacks the suite QUIC begins with.
    #[error("crypto provider does not serve QUIC")]
    Quic {
        /// Why.
        #[from]
        source: NoInitialCipherSuite,
    },
}

/// The TLS settings of a fleet: made once, cloned per device.
#[derive(Clone)]
pub struct ClientTls {
    enrolment: quinn::ClientConfig,
    management: ClientConfig,
    /// Shared by all devices: a copy for each would cost a fleet memory.
    transport: Arc<quinn::TransportConfig>,
    /// The same for devices that measure their path.
    discovering: Arc<quinn::TransportConfig>,
}

/// What a device takes for the largest datagram its path carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathMtu {
    /// What every path of QUIC carries, 1,200 bytes: nothing a session says is much larger.
    Smallest,
    /// What it finds out, at the price of some packets after each handshake.
    Discovered,
}

impl ClientTls {
    /// Settings that trust servers of `ca` and nobody else.
    ///
    /// # Errors
    /// [`TlsError`] if `ca` is no certificate.
    pub fn new(ca: CertificateDer<'static>) -> Result<Self, TlsError> {
        let mut base = tls13(ClientConfig::builder_with_provider(provider()))?
            .with_root_certificates(roots(ca)?)
            .with_no_client_auth();
        base.resumption = Resumption::disabled();
        let mut base = planted::client(base);
        let mut enrolment = base.clone();
        enrolment.alpn_protocols = vec![alpn::ENROLMENT.to_vec()];
        base.alpn_protocols = vec![alpn::MANAGEMENT.to_vec()];
        let transport = device_transport(KEEP_ALIVE);
        let enrolment = quic_client(enrolment, transport.clone())?;
        let discovering = discovering_transport(KEEP_ALIVE);
        Ok(Self { enrolment, management: base, transport, discovering })
    }

    /// The same with devices that ping this often: the sooner, the earlier they notice a server
    /// that was killed and came back.
    #[must_use]
    pub fn with_keep_alive(self, every: Duration) -> Self {
        let (transport, discovering) = (device_transport(every), discovering_transport(every));
        Self { transport, discovering, ..self }
    }

    /// The same in a time of its own: what servers show is held against it.
    ///
    /// # Errors
    /// [`TlsError`] if the settings cannot be made anew; with the provider of this crate they can.
    pub fn with_skew(self, skew: &Skew) -> Result<Self, TlsError> {
        let mut base = self.management;
        base.time_provider = Arc::new(skew.clone());
        let mut enrolment = base.clone();
        enrolment.alpn_protocols = vec![alpn::ENROLMENT.to_vec()];
        let enrolment = quic_client(enrolment, self.transport.clone())?;
        Ok(Self { enrolment, management: base, ..self })
    }

    /// For a device that has no certificate yet.
    #[must_use]
    pub fn enrolment(&self) -> quinn::ClientConfig {
        self.enrolment.clone()
    }

    /// For a device with a certificate. Only the certificate is new: verifier and provider are
    /// shared by the whole fleet.
    ///
    /// # Errors
    /// [`TlsError::Refused`] if the key is not one TLS can sign with, or not the certificate's.
    pub fn management(&self, identity: &Identity) -> Result<quinn::ClientConfig, TlsError> {
        self.management_over(PathMtu::Smallest, identity)
    }

    /// The same over a path of which the device takes this for its largest datagram.
    ///
    /// # Errors
    /// As for [`Self::management`].
    pub fn management_over(
        &self,
        path: PathMtu,
        identity: &Identity,
    ) -> Result<quinn::ClientConfig, TlsError> {
        let transport = match path {
            PathMtu::Smallest => &self.transport,
            PathMtu::Discovered => &self.discovering,
        };
        let certified = certified_key(identity)?;
        let mut config = self.management.clone();
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        quic_client(config, transport.clone())
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").finish_non_exhaustive()
    }
}

/// TLS of the admin face: HTTP/2 or HTTP/1.1, no client certificates.
///
/// # Errors
/// [`TlsError::Refused`] if the key is not one TLS can sign with, or not the certificate's.
pub fn https_server_config(identity: &Identity) -> Result<ServerConfig, TlsError> {
    let certified = certified_key(identity)?;
    let mut config = tls13(ServerConfig::builder_with_provider(provider()))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(without_resumption(config))
}

/// TLS of a client of such a face: trusts servers of `ca` and nobody else, and shows `identity` if
/// it has one.
///
/// # Errors
/// [`TlsError::Refused`] if `ca` is no certificate, or the key is not the certificate's.
pub fn https_client_config(
    ca: CertificateDer<'static>,
    identity: Option<&Identity>,
) -> Result<ClientConfig, TlsError> {
    let trusting =
        tls13(ClientConfig::builder_with_provider(provider()))?.with_root_certificates(roots(ca)?);
    let mut config = match identity {
        None => trusting.with_no_client_auth(),
        Some(identity) => {
            let certified = certified_key(identity)?;
            trusting.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
        }
    };
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS of a face for customers: as [`https_server_config`], and whoever connects has to show a
/// certificate for clients that `ca` has issued.
///
/// # Errors
/// [`TlsError::Refused`] if the key is not one TLS can sign with, or not the certificate's;
/// [`TlsError::Ca`] if nobody can be verified against `ca`.
pub fn mutual_https_server_config(
    identity: &Identity,
    ca: CertificateDer<'static>,
) -> Result<ServerConfig, TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(ca)?, provider()).build()?;
    let certified = certified_key(identity)?;
    let mut config = tls13(ServerConfig::builder_with_provider(provider()))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(without_resumption(config))
}

/// TLS of the QUIC server: both protocols, certificates of `ca` verified where shown.
///
/// A client may show none, because enrolment has none; management without one is for the
/// server to refuse (`CertificateRequired`), after the handshake has said which protocol it is.
pub(crate) fn quic_server(
    identity: &Identity,
    ca: CertificateDer<'static>,
    skew: &Skew,
) -> Result<QuicServerConfig, TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(ca)?, provider())
        .allow_unauthenticated()
        .build()?;
    let certified = certified_key(&without_issuers(identity))?;
    let mut config = tls13(ServerConfig::builder_with_provider(provider()))?
        .with_client_cert_verifier(planted::verifier(verifier))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![alpn::ENROLMENT.to_vec(), alpn::MANAGEMENT.to_vec()];
    config.time_provider = Arc::new(skew.clone());
    Ok(QuicServerConfig::try_from(planted::server(without_resumption(config)))?)
}

/// The crypto of every connection.
///
/// AES-128-GCM is the suite QUIC begins with (RFC 9001, section 5.2); hybrid key exchange is left
/// out because it makes a handshake about a twelfth dearer on both sides.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| {
        Arc::new(CryptoProvider {
            cipher_suites: vec![
                cipher_suite::TLS13_AES_128_GCM_SHA256,
                cipher_suite::TLS13_AES_256_GCM_SHA384,
                cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
            ],
            kx_groups: vec![kx_group::X25519],
            key_provider: &Ed25519First,
            ..default_provider()
        })
    });
    Arc::clone(provider)
}

/// Reads keys of every kind, but tries first what devices have: the library's order, with RSA and
/// three curves before, takes 39 µs for a key of theirs instead of 8, and each connect reads one.
#[derive(Debug)]
struct Ed25519First;

impl KeyProvider for Ed25519First {
    fn load_private_key(
        &self,
        key: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        if let PrivateKeyDer::Pkcs8(pkcs8) = &key
            && let Ok(ed25519) = any_eddsa_type(pkcs8)
        {
            return Ok(ed25519);
        }
        any_supported_type(&key)
    }
}

fn tls13<S: ConfigSide>(
    builder: ConfigBuilder<S, rustls::WantsVersions>,
) -> Result<ConfigBuilder<S, WantsVerifier>, rustls::Error> {
    builder.with_protocol_versions(&[&rustls::version::TLS13])
}

fn without_resumption(mut config: ServerConfig) -> ServerConfig {
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config
}

fn quic_client(
    config: ClientConfig,
    transport: Arc<quinn::TransportConfig>,
) -> Result<quinn::ClientConfig, TlsError> {
    let crypto = QuicClientConfig::try_from(config)?;
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(transport);
    // The server issues no address-validation tokens, so there is nothing to store.
    config.token_store(Arc::new(quinn::NoneTokenStore));
    Ok(config)
}

/// The own certificate alone. Devices have the CA's already, and each would keep the copy for as
/// long as its connection: 1,600 bytes with the buffer the longer handshake takes.
fn without_issuers(identity: &Identity) -> Identity {
    Identity { chain: identity.chain.first().cloned().into_iter().collect(), ..identity.clone() }
}

fn certified_key(identity: &Identity) -> Result<CertifiedKey, rustls::Error> {
    let (chain, key) = (identity.chain.clone(), identity.key.clone_key());
    CertifiedKey::from_der(chain, key, &provider())
}

pub(crate) fn roots(ca: CertificateDer<'static>) -> Result<Arc<RootCertStore>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(ca)?;
    Ok(Arc::new(roots))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceKey, RunCa, certificate_from_pem};
    use rustls::pki_types::ServerName;
    use rustls::{ClientConnection, ProtocolVersion, ServerConnection};

    fn browser(ca: &RunCa, protocols: &[&[u8]]) -> ClientConnection {
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots(ca.certificate_der()).unwrap())
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        ClientConnection::new(Arc::new(config), name).unwrap()
    }

    fn shake_hands(client: &mut ClientConnection, server: &mut ServerConnection) {
        greet(client, server).unwrap();
    }

    fn greet(
        client: &mut ClientConnection,
        server: &mut ServerConnection,
    ) -> Result<(), rustls::Error> {
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut wire = Vec::new();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn the_admin_face_speaks_tls_13_and_prefers_http_2() {
        let ca = RunCa::ephemeral().unwrap();
        let config = https_server_config(&ca.issue_server().unwrap()).unwrap();
        let mut server = ServerConnection::new(Arc::new(config)).unwrap();
        let mut client = browser(&ca, &[b"http/1.1", b"h2"]);
        shake_hands(&mut client, &mut server);
        assert_eq!(client.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert!(client.peer_certificates().is_some());
        assert!(server.peer_certificates().is_none());
    }

    #[test]
    fn only_a_certificate_for_clients_gets_through_to_a_face_for_customers() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("a.pem"), folder.path().join("a-key.pem"));
        let (ca, other) = (RunCa::ephemeral().unwrap(), RunCa::ephemeral().unwrap());
        ca.keep_client("a customer", &certificate, &key).unwrap();
        let read = |path| std::fs::read(path).unwrap();
        let customer = Identity::from_pem(&read(&certificate), &read(&key)).unwrap();
        let server = ca.issue_server().unwrap();
        let config = mutual_https_server_config(&server, ca.certificate_der()).unwrap();
        let config = Arc::new(config);
        let lets_in = |identity: Option<&Identity>| {
            let tls = https_client_config(ca.certificate_der(), identity).unwrap();
            let name = ServerName::try_from("127.0.0.1").unwrap();
            let mut client = ClientConnection::new(Arc::new(tls), name).unwrap();
            let mut server = ServerConnection::new(config.clone()).unwrap();
            greet(&mut client, &mut server)
        };
        assert!(lets_in(Some(&customer)).is_ok());
        let stranger = other.issue_server().unwrap();
        for refused in [None, Some(&server), Some(&stranger)] {
            assert!(lets_in(refused).is_err());
        }
    }

    #[test]
    fn text_that_is_no_pem_is_no_identity() {
        assert!(Identity::from_pem(b"", b"").is_err());
        assert!(certificate_from_pem(b"no certificate").is_err());
    }

    #[test]
    fn a_key_that_is_not_the_certificates_is_refused() {
        let ca = RunCa::ephemeral().unwrap();
        let other = DeviceKey::generate().unwrap();
        let chain = ca.issue_server().unwrap().chain;
        let mixed = other.identity(chain.iter().map(|der| der.to_vec()).collect());
        let tls = ClientTls::new(ca.certificate_der()).unwrap();
        assert!(matches!(tls.management(&mixed), Err(TlsError::Refused { .. })));
        assert!(https_server_config(&mixed).is_err());
    }

    #[test]
    fn bytes_that_are_no_ca_are_refused() {
        assert!(ClientTls::new(CertificateDer::from(vec![1, 2, 3])).is_err());
    }
}
