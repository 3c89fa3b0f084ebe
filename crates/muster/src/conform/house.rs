//! Where a target lives, as far as the suite can do something to it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use muster_conformance::script::Power;
use muster_control::{COMMAND_LIFETIME, Readings};
use muster_protocol::Seed;
use muster_server::{DeviceSide, Rehearsal, Server, ServerConfig};
use muster_store::Store;
use muster_transport::{MemoryNetwork, Network, RunCa, Skew, Weather};
use tempfile::TempDir;
use tokio::sync::RwLock;

use super::site::Site;
use crate::addresses::{start_again, start_somewhere};

/// When every simulated case begins: 2026-01-01, midnight UTC, in seconds since 1970.
const BEGAN_UNIX_S: u64 = 1_767_225_600;

/// How long a datagram takes in memory: enough that order shows.
const DELAY: Duration = Duration::from_millis(1);

/// How long the next server may wait for the addresses of the last one.
const FREE_WITHIN: Duration = Duration::from_secs(10);

/// The house of a target.
pub(crate) enum Abode {
    /// A server of this process, on sockets of the system.
    Live(Box<Live>),
    /// A server of this process, in memory.
    Memory(Box<Memory>),
    /// Somebody else's.
    Elsewhere,
}

/// A server with a data folder of its own.
pub(crate) struct Live {
    running: RwLock<Option<Server>>,
    config: ServerConfig,
    /// Removed with the house.
    _folder: TempDir,
}

/// A server in memory.
pub(crate) struct Memory {
    running: RwLock<Option<DeviceSide>>,
    rehearsal: Rehearsal,
}

impl Abode {
    /// Starts a server on sockets of the system, on a new folder and free ports.
    pub(crate) async fn live() -> anyhow::Result<(Self, Site)> {
        let folder = tempfile::tempdir().context("failed to make a folder for the server")?;
        let mut config = ServerConfig::in_folder(folder.path().join("data"));
        // Ports no system hands out: while the server is away, no device of another case may come
        // by them.
        let server = start_somewhere(&config).await?;
        (config.quic, config.admin) = (server.endpoints().quic, server.endpoints().admin);
        let ca = Arc::new(RunCa::open_or_create(server.data().root())?);
        let site = Site {
            network: Network::Udp,
            server: config.quic,
            ca: ca.certificate_der(),
            ca_key: Some(ca),
            skew: config.skew.clone(),
        };
        let running = RwLock::new(Some(server));
        Ok((Self::Live(Box::new(Live { running, config, _folder: folder })), site))
    }

    /// Starts a server in memory, in the time of the present runtime.
    pub(crate) async fn memory(seed: Seed) -> anyhow::Result<(Self, Site)> {
        let skew = Skew::of_runtime(SystemTime::UNIX_EPOCH + Duration::from_secs(BEGAN_UNIX_S));
        let weather = Weather { delay: DELAY, ..Weather::default() };
        let network = MemoryNetwork::new(seed.child("network", 0), weather);
        let ca = Arc::new(RunCa::ephemeral_from(skew.wall()).context("failed to make a CA")?);
        let rehearsal = Rehearsal {
            network: network.clone(),
            seed: seed.child("server", 0),
            store: Store::memory(),
            ca: ca.clone(),
            command_lifetime: COMMAND_LIFETIME,
            readings: Readings::default(),
            skew: skew.clone(),
        };
        let server = DeviceSide::rehearse(rehearsal.clone()).await?;
        let site = Site {
            server: network.server_address(),
            network: Network::Memory(network),
            ca: ca.certificate_der(),
            ca_key: Some(ca),
            skew,
        };
        let running = RwLock::new(Some(server));
        Ok((Self::Memory(Box::new(Memory { running, rehearsal })), site))
    }

    /// Lets something happen to the server.
    pub(super) async fn suffer(&self, power: Power) -> anyhow::Result<()> {
        match self {
            Self::Live(live) => live.suffer(power).await,
            Self::Memory(memory) => memory.suffer(power).await,
            Self::Elsewhere => bail!("the suite cannot stop or start this target"),
        }
    }

    /// Stops the server, if it is one of this process.
    pub(crate) async fn close(self) {
        match self {
            Self::Live(live) => {
                if let Some(server) = live.running.into_inner() {
                    server.stop().await;
                }
            }
            Self::Memory(memory) => {
                if let Some(server) = memory.running.into_inner() {
                    server.stop().await;
                }
            }
            Self::Elsewhere => {}
        }
    }
}

impl Live {
    /// The server, if it runs.
    pub(super) const fn running(&self) -> &RwLock<Option<Server>> {
        &self.running
    }

    async fn suffer(&self, power: Power) -> anyhow::Result<()> {
        let mut running = self.running.write().await;
        match (power, running.take()) {
            (Power::Stop, Some(server)) => drop(server.stop().await),
            (Power::Kill, Some(server)) => server.kill().await,
            (Power::Start, None) => *running = Some(start_again(&self.config, FREE_WITHIN).await?),
            (Power::Start, already @ Some(_)) => *running = already,
            (Power::Stop | Power::Kill, None) => {}
        }
        Ok(())
    }
}

impl Memory {
    /// The server, if it runs.
    pub(super) const fn running(&self) -> &RwLock<Option<DeviceSide>> {
        &self.running
    }

    async fn suffer(&self, power: Power) -> anyhow::Result<()> {
        let mut running = self.running.write().await;
        match (power, running.take()) {
            (Power::Stop, Some(server)) => drop(server.stop().await),
            (Power::Kill, Some(server)) => drop(server.kill(&self.rehearsal.network).await),
            (Power::Start, None) => {
                *running = Some(DeviceSide::rehearse(self.rehearsal.clone()).await?);
            }
            (Power::Start, already @ Some(_)) => *running = already,
            (Power::Stop | Power::Kill, None) => {}
        }
        Ok(())
    }
}
