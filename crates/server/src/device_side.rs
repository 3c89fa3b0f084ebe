//! The side of a server that faces its devices: gateway, sessions, enrolment, sweeper.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use muster_admin::Backend;
use muster_control::Readings;
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{CloseCode, Seed};
use muster_store::{Counts, LoadError, Store};
use muster_transport::{MemoryNetwork, RunCa, Skew};
use quinn::Endpoint;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::activation::Errands;
use crate::backend::{ACCEPTED_AT_ONCE, ServerBackend};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::enrolment::Enroller;
use crate::farewell::Farewells;
use crate::gateway::Gateway;
use crate::metrics::ServerMetrics;
use crate::registry::Registry;
use crate::retry::RetryFault;
use crate::server::ServerError;
use crate::stats::Totals;
use crate::sweeper;
use crate::tokens::{TokenError, TokenRequest, issue_token, run_clock};

/// How long sessions may take to hand back what is in flight.
const DRAIN_WITHIN: Duration = Duration::from_millis(1_500);

/// How long devices may take to hear that the server has gone.
const FAREWELL_WITHIN: Duration = Duration::from_millis(200);

/// A server without a data folder, administrators and an activation service: what a
/// [`Server`](crate::Server) is made of, and all there is of one on a network in memory.
#[derive(Debug)]
pub struct DeviceSide {
    pub(crate) endpoint: Endpoint,
    pub(crate) registry: Arc<Registry>,
    pub(crate) backend: ServerBackend,
    pub(crate) stop: CancellationToken,
    pub(crate) killed: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// What it stands on.
pub(crate) struct Ground {
    pub(crate) registry: Registry,
    pub(crate) endpoint: Endpoint,
    pub(crate) ca: Arc<RunCa>,
    pub(crate) clock: Clock,
    pub(crate) command_lifetime: Duration,
    pub(crate) errands: Option<Arc<Errands>>,
    pub(crate) retry: RetryFault,
}

/// A server on a network in memory, in the time of its runtime.
#[derive(Clone)]
pub struct Rehearsal {
    /// Where it listens.
    pub network: MemoryNetwork,
    /// What its ids are drawn from.
    pub seed: Seed,
    /// What it keeps its records in.
    pub store: Store,
    /// Who signs.
    pub ca: Arc<RunCa>,
    /// How long an accepted command may wait for its device.
    pub command_lifetime: Duration,
    /// Which readings of the documents it follows.
    pub readings: Readings,
    /// Its time: [`Skew::of_runtime`], if the run is to come out the same again.
    pub skew: Skew,
}

impl fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rehearsal").field("network", &self.network).finish_non_exhaustive()
    }
}

impl DeviceSide {
    /// Starts a server on a network in memory.
    ///
    /// # Errors
    /// [`ServerError`] says which part does not start.
    pub async fn rehearse(rehearsal: Rehearsal) -> Result<Self, ServerError> {
        let Rehearsal { network, seed, store, ca, command_lifetime, readings, skew } = rehearsal;
        let identity = ca.issue_server_from(skew.wall())?;
        let endpoint =
            network.server_endpoint(identity, ca.certificate_der(), &ca.reset_key(), &skew);
        let address = network.server_address();
        let endpoint = endpoint.map_err(|source| ServerError::Quic { address, source })?;
        let clock = run_clock(&store, &skew).await?;
        let registry = Registry::load(store, Arc::default(), clock.clone()).await?;
        let registry = registry.with_readings(readings).with_chance(Chance::of(seed));
        let (errands, retry) = (None, RetryFault::default());
        Ok(Self::on(Ground { registry, endpoint, ca, clock, command_lifetime, errands, retry }))
    }

    /// Starts what faces the devices.
    pub(crate) fn on(ground: Ground) -> Self {
        let Ground { registry, endpoint, ca, clock, command_lifetime, errands, retry } = ground;
        let registry = Arc::new(registry);
        let (stop, killed) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        let gateway = Arc::new(Gateway {
            registry: registry.clone(),
            enroller: Enroller::new(registry.clone(), ca, clock.clone()),
            clock: clock.clone(),
            errands: errands.clone(),
            retry,
            tasks: tasks.clone(),
            stop: stop.child_token(),
            farewells: Farewells::default(),
            killed: killed.clone(),
        });
        tasks.spawn(gateway.run(endpoint.clone()));
        tasks.spawn(sweeper::run(registry.clone(), clock.clone(), stop.child_token()));
        let backend = ServerBackend {
            registry: registry.clone(),
            clock,
            command_lifetime,
            errands,
            accepting: Arc::new(Semaphore::new(ACCEPTED_AT_ONCE)),
            stop: stop.child_token(),
            tasks: tasks.clone(),
        };
        Self { endpoint, registry, backend, stop, killed, tasks }
    }

    /// Records to read and commands to submit.
    #[must_use]
    pub fn backend(&self) -> impl Backend + use<> {
        self.backend.clone()
    }

    /// The counters of this process.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.registry.stats.totals()
    }

    /// The same and more for a scraper, read whenever it asks.
    #[must_use]
    pub fn metrics(&self) -> ServerMetrics {
        ServerMetrics::of(&self.registry)
    }

    /// The counts of the store, over all servers that have used it.
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

    /// Stops as [`Server::stop`](crate::Server::stop) does; the store stays open.
    ///
    /// Cancel safe: no; what is not drained is cut.
    pub async fn stop(self) -> Totals {
        self.stop.cancel();
        self.tasks.close();
        if timeout(DRAIN_WITHIN, self.tasks.wait()).await.is_err() {
            warn!(open = self.tasks.len(), "drain deadline passed");
        }
        let code = CloseCode::RetryLater;
        self.endpoint.close(code.code().into(), code.reason().as_bytes());
        drop(timeout(FAREWELL_WITHIN, self.endpoint.wait_idle()).await);
        self.registry.stats.totals()
    }

    /// Ends as [`Server::kill`](crate::Server::kill) does, on a network in memory.
    ///
    /// Returns what it had counted. Cancel safe: no, as for [`Self::stop`].
    pub async fn kill(self, network: &MemoryNetwork) -> Totals {
        self.killed.cancel();
        network.silence_server();
        self.stop().await
    }
}
