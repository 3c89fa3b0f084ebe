//! A server and a fleet of its own for a run: put up, played on, taken down.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use muster_agent::{DevicePlan, Fleet, FleetConfig, FleetProgress, Sockets, Start};
use muster_protocol::Seed;
use muster_protocol::limits::KEEP_ALIVE;
use muster_protocol::secret::EnrolmentToken;
use muster_server::{DataDir, Exposure, Server, ServerConfig, Totals};
use muster_store::Counts;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::time::{sleep, timeout};

use super::script::Case;
use super::stage::{Stage, serial};
use crate::client::AdminClient;

/// How long the fleet may take to enrol and connect, plus a share for each device.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// The share of each device on a slow machine.
const CONNECT_EACH: Duration = Duration::from_millis(10);

/// How long accepted commands may take to end after the last step.
const SETTLE_WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A running server with its fleet: the devices of the cases first, then others.
pub(crate) struct Theatre {
    server: Server,
    fleet: Arc<Fleet>,
    /// Devices that were there when the curtain rose.
    pub(crate) present: FleetProgress,
}

/// What a run leaves.
pub(crate) struct Remains {
    /// The database's word on all commands.
    pub(crate) counts: Counts,
    /// The server's counters.
    pub(crate) totals: Totals,
    /// The fleet's counters.
    pub(crate) fleet: FleetProgress,
}

impl Theatre {
    /// Starts server and fleet and waits until every device is connected.
    pub(crate) async fn open(
        folder: &Path,
        cases: &[Case],
        others: Vec<muster_device::DeviceSpec>,
        seed: Seed,
    ) -> anyhow::Result<Self> {
        let server = Server::start(server_config(folder)?).await?;
        let plans = plans(server.data(), cases, others)?;
        let wanted = u64::try_from(plans.len())?;
        let fleet = Arc::new(Fleet::start(fleet_config(&server, plans, seed)?).await?);
        let present = all_here(&fleet, wanted).await?;
        Ok(Self { server, fleet, present })
    }

    /// What cases play on.
    pub(crate) fn stage(&self) -> anyhow::Result<Stage> {
        let url = format!("https://{}", self.server.endpoints().admin);
        let admin = AdminClient::new(self.server.data(), &url)?;
        Ok(Stage { admin, fleet: self.fleet.clone() })
    }

    /// Waits until nothing accepted is open, counts, and stops both sides.
    pub(crate) async fn close(self) -> anyhow::Result<Remains> {
        let counts = settled(&self.server).await?;
        let totals = self.server.totals();
        let fleet = Arc::into_inner(self.fleet).context("the fleet is still in use")?;
        let fleet = fleet.stop().await.progress;
        self.server.stop().await;
        Ok(Remains { counts, totals, fleet })
    }
}

/// Waits until nothing accepted is open; what is open when the time is up counts as lost.
async fn settled(server: &Server) -> anyhow::Result<Counts> {
    let nothing_open = async {
        loop {
            let totals = server.totals();
            if totals.terminal >= totals.accepted {
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    };
    drop(timeout(SETTLE_WITHIN, nothing_open).await);
    // The counters of the process say when to look; the database says what is true.
    Ok(server.counts().await?)
}

async fn all_here(fleet: &Fleet, wanted: u64) -> anyhow::Result<FleetProgress> {
    let share = CONNECT_EACH.saturating_mul(u32::try_from(wanted)?);
    let here = fleet.until(|progress| progress.connected >= wanted);
    match timeout(CONNECT_WITHIN + share, here).await {
        Ok(progress) => Ok(progress),
        Err(_elapsed) => {
            let progress = fleet.progress();
            bail!("only {} of {wanted} devices connected: {progress:?}", progress.connected)
        }
    }
}

fn server_config(folder: &Path) -> anyhow::Result<ServerConfig> {
    let any_port = "127.0.0.1:0".parse().context("failed to parse a constant address")?;
    Ok(ServerConfig {
        quic: any_port,
        admin: any_port,
        data: folder.to_owned(),
        exposure: Exposure::LoopbackOnly,
        command_lifetime: Duration::from_secs(3_600),
    })
}

fn fleet_config(
    server: &Server,
    plans: Vec<DevicePlan>,
    seed: Seed,
) -> anyhow::Result<FleetConfig> {
    let pem =
        std::fs::read(server.data().ca_certificate()).context("failed to read the run's CA")?;
    Ok(FleetConfig {
        server: server.endpoints().quic,
        ca: CertificateDer::from_pem_slice(&pem).context("failed to read the run's CA")?,
        plans,
        seed,
        sockets: Sockets::Shared(NonZeroUsize::MIN),
        state_dir: None,
        keep_alive: KEEP_ALIVE,
        connects_in_flight: muster_agent::CONNECTS_IN_FLIGHT,
    })
}

fn plans(
    data: &DataDir,
    cases: &[Case],
    others: Vec<muster_device::DeviceSpec>,
) -> anyhow::Result<Vec<DevicePlan>> {
    let start = Start::Online;
    let mut plans = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let token = folder_token(data, &case.role.profile)?;
        plans.push(DevicePlan { spec: case.role.spec(&serial(index))?, token, start });
    }
    let token = folder_token(data, "default")?;
    plans.extend(others.into_iter().map(|spec| DevicePlan { spec, token: token.clone(), start }));
    Ok(plans)
}

fn folder_token(data: &DataDir, profile: &str) -> anyhow::Result<EnrolmentToken> {
    let text = std::fs::read_to_string(data.enrolment_token(profile));
    Ok(EnrolmentToken::new(text.context("failed to read an enrolment token")?.trim().to_owned()))
}
