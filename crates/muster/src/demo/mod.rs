//! `muster demo`: a server, a fleet, the tour, the totals.

mod cast;
mod outcome;
mod print;
mod roll_call;
mod stage;
mod tour;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use muster_agent::{DevicePlan, Fleet, FleetConfig, FleetProgress, Sockets, Start, population};
use muster_protocol::Seed;
use muster_protocol::limits::KEEP_ALIVE;
use muster_protocol::secret::EnrolmentToken;
use muster_report::LatencySummary;
use muster_server::{DataDir, Exposure, Server, ServerConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Serialize;
use tokio::time::timeout;

use crate::cli::DemoArgs;
use crate::client::AdminClient;
use crate::exit::{Exit, usage_error};
use crate::talk::{Format, print as put, print_json, say};
use crate::verbs::interrupted;

/// How long the fleet may take to enrol and connect, plus a share for each device.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// The share of each device on a slow machine.
const CONNECT_EACH: Duration = Duration::from_millis(10);

/// How long accepted commands may take to end after the tour.
const SETTLE_WITHIN: Duration = Duration::from_secs(30);

/// Everything a demo has to say.
#[derive(Debug, Serialize)]
pub(crate) struct DemoReport {
    seed: u64,
    devices: DeviceTotals,
    tour: Vec<stage::Row>,
    totals: CommandTotals,
    latency_ms: LatencySummary,
    bytes: ByteTotals,
    verdict: Verdict,
}

/// Devices at the start of the tour.
#[derive(Debug, Serialize)]
struct DeviceTotals {
    enrolled: u64,
    connected: u64,
}

/// Commands of the whole run.
#[derive(Debug, Serialize)]
struct CommandTotals {
    accepted: u64,
    terminal: u64,
    lost: u64,
    executed: u64,
    executed_twice: u64,
}

/// Bytes in frames, from the devices' side.
#[derive(Debug, Serialize)]
struct ByteTotals {
    sent: u64,
    received: u64,
}

/// Whether everything was as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Pass,
    Fail,
}

pub(crate) async fn run(args: &DemoArgs, format: Format) -> anyhow::Result<Exit> {
    let folder = Folder::of(args)?;
    let report = tokio::select! {
        () = interrupted() => return Ok(Exit::Interrupted),
        report = perform(args, folder.path()) => report?,
    };
    match format {
        Format::Text => put(&print::report(&report)),
        Format::Json => print_json(&report)?,
    }
    if let Some(kept) = &args.keep {
        say(&format!("the run's data is in {}", kept.display()));
    }
    Ok(match report.verdict {
        Verdict::Pass => Exit::Ok,
        Verdict::Fail => Exit::VerdictFailed,
    })
}

async fn perform(args: &DemoArgs, folder: &Path) -> anyhow::Result<DemoReport> {
    let server = Server::start(server_config(folder)?).await?;
    let (plans, cast) = plans(args, server.data())?;
    say(&format!("server up, enrolling {} devices over QUIC", plans.len()));
    let wanted = plans.iter().filter(|plan| plan.start == Start::Online).count();
    let fleet = Arc::new(Fleet::start(fleet_config(args, &server, plans)?).await?);
    let devices = assemble(&fleet, u64::try_from(wanted)?).await?;
    let admin = AdminClient::new(server.data(), &format!("https://{}", server.endpoints().admin))?;
    let stage = stage::Stage::new(&admin, &fleet).await?;
    say(&format!("{} devices connected, the tour begins", devices.connected));
    let tour = stage::perform(&stage, &cast).await?;
    roll_call::run(&stage).await?;
    let counts = settled(&server).await?;
    let latency_ms = server.totals().latency_ms;
    drop(stage);
    let fleet = Arc::into_inner(fleet).context("the fleet is still in use")?;
    let summary = fleet.stop().await.progress;
    server.stop().await;
    Ok(judge(args, Findings { devices, tour, counts, latency_ms, summary }))
}

/// What the run found, before it is judged.
struct Findings {
    devices: DeviceTotals,
    tour: Vec<stage::Row>,
    counts: muster_store::Counts,
    latency_ms: LatencySummary,
    summary: FleetProgress,
}

