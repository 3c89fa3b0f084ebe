//! The server of a run, in this process on threads of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use muster_admin::Backend;
use muster_metrics::{Family, Source};
use muster_protocol::secret::EnrolmentToken;
use muster_protocol::{CommandId, DeviceId, SerialNumber};
use muster_server::{
    DataDir, RetryFault, Server, ServerConfig, ServerFacts, ServerMetrics, TokenKind, TokenRequest,
    VendorAccess, Watch, profile_named,
};
use muster_store::Counts;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::warn;

use super::graph::Graph;
use super::{Direct, Door, Gate, Known};
use crate::addresses::{start_again, start_somewhere};
use crate::cli::ThroughName;
use crate::client::AdminClient;
use crate::load::processors::{Threads, let_go};
use crate::load::room::Room;

/// Names of its threads begin like this; those of its store like the second.
const THREADS: &str = "server";
const STORE_THREADS: &str = "muster-store";

/// How long the tokens of a run hold.
const TOKEN_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long a command may wait for its device unless it is the point of the run.
const COMMAND_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long the next server may wait for the addresses of the last one.
const FREE_WITHIN: Duration = Duration::from_secs(30);

/// A server that can go and come back at the same addresses.
pub(crate) struct Embedded {
    room: Room,
    inner: Arc<Inner>,
    gate: Gate,
}

/// What restarts of it share.
struct Inner {
    config: ServerConfig,
    server: tokio::sync::Mutex<Option<Server>>,
    /// Held from when it goes until it is back: who is to go again goes after that.
    away: tokio::sync::Mutex<()>,
    opened: watch::Sender<Option<Arc<dyn Door>>>,
    /// What the server that runs tells a scraper.
    metrics: watch::Sender<Option<Arc<ServerMetrics>>>,
    /// How much longer each commit takes, whichever server it is.
    slow_by: Mutex<Duration>,
    through: ThroughName,
}

/// How a server is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Politely: devices are told, what is in flight is handed back.
    Stop,
    /// From one instruction to the next.
    Kill,
}

impl Embedded {
    /// Starts the server.
    pub(crate) async fn open(
        folder: &Path,
        (threads, through): (Threads, ThroughName),
        vendor: Option<&Path>,
        watch: Option<Arc<dyn Watch>>,
    ) -> anyhow::Result<Self> {
        let room = Room::open(THREADS, threads)?;
        let config = config(folder, vendor, watch);
        let (opened, gate) = watch::channel(None);
        let started = room.run(async move {
            // At ports that stay its own while it is away.
            let server = start_somewhere(&config).await?;
            let endpoints = server.endpoints();
            let config = ServerConfig { quic: endpoints.quic, admin: endpoints.admin, ..config };
            let inner = Inner {
                config,
                server: tokio::sync::Mutex::new(None),
                away: tokio::sync::Mutex::new(()),
                opened,
                metrics: watch::Sender::default(),
                slow_by: Mutex::default(),
                through,
            };
            inner.admit(server).await;
            anyhow::Ok(Arc::new(inner))
        });
        Ok(Self { inner: started.await??, room, gate })
    }

    /// Where its devices find it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.inner.config.quic
    }

    /// The data folder.
    pub(crate) fn data(&self) -> DataDir {
        DataDir::at(self.inner.config.data.clone())
    }

    /// What it tells a scraper, whichever server runs.
    pub(crate) fn metrics(&self) -> Current {
        Current(self.inner.metrics.subscribe())
    }

    /// Where commands are handed in.
    pub(crate) fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Its threads, for work that is the server's own.
    pub(crate) const fn room(&self) -> &Room {
        &self.room
    }

    /// Whether a thread with this name is the server's.
    pub(crate) fn owns(thread: &str) -> bool {
        thread.starts_with(THREADS) || thread.starts_with(STORE_THREADS)
    }

    /// A token with which any number of devices enrol.
    pub(crate) async fn token(&self) -> anyhow::Result<EnrolmentToken> {
        let inner = Arc::clone(&self.inner);
        let issued = self.room.run(async move {
            let profile = profile_named("default").context("no default profile")?;
            let (kind, lifetime) = (TokenKind::Reusable, TOKEN_LIFETIME);
            let server = inner.server.lock().await;
            let server = server.as_ref().context("no server runs")?;
            Ok(server.issue_token(TokenRequest { profile, kind, lifetime }).await?)
        });
        issued.await?
    }

    /// Takes the server away and, after a while, starts the next one on its folder and addresses;
    /// one that is away already goes again once it is back. Returns at once; `goes` is called as it
    /// goes.
    pub(crate) fn leave(&self, how: Leave, away: Duration, goes: impl FnOnce() + Send + 'static) {
        let inner = Arc::clone(&self.inner);
        self.room.spawn(async move {
            let _until_back = inner.away.lock().await;
            goes();
            inner.take_away(how).await;
            sleep(away).await;
            if let Err(error) = inner.come_back().await {
                warn!(error = &*error as &dyn std::error::Error, "the server stays away");
            }
        });
    }

    /// Waits until the server is back, if it is away.
    pub(crate) async fn is_back(&self) -> anyhow::Result<()> {
        let inner = Arc::clone(&self.inner);
        self.room.run(async move { drop(inner.away.lock().await) }).await
    }

    /// Has each commit take so much longer from now on. Returns at once.
    pub(crate) fn slow_disk(&self, by: Duration) {
        let inner = Arc::clone(&self.inner);
        self.room.spawn(async move {
            // Under the lock of the server: one that comes meanwhile reads what holds then.
            let server = inner.server.lock().await;
            *inner.slow_by() = by;
            if let Some(server) = &*server {
                server.disk().slow(by);
            }
        });
    }

    /// Whether devices have to show first that they receive where they say they are, whichever
    /// server it is.
    pub(crate) fn retry(&self) -> &RetryFault {
        &self.inner.config.retry
    }

    /// The store's word on all commands.
    pub(crate) async fn counts(&self) -> anyhow::Result<Counts> {
        let inner = Arc::clone(&self.inner);
        let counted = self.room.run(async move {
            let server = inner.server.lock().await;
            anyhow::Ok(server.as_ref().context("no server runs")?.counts().await?)
        });
        counted.await?
    }

    /// What the server knows of a device; `None` while there is none.
    pub(crate) async fn facts(&self, serial: SerialNumber) -> Option<ServerFacts> {
        let inner = Arc::clone(&self.inner);
        let told = self.room.run(async move {
            let server = inner.server.lock().await;
            server.as_ref()?.facts(&serial).await
        });
        told.await.ok().flatten()
    }

    /// What the server knows of commands that are not over as far as anybody has seen.
    pub(crate) async fn knows(
        &self,
        commands: Vec<(DeviceId, CommandId)>,
    ) -> anyhow::Result<Vec<Known>> {
        let inner = Arc::clone(&self.inner);
        let known = self.room.run(async move {
            let server = inner.server.lock().await;
            let backend = server.as_ref().context("no server runs")?.backend();
            let mut known = Vec::with_capacity(commands.len());
            for (device, command) in commands {
                known.push(look(&backend, device, command).await?);
            }
            anyhow::Ok(known)
        });
        known.await?
    }

    /// Stops the server.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let inner = Arc::clone(&self.inner);
        let closed = self.room.run(async move {
            let _for_good = inner.away.lock().await;
            inner.take_away(Leave::Stop).await;
        });
        closed.await
    }
}

