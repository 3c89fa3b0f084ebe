//! Starts and stops the server.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use muster_admin::{
    AdminToken, Backend, ClientCertificateError, Credentials, IdentityError, MICROSOFT_HOSTS,
    Microsoft, SignIns,
};
use muster_protocol::SerialNumber;
use muster_protocol::secret::EnrolmentToken;
use muster_store::{Counts, DiskFaults, LoadError, OpenError, Store};
use muster_transport::{
    CaError, EndpointError, HostName, RunCa, SocketBuffers, mute, server_endpoint,
};
use tracing::info;

use crate::activation::Courier;
use crate::admin_face::{AdminFace, AdminFaceError};
use crate::audit;
use crate::black_box::{self, ServerFacts};
use crate::chance::random_text;
use crate::clock::Clock;
use crate::config::{Exposure, ServerConfig};
use crate::crash::Crashes;
use crate::data_dir::{DataDir, DataDirError, Endpoints, read_small, write_private};
use crate::device_side::{DeviceSide, Ground};
use crate::intercept::{Interceptor, Work};
use crate::metrics::ServerMetrics;
use crate::policies;
use crate::push::{PushCourier, PushQueue};
use crate::registry::Registry;
use crate::stats::Totals;
use crate::tokens::{TokenError, TokenKind, TokenRequest, issue_token, profiles, run_clock};
use crate::vendor_access::VendorAccess;
use crate::watch::Watched;

/// How long the reusable tokens of the data folder are valid.
const FOLDER_TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A running server.
#[derive(Debug)]
pub struct Server {
    endpoints: Endpoints,
    buffers: SocketBuffers,
    data: DataDir,
    sign_ins: SignIns,
    /// Keeps other servers out of the data folder.
    lock: File,
    side: DeviceSide,
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
    /// A certificate of an application.
    #[error("failed to register what is in the folder client-certificates")]
    ClientCertificate(#[from] ClientCertificateError),
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
    /// The proxy's socket.
    #[error("failed to listen for clients of the proxy on {address}; is another server running?")]
    Intercept {
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
    /// Who may use the admin API.
    #[error("failed to prepare who may use the admin API")]
    Clients(#[from] IdentityError),
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
        let identity = ca.issue_server_for(&config.all_names())?;
        let face = admin_face(&config, &ca)?;
        let interceptor = interceptor(config.intercept, face.address).await?;
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
        let quic = endpoint.local_addr().unwrap_or(config.quic);
        let intercept = interceptor.as_ref().and_then(|it| it.address().ok());
        let endpoints = Endpoints { quic, admin: face.address, intercept };
        let ground = Ground {
            registry: Registry::load(store, Arc::default(), clock.clone())
                .await?
                .with_readings(config.readings())
                .with_crashes(Crashes::at(&config.crash_at))
                .with_watch(Watched(config.watch))
                .with_pushes(PushQueue::served_by(config.push.as_ref())),
            endpoint,
            ca,
            clock,
            command_lifetime: config.command_lifetime,
            errands: config.activation.is_some().then(Arc::default),
            retry: config.retry,
        };
        data.write_endpoints(endpoints)?;
        data.take_questions()?;
        let side = DeviceSide::on(ground);
        let credentials = credentials(config.exposure, &token);
        let mut clients = muster_admin::Identity::load(&side.backend, token, credentials).await?;
        for (application, pem) in data.read_client_certificates()? {
            clients = clients.with_certificate(&application, &pem)?;
        }
        let sign_ins = clients.sign_ins();
        data.write_sign_ins(&sign_ins)?;
        let (backend, stop) = (side.backend.clone(), side.stop.child_token());
        side.tasks.spawn(face.run(backend, clients, config.api, stop));
        let server = Self { endpoints, buffers, data, sign_ins, lock, side };
        server.spawn_interceptor(interceptor);
        server.spawn_courier(config.activation);
        server.spawn_push_courier(config.push);
        server.spawn_spill();
        server.spawn_policies();
        server.spawn_audit();
        let devices = server.side.registry.len();
        info!(quic = %endpoints.quic, admin = %endpoints.admin, devices, "server listens");
        Ok(server)
    }

    fn spawn_interceptor(&self, interceptor: Option<Interceptor>) {
        if let Some(interceptor) = interceptor {
            let tasks = self.side.tasks.clone();
            let work = Work { stop: self.side.stop.child_token(), tasks };
            self.side.tasks.spawn(interceptor.run(work));
        }
    }

    fn spawn_courier(&self, activation: Option<VendorAccess>) {
        let DeviceSide { registry, backend, stop, tasks, .. } = &self.side;
        let (Some(access), Some(errands)) = (activation, &backend.errands) else { return };
        let courier = Courier {
            registry: registry.clone(),
            clock: backend.clock.clone(),
            errands: errands.clone(),
            access,
            service: Mutex::default(),
        };
        tasks.spawn(Arc::new(courier).run(stop.child_token()));
    }

    /// Brings changed policies to all devices.
    fn spawn_policies(&self) {
        let DeviceSide { registry, stop, tasks, .. } = &self.side;
        tasks.spawn(policies::run(registry.clone(), stop.child_token()));
    }

    /// Removes what may not be read any more of the audit log.
    fn spawn_audit(&self) {
        let DeviceSide { backend, stop, tasks, .. } = &self.side;
        tasks.spawn(audit::run(backend.clone(), stop.child_token()));
    }

    /// Tells whoever asks in the data folder what is known of a device.
    fn spawn_spill(&self) {
        let DeviceSide { registry, backend, stop, tasks, .. } = &self.side;
        let (clock, data) = (backend.clock.clone(), self.data.clone());
        tasks.spawn(black_box::serve(registry.clone(), clock, data, stop.child_token()));
    }

    /// What is known of the latest life of a piece of hardware, and what was done about it lately.
    ///
    /// Cancel safe: yes.
    pub async fn facts(&self, serial: &SerialNumber) -> Option<ServerFacts> {
        self.side.registry.facts(serial, &self.side.backend.clock).await
    }

    fn spawn_push_courier(&self, push: Option<VendorAccess>) {
        let DeviceSide { registry, backend, stop, tasks, .. } = &self.side;
        let Some(access) = push else { return };
        let courier = PushCourier::new(registry.clone(), backend.clock.clone(), access);
        tasks.spawn(Arc::new(courier).run(stop.child_token()));
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

    /// What ails the disk of the data folder: nothing, until somebody changes it.
    #[must_use]
    pub fn disk(&self) -> DiskFaults {
        self.side.registry.store().disk()
    }

    /// Who can sign in to the admin API, and with what.
    #[must_use]
    pub const fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// What the system gave for socket buffers.
    #[must_use]
    pub const fn socket_buffers(&self) -> &SocketBuffers {
        &self.buffers
    }

    /// What the admin face stands on: records to read and commands to submit, without HTTPS.
    #[must_use]
    pub fn backend(&self) -> impl Backend + use<> {
        self.side.backend()
    }

    pub(crate) const fn device_side(&self) -> &DeviceSide {
        &self.side
    }

    /// The counters of this process.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.side.totals()
    }

    /// The same and more for a scraper, read whenever it asks.
    #[must_use]
    pub fn metrics(&self) -> ServerMetrics {
        self.side.metrics()
    }

    /// The counts of the store, over all processes that have used it.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn counts(&self) -> Result<Counts, LoadError> {
        self.side.counts().await
    }

    /// Makes an enrolment token.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn issue_token(&self, request: TokenRequest) -> Result<EnrolmentToken, TokenError> {
        self.side.issue_token(request).await
    }