fn judge(args: &DemoArgs, found: Findings) -> DemoReport {
    let Findings { devices, tour, counts, latency_ms, summary } = found;
    let totals = CommandTotals {
        accepted: counts.accepted,
        terminal: counts.terminal,
        lost: counts.accepted.saturating_sub(counts.terminal),
        executed: summary.executed,
        executed_twice: summary.executed_twice,
    };
    let fine = tour.iter().all(|row| row.ok) && totals.lost == 0 && totals.executed_twice == 0;
    DemoReport {
        seed: args.seed,
        devices,
        tour,
        totals,
        latency_ms,
        bytes: ByteTotals { sent: summary.bytes_sent, received: summary.bytes_received },
        verdict: if fine { Verdict::Pass } else { Verdict::Fail },
    }
}

/// Waits until nothing accepted is open; what is open when the time is up counts as lost.
async fn settled(server: &Server) -> anyhow::Result<muster_store::Counts> {
    let nothing_open = async {
        loop {
            let totals = server.totals();
            if totals.terminal >= totals.accepted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    drop(timeout(SETTLE_WITHIN, nothing_open).await);
    // The counters of the process say when to look; the database says what is true.
    Ok(server.counts().await?)
}

async fn assemble(fleet: &Fleet, wanted: u64) -> anyhow::Result<DeviceTotals> {
    let share = CONNECT_EACH.saturating_mul(u32::try_from(wanted)?);
    let all_here = async {
        while fleet.progress().connected < wanted {
            fleet.changed().await;
        }
    };
    let progress = match timeout(CONNECT_WITHIN + share, all_here).await {
        Ok(()) => fleet.progress(),
        Err(_elapsed) => {
            let progress = fleet.progress();
            bail!("only {} of {wanted} devices connected: {progress:?}", progress.connected)
        }
    };
    Ok(DeviceTotals { enrolled: progress.enrolled, connected: progress.connected })
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
    args: &DemoArgs,
    server: &Server,
    plans: Vec<DevicePlan>,
) -> anyhow::Result<FleetConfig> {
    let pem =
        std::fs::read(server.data().ca_certificate()).context("failed to read the run's CA")?;
    Ok(FleetConfig {
        server: server.endpoints().quic,
        ca: CertificateDer::from_pem_slice(&pem).context("failed to read the run's CA")?,
        plans,
        seed: Seed::root(args.seed),
        sockets: Sockets::Shared(std::num::NonZeroUsize::MIN),
        state_dir: None,
        keep_alive: KEEP_ALIVE,
        connects_in_flight: std::num::NonZeroUsize::new(256).context("a constant")?,
    })
}

/// The cast of the tour first, then as many others as are wanted.
fn plans(args: &DemoArgs, data: &DataDir) -> anyhow::Result<(Vec<DevicePlan>, Vec<tour::Case>)> {
    let cast = tour::cases();
    let mut plans = Vec::new();
    for (index, case) in cast.iter().enumerate() {
        let token = folder_token(data, case.role.profile)?;
        plans.push(DevicePlan { spec: case.role.spec(index)?, token, start: Start::Online });
    }
    let others = args.devices.get().saturating_sub(plans.len());
    let token = folder_token(data, "default")?;
    for spec in population(others, Seed::root(args.seed)) {
        plans.push(DevicePlan { spec, token: token.clone(), start: Start::Online });
    }
    Ok((plans, cast))
}

fn folder_token(data: &DataDir, profile: &str) -> anyhow::Result<EnrolmentToken> {
    let text = std::fs::read_to_string(data.enrolment_token(profile));
    Ok(EnrolmentToken::new(text.context("failed to read an enrolment token")?.trim().to_owned()))
}

/// Where the run keeps its data.
enum Folder {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Folder {
    fn of(args: &DemoArgs) -> anyhow::Result<Self> {
        match &args.keep {
            Some(path) if path.join("muster.db").exists() => Err(usage_error(format!(
                "{} holds a run already; name another folder",
                path.display()
            ))),
            Some(path) => Ok(Self::Kept(path.clone())),
            None => {
                let made = tempfile::Builder::new().prefix("muster-demo-").tempdir();
                Ok(Self::Temporary(made.context("failed to make a temporary folder")?))
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}
