//! Serves the vendor's services over HTTPS.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use muster_transport::{CaError, RunCa, TlsError, mutual_https_server_config};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::desk::Desk;
use crate::folder::{FolderError, VendorFolder};
use crate::push::{PushDesk, push_router};
use crate::router::router;

/// How long open requests may take to finish once the service stops.
const DRAIN_WITHIN: Duration = Duration::from_millis(500);

/// How long the service may take to stop in all.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// How long a customer may take to send the head of a request over HTTP/1.1.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// How often an HTTP/2 customer has to show that it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// The name in the customer's certificate.
const CUSTOMER: &str = "muster push certificate";

/// Where the vendor listens and keeps its certificates.
#[derive(Clone, Debug)]
pub struct VendorConfig {
    /// TCP address, on loopback only; port 0 picks a free one.
    pub address: SocketAddr,
    /// Its folder, made if it does not exist.
    pub folder: VendorFolder,
}

/// The running services. Dropping it stops it; see [`VendorFace::stop`].
#[derive(Debug)]
pub struct VendorFace {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    tasks: TaskTracker,
}

/// Why the services do not start.
#[derive(Debug, thiserror::Error)]
pub enum VendorError {
    /// An address that other machines could reach.
    #[error("{0} is not a loopback address; the vendor's services listen on loopback only")]
    Exposed(SocketAddr),
    /// The folder.
    #[error("failed to prepare the vendor's folder")]
    Folder(#[from] FolderError),
    /// The certificates.
    #[error("failed to prepare the vendor's certificates")]
    Ca(#[from] CaError),
    /// The socket.
    #[error("failed to listen on {address}; is another vendor's service running?")]
    Listen {
        /// The wanted address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error("failed to configure HTTPS")]
    Tls(#[from] TlsError),
}

impl VendorFace {
    /// Serves the activation service of `desk` and the push services of `push`, and returns once it
    /// listens.
    ///
    /// Cancel safe: yes, it waits for nothing.
    ///
    /// # Errors
    /// [`VendorError`] says which part does not start.
    pub fn start(
        config: &VendorConfig,
        desk: impl Desk,
        push: impl PushDesk,
    ) -> Result<Self, VendorError> {
        let VendorConfig { address, folder } = config;
        if !address.ip().is_loopback() {
            return Err(VendorError::Exposed(*address));
        }
        folder.create()?;
        let ca = RunCa::open_or_create(folder.root())?;
        ca.keep_client(CUSTOMER, &folder.push_certificate(), &folder.push_key())?;
        let tls = mutual_https_server_config(&ca.issue_server()?, ca.certificate_der())?;
        let listen = |source| VendorError::Listen { address: *address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        folder.write_endpoint(address)?;
        let (handle, tasks) = (Handle::new(), TaskTracker::new());
        let tls = RustlsConfig::from_config(Arc::new(tls));
        let routes = router(desk).merge(push_router(push));
        tasks.spawn(serve(listener, tls, routes, handle.clone()));
        info!(%address, "the vendor's services listen");
        Ok(Self { address, handle, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: open requests may finish, new ones are refused.
    ///
    /// Cancel safe: yes; what is not drained is cut.
    pub async fn stop(self) {
        self.handle.graceful_shutdown(Some(DRAIN_WITHIN));
        self.tasks.close();
        if timeout(STOP_WITHIN, self.tasks.wait()).await.is_err() {
            warn!("the vendor's services did not stop in time");
        }
    }
}

impl Drop for VendorFace {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn serve(
    listener: TcpListener,
    tls: RustlsConfig,
    routes: Router,
    handle: Handle<SocketAddr>,
) {
    let mut server = match axum_server::from_tcp_rustls(listener, tls) {
        // Answers are small and awaited: to hold them back for more would cost 40 ms each.
        Ok(server) => server.map(|tls| tls.acceptor(NoDelayAcceptor::new())),
        Err(error) => {
            error!(%error, "the vendor's services cannot be served");
            return;
        }
    };
    let http = server.http_builder();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY);
    let served = server.handle(handle).serve(routes.into_make_service()).await;
    if let Err(error) = served {
        error!(%error, "the vendor's services ended");
    }
}
