//! Starts and stops the server.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use muster_admin::{AdminToken, Backend};
use muster_protocol::CloseCode;
use muster_protocol::secret::EnrolmentToken;
use muster_store::{Counts, LoadError, OpenError, Store};
use muster_transport::{CaError, EndpointError, RunCa, SocketBuffers, server_endpoint};
use quinn::Endpoint;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::activation::{ActivationAccess, Courier};
use crate::admin_face::{AdminFace, AdminFaceError};
use crate::backend::ServerBackend;
use crate::chance::random_text;
use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::data_dir::{DataDir, DataDirError, Endpoints, read_small, write_private};
use crate::enrolment::Enroller;
use crate::gateway::Gateway;
use crate::registry::Registry;
use crate::stats::{ServerStats, Totals};
use crate::sweeper;
use crate::tokens::{TokenError, TokenKind, TokenRequest, issue_token, profiles, run_clock};

/// How long sessions may take to hand back what is in flight.
const DRAIN_WITHIN: Duration = Duration::from_millis(1_500);

/// How long devices may take to hear that the server has gone.
const FAREWELL_WITHIN: Duration = Duration::from_millis(200);

/// How long the reusable tokens of the data folder are valid.
const FOLDER_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A running server.
#[derive(Debug)]
pub struct Server {
    endpoints: Endpoints,
    buffers: SocketBuffers,
    data: DataDir,
    /// Keeps other servers out of the data folder.
    lock: File,
    endpoint: Endpoint,
    registry: Arc<Registry>,
    backend: ServerBackend,
    stop: CancellationToken,
    killed: CancellationToken,
    tasks: TaskTracker,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address that other machines could reach.
    #[error(
        "{0} is not a loopback address; pass --allow-non-loopback to listen there all the same"
    )]
    Exposed(SocketAddr),
    /// The data folder.
    #[error("failed to prepare the data folder")]
    DataDir(#[from] DataDirError),
    /// The database.
    #[error("failed to open the database")]
    Open(#[from] OpenError),
    /// The records.
    #[error("failed to read the database")]
    Load(#[from] LoadError),
    /// The certificates.
    #[error("failed to prepare the run's certification authority")]
    Ca(#[from] CaError),
    /// The devices' socket.
    #[error("failed to listen for devices on {address}; is another server running?")]
    Quic {
        /// The wanted address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: EndpointError,
    },
    /// The administrators' socket.
    #[error("failed to listen for administrators on {address}; is another server running?")]
    Admin {
        /// The wanted address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// HTTPS.
    #[error("failed to prepare the admin face")]
    AdminFace(#[from] AdminFaceError),
    /// The tokens.
    #[error("failed to prepare the enrolment tokens")]
    Token(#[from] TokenError),
    /// The administrator's token.
    #[error("failed to draw an admin token")]
    Random(#[from] getrandom::Error),
}

impl Server {
    /// Starts a server and returns once it listens.
    ///
    /// # Errors
    /// [`ServerError`] says which part does not start.
    pub async fn start(config: ServerConfig) -> Result<Self, ServerError> {
        if let Some(address) = config.exposed_address() {
            return Err(ServerError::Exposed(address));
        }
        let data = DataDir::at(config.data.clone());
        data.create()?;
        let lock = data.lock()?;
        let ca = Arc::new(RunCa::open_or_create(data.root())?);
        let identity = ca.issue_server()?;
        let listener = TcpListener::bind(config.admin)
            .map_err(|source| ServerError::Admin { address: config.admin, source })?;
        let face = AdminFace::new(listener, &identity)?;
        let (endpoint, buffers) = server_endpoint(
            config.quic,
            identity,
            ca.certificate_der(),
            &ca.reset_key(),
            &config.skew,
        )
        .map_err(|source| ServerError::Quic { address: config.quic, source })?;
        let store = Store::sqlite(&data.database())?;
        let clock = run_clock(&store, &config.skew).await?;
        let token = admin_token(&data)?;
        folder_tokens(&data, &store, &clock).await?;
        let stats = Arc::new(ServerStats::default());
        let registry = Registry::load(store, stats, clock.clone()).await?;
        let registry = Arc::new(registry.with_readings(config.readings()));
        let quic = endpoint.local_addr().unwrap_or(config.quic);
        let endpoints = Endpoints { quic, admin: face.address };
        data.write_endpoints(endpoints)?;
        let (stop, killed) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        let backend = ServerBackend {
            registry: registry.clone(),
            clock,
            command_lifetime: config.command_lifetime,
            errands: config.activation.is_some().then(Arc::default),
            stop: stop.child_token(),
            tasks: tasks.clone(),
        };
        let server = Self {
            endpoints,
            buffers,
            data,
            lock,
            endpoint,
            registry,
            backend,
            stop,
            killed,
            tasks,
        };
        server.spawn(Faces { ca, face, token });
        server.spawn_courier(config.activation);
        info!(quic = %endpoints.quic, admin = %endpoints.admin, devices = server.registry.len(), "server listens");
        Ok(server)
    }

    fn spawn(&self, faces: Faces) {
        let Faces { ca, face, token } = faces;
        let (registry, clock) = (&self.registry, &self.backend.clock);
        let gateway = Arc::new(Gateway {
            registry: registry.clone(),
            enroller: Enroller::new(registry.clone(), ca, clock.clone()),
            clock: clock.clone(),
            tasks: self.tasks.clone(),
            stop: self.stop.child_token(),
            killed: self.killed.clone(),
        });
        let backend = self.backend.clone();
        self.tasks.spawn(gateway.run(self.endpoint.clone()));
        self.tasks.spawn(face.run(backend, token, self.stop.child_token()));
        self.tasks.spawn(sweeper::run(registry.clone(), clock.clone(), self.stop.child_token()));
    }

    fn spawn_courier(&self, activation: Option<ActivationAccess>) {
        let (Some(access), Some(errands)) = (activation, &self.backend.errands) else { return };
        let courier = Courier {
            registry: self.registry.clone(),
            clock: self.backend.clock.clone(),
            errands: errands.clone(),
            access,
            service: Mutex::default(),
        };
        self.tasks.spawn(Arc::new(courier).run(self.stop.child_token()));
    }

    /// Where the server listens.
    #[must_use]
    pub const fn endpoints(&self) -> Endpoints {
        self.endpoints
    }

    /// The data folder.
    #[must_use]
    pub const fn data(&self) -> &DataDir {
        &self.data
    }

    /// What the system gave for socket buffers.
    #[must_use]
    pub const fn socket_buffers(&self) -> &SocketBuffers {
        &self.buffers
    }

    /// What the admin face stands on: records to read and commands to submit, without HTTPS.
    #[must_use]
    pub fn backend(&self) -> impl Backend + use<> {
        self.backend.clone()
    }

    /// The counters of this process.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.registry.stats.totals()
    }

    /// The counts of the store, over all processes that have used it.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn counts(&self) -> Result<Counts, LoadError> {
        self.registry.store().counts().await
    }

    /// Makes an enrolment token.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn issue_token(&self, request: TokenRequest) -> Result<EnrolmentToken, TokenError> {
        issue_token(self.registry.store(), &self.backend.clock, request).await
    }

    /// Ends as a process does that is killed: devices are not told and what is in flight is not
    /// handed back. What was durable is what the next server on the folder finds.
    ///
    /// Cancel safe: no, as for [`Self::stop`].
    pub async fn kill(self) {
        self.killed.cancel();
        // Nothing that is said from now on reaches a device: they know another address.
        let mute = UdpSocket::bind((self.endpoints.quic.ip(), 0));
        if let Err(error) = mute.and_then(|socket| self.endpoint.rebind(socket)) {
            warn!(error = &error as &dyn std::error::Error, "devices will hear the server end");
        }
        self.stop().await;
    }

    /// Stops: refuses new work, hands back what is in flight, tells devices to come back later.
    ///
    /// Returns the last counters, within two seconds. Cancel safe: no; what is not drained is cut.
    pub async fn stop(self) -> Totals {
        self.stop.cancel();
        self.tasks.close();
        if timeout(DRAIN_WITHIN, self.tasks.wait()).await.is_err() {
            warn!(open = self.tasks.len(), "drain deadline passed");
        }
        let code = CloseCode::RetryLater;
        self.endpoint.close(code.code().into(), code.reason().as_bytes());
        drop(timeout(FAREWELL_WITHIN, self.endpoint.wait_idle()).await);
        self.registry.store().clone().close().await;
        // Only now may the next server have the folder.
        drop(self.lock);
        self.registry.stats.totals()
    }
}

/// What the faces of a server are made of.
struct Faces {
    ca: Arc<RunCa>,
    face: AdminFace,
    token: AdminToken,
}

fn admin_token(data: &DataDir) -> Result<AdminToken, ServerError> {
    let path = data.admin_token();
    if !path.exists() {
        write_private(&path, &random_text()?)?;
    }
    let read = AdminToken::from_text(&read_small(&path)?);
    Ok(read.map_err(|_cause| DataDirError::Invalid { path })?)
}

/// Keeps a valid reusable token of each profile in the data folder.
async fn folder_tokens(data: &DataDir, store: &Store, clock: &Clock) -> Result<(), ServerError> {
    for profile in profiles() {
        let path = data.enrolment_token(&profile.name);
        if path.exists() && is_valid(store, clock, &read_small(&path)?).await? {
            continue;
        }
        let lifetime = FOLDER_TOKEN_LIFETIME;
        let request = TokenRequest { profile, kind: TokenKind::Reusable, lifetime };
        let token = issue_token(store, clock, request).await?;
        write_private(&path, token.expose())?;
    }
    Ok(())
}

async fn is_valid(store: &Store, clock: &Clock, token: &str) -> Result<bool, ServerError> {
    let found = store.token(muster_transport::sha256(token.as_bytes())).await?;
    Ok(found.is_some_and(|(record, _revision)| clock.now() < record.expires_at))
}
