//! The settings of faulty devices and servers.

use std::sync::Arc;

use muster_protocol::planted::{Plant, is};
use rustls::server::ServerSessionMemoryCache;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, ServerConfig};

use super::blind::Blind;
use super::lenient::Lenient;

/// A protocol of the next major version, which nobody speaks.
const NEXT_MAJOR: &[u8] = b"muster-mgmt/2";

/// How many sessions a faulty server remembers.
const SESSIONS: usize = 256;

/// Trusts whom a faulty device trusts.
pub(crate) fn client(mut config: ClientConfig) -> ClientConfig {
    if is(Plant::AnyServerTrusted) {
        config.dangerous().set_certificate_verifier(Arc::new(Blind));
    }
    config
}

/// Offers what a faulty server offers.
pub(crate) fn server(mut config: ServerConfig) -> ServerConfig {
    if is(Plant::EarlyDataTaken) {
        config.send_tls13_tickets = 2;
        config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        config.max_early_data_size = u32::MAX;
    }
    if is(Plant::AnyProtocolAgreed) {
        config.alpn_protocols.push(NEXT_MAJOR.to_vec());
    }
    config
}

/// Overlooks what a faulty server overlooks.
pub(crate) fn verifier(strict: Arc<dyn ClientCertVerifier>) -> Arc<dyn ClientCertVerifier> {
    Arc::new(Lenient { strict })
}