/// The metrics of the server that runs; of the last one while there is none, which tells nothing.
#[derive(Debug)]
pub(crate) struct Current(watch::Receiver<Option<Arc<ServerMetrics>>>);

impl Source for Current {
    fn read(&self) -> Vec<Family> {
        let current = self.0.borrow().clone();
        current.map(|server| server.read()).unwrap_or_default()
    }
}

impl Inner {
    async fn admit(&self, server: Server) {
        let_go(STORE_THREADS);
        let door = match self.door(&server) {
            Ok(door) => door,
            Err(error) => {
                warn!(error = &*error as &dyn std::error::Error, "the server cannot be asked");
                return *self.server.lock().await = Some(server);
            }
        };
        self.metrics.send_replace(Some(Arc::new(server.metrics())));
        let mut place = self.server.lock().await;
        server.disk().slow(*self.slow_by());
        *place = Some(server);
        drop(place);
        self.opened.send_replace(Some(door));
    }

    fn door(&self, server: &Server) -> anyhow::Result<Arc<dyn Door>> {
        Ok(match self.through {
            ThroughName::Direct => Arc::new(Direct(server.backend())),
            ThroughName::Graph => {
                let url = format!("https://{}", server.endpoints().admin);
                Arc::new(Graph(AdminClient::new(server.data(), &url)?))
            }
        })
    }

    fn slow_by(&self) -> MutexGuard<'_, Duration> {
        self.slow_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take_away(&self, how: Leave) {
        self.opened.send_replace(None);
        let Some(server) = self.server.lock().await.take() else { return };
        match how {
            Leave::Stop => drop(server.stop().await),
            Leave::Kill => server.kill().await,
        }
    }

    async fn come_back(&self) -> anyhow::Result<()> {
        let server = start_again(&self.config, FREE_WITHIN).await?;
        self.admit(server).await;
        Ok(())
    }
}

async fn look(
    backend: &impl Backend,
    device: DeviceId,
    command: CommandId,
) -> anyhow::Result<Known> {
    let record = backend.device(device).await.context("failed to read a device")?;
    let Some(record) = record else { return Ok(Known::Nothing) };
    let kept = record.commands().find(|row| row.id == command);
    Ok(match kept {
        Some(row) if row.state.is_terminal() => Known::Over,
        Some(_live) => Known::Live,
        None if record.knows(command) => Known::Over,
        None => Known::Nothing,
    })
}

fn config(folder: &Path, vendor: Option<&Path>, watch: Option<Arc<dyn Watch>>) -> ServerConfig {
    ServerConfig {
        command_lifetime: COMMAND_LIFETIME,
        push: vendor.map(|folder| VendorAccess::in_folder(folder.to_owned())),
        watch,
        ..ServerConfig::in_folder(folder.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Instant;

    use tokio::sync::mpsc;

    use super::*;
    use crate::load::processors::Half;

    #[tokio::test]
    async fn a_server_that_is_away_does_not_go_before_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let how = (Threads::of(Half::Any, NonZeroUsize::MIN), ThroughName::Direct);
        let server = Embedded::open(folder.path(), how, None, None).await.unwrap();
        let (went, mut told) = mpsc::channel(2);
        let away = Duration::from_millis(300);
        for _wish in 0..2 {
            let went = went.clone();
            server.leave(Leave::Kill, away, move || went.try_send(Instant::now()).unwrap());
        }
        let (first, second) = (told.recv().await.unwrap(), told.recv().await.unwrap());
        assert!(second.duration_since(first) >= away, "{:?}", second.duration_since(first));
        server.close().await.unwrap();
    }
}
