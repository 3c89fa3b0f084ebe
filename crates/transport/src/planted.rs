//! Where the planted faults of `muster_protocol::planted` bite in this crate.
//!
//! Without the feature `planted` settings go through here as they are.

#[cfg(feature = "planted")]
mod blind;
#[cfg(feature = "planted")]
mod faulty;
#[cfg(feature = "planted")]
mod lenient;

#[cfg(feature = "planted")]
pub(crate) use faulty::{client, server, verifier};

#[cfg(not(feature = "planted"))]
pub(crate) use healthy::{client, server, verifier};

#[cfg(not(feature = "planted"))]
mod healthy {
    use std::sync::Arc;

    use rustls::server::danger::ClientCertVerifier;
    use rustls::{ClientConfig, ServerConfig};

    pub(crate) const fn client(config: ClientConfig) -> ClientConfig {
        config
    }

    pub(crate) const fn server(config: ServerConfig) -> ServerConfig {
        config
    }

    pub(crate) const fn verifier(
        strict: Arc<dyn ClientCertVerifier>,
    ) -> Arc<dyn ClientCertVerifier> {
        strict
    }
}