    /// Ends as a process does that is killed: devices are not told and what is in flight is not
    /// handed back. What was durable is what the next server on the folder finds.
    ///
    /// Cancel safe: no, as for [`Self::stop`].
    pub async fn kill(self) {
        self.side.killed.cancel();
        mute(&self.side.endpoint);
        self.stop().await;
    }

    /// Stops: refuses new work, hands back what is in flight, tells devices to come back later.
    ///
    /// Returns the last counters, within two seconds. Cancel safe: no; what is not drained is cut.
    pub async fn stop(self) -> Totals {
        let Self { side, lock, .. } = self;
        let store = side.registry.store().clone();
        let endpoint = side.endpoint.clone();
        let totals = side.stop().await;
        // Connections are closed for seconds yet, and what devices send meanwhile is for the next server.
        mute(&endpoint);
        store.close().await;
        // Only now may the next server have the folder.
        drop(lock);
        totals
    }
}

/// What administrators connect to, by the names of Graph too where a proxy leads them here.
fn admin_face(config: &ServerConfig, ca: &RunCa) -> Result<AdminFace, ServerError> {
    let listener = TcpListener::bind(config.admin)
        .map_err(|source| ServerError::Admin { address: config.admin, source })?;
    let names = config.all_names();
    let (microsoft, certified) = match config.intercept {
        None => (Microsoft::Elsewhere, names.clone()),
        Some(_) => (Microsoft::Here, [names.as_slice(), &microsoft_hosts()].concat()),
    };
    let identity = ca.issue_server_for(&certified)?;
    Ok(AdminFace::new(listener, &identity, microsoft, &names)?)
}

fn microsoft_hosts() -> [HostName; 2] {
    MICROSOFT_HOSTS.map(|host| host.parse().expect("the hosts of Microsoft are DNS names"))
}

async fn interceptor(
    address: Option<SocketAddr>,
    admin: SocketAddr,
) -> Result<Option<Interceptor>, ServerError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let bound = Interceptor::bind(address, admin).await;
    bound.map(Some).map_err(|source| ServerError::Intercept { address, source })
}

/// The secrets of the documentation where only this machine can use them, else those of the folder.
fn credentials(exposure: Exposure, token: &AdminToken) -> Credentials {
    match exposure {
        Exposure::LoopbackOnly => Credentials::WellKnown,
        Exposure::Anywhere => Credentials::OfFolder(token.clone()),
    }
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
