//! Serves the admin API over HTTPS.

mod guard;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use muster_admin::{AdminOptions, Microsoft, Origins, ParseOriginError, router};
use muster_transport::{HostName, Identity, TlsError, https_server_config};
use tokio_util::sync::CancellationToken;
use tracing::error;

use self::guard::Door;
use crate::backend::ServerBackend;

/// How long open requests may take to finish once the server stops.
const DRAIN_WITHIN: Duration = Duration::from_millis(800);

/// How long a client may take to send the head of a request over HTTP/1.1.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// How often an HTTP/2 client has to show that it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// A bound listener with its certificate, ready to serve.
pub(crate) struct AdminFace {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
    tls: RustlsConfig,
    origins: Origins,
}

impl AdminFace {
    /// Prepares a listener; `microsoft` says whether clients come by the names of Graph too,
    /// `names` by which others.
    ///
    /// # Errors
    /// [`AdminFaceError`] if the socket or the certificate cannot be used.
    pub(crate) fn new(
        listener: TcpListener,
        identity: &Identity,
        microsoft: Microsoft,
        names: &[HostName],
    ) -> Result<Self, AdminFaceError> {
        listener.set_nonblocking(true).map_err(AdminFaceError::Listener)?;
        let address = listener.local_addr().map_err(AdminFaceError::Listener)?;
        let tls = RustlsConfig::from_config(Arc::new(https_server_config(identity)?));
        let origin = format!("https://{address}").parse().map_err(AdminFaceError::Origin)?;
        let hosts = names.iter().map(HostName::in_url);
        let origins = Origins::new(origin, microsoft).with_hosts(hosts);
        Ok(Self { listener, address, tls, origins })
    }

    /// Serves until told to stop, then lets open requests finish.
    pub(crate) async fn run(
        self,
        backend: ServerBackend,
        clients: muster_admin::Identity,
        options: AdminOptions,
        stop: CancellationToken,
    ) {
        let service = router(backend, clients, self.origins, options).into_make_service();
        let handle = Handle::new();
        let mut server = match axum_server::from_tcp_rustls(self.listener, self.tls) {
            Ok(server) => server.map(Door::before),
            Err(error) => {
                error!(%error, "admin face cannot serve");
                return;
            }
        };
        let http = server.http_builder();
        http.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY);
        let serving = server.handle(handle.clone()).serve(service);
        let stopping = async {
            stop.cancelled().await;
            handle.graceful_shutdown(Some(DRAIN_WITHIN));
        };
        let (served, ()) = tokio::join!(serving, stopping);
        if let Err(error) = served {
            error!(%error, "admin face ended");
        }
    }
}

/// Why the admin face does not start.
#[derive(Debug, thiserror::Error)]
pub enum AdminFaceError {
    /// The socket cannot be used.
    #[error("failed to use the admin socket")]
    Listener(#[source] std::io::Error),
    /// The address makes no origin of links.
    #[error("failed to make links of the admin address")]
    Origin(#[source] ParseOriginError),
    /// The certificate cannot be used.
    #[error("failed to configure HTTPS")]
    Tls(#[from] TlsError),
}
