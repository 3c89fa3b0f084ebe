//! The fleet process: runs the devices and asks the server process for its side.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_agent::{DevicePlan, FaultsCount, Fleet, FleetConfig, Sockets, Start, population};
use muster_protocol::Seed;
use muster_protocol::limits::KEEP_ALIVE;
use muster_protocol::secret::EnrolmentToken;
use muster_server::{DataDir, Endpoints};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::process::{Usage, udp_drops};
use crate::server_side::{Ask, CommandLoad};
use crate::{Plan, Reconnects};

/// How long a fleet may take to come up, however few devices it has.
const UP_WITHIN: Duration = Duration::from_secs(60);

/// And for each device: a busy machine brings more than a hundred of them up in a second.
const UP_WITHIN_EACH: Duration = Duration::from_millis(10);

/// How long both processes rest before their memory is read.
const REST: Duration = Duration::from_secs(2);

pub(crate) async fn measure(plan: Plan) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = ServerProcess::start(folder.path()).await?;
    let (drops_before, bare) = (udp_drops()?, Both::now(&mut server).await?);
    let started = Instant::now();
    let fleet = Fleet::start(fleet_config(plan, folder.path(), server.endpoints)?).await?;
    up(&fleet, plan.devices).await?;
    let enrol_seconds = started.elapsed().as_secs_f64();
    sleep(REST).await;
    let (idle, drops_idle) = (Both::now(&mut server).await?, udp_drops()?);
    let connect = match plan.reconnects {
        Reconnects::Once => Some(reconnect(&fleet, plan, &mut server).await?),
        Reconnects::Never => None,
    };
    let before = Both::now(&mut server).await?;
    let ask = Ask::Commands { each: plan.commands_each, in_flight: plan.in_flight };
    let load: CommandLoad = server.ask(&ask).await?;
    let loaded = Both::now(&mut server).await?;
    sleep(REST).await;
    let after = Both::now(&mut server).await?;
    let progress = fleet.progress();
    println!(
        "{}",
        json!({
            "devices": plan.devices,
            "enrol": { "seconds": enrol_seconds, "connect_failures": progress.connect_failures,
                       "kernel_drops": drops_idle.saturating_sub(drops_before) },
            "connect": connect,
            "idle_bytes": idle.rss_each(&bare, plan.devices),
            "after_bytes": after.rss_each(&bare, plan.devices),
            "commands": { "count": load.commands, "per_second": load.commands as f64 / load.seconds,
                          "cpu_us": loaded.cpu_each(&before, load.commands),
                          "p50_ms": load.p50_ms, "p99_ms": load.p99_ms,
                          "executed_twice": progress.executed_twice,
                          "kernel_drops": udp_drops()?.saturating_sub(drops_idle) },
        })
    );
    fleet.stop().await;
    server.quit().await
}

/// All devices leave and come back: what connect, authentication and first check-in cost.
async fn reconnect(
    fleet: &Fleet,
    plan: Plan,
    server: &mut ServerProcess,
) -> anyhow::Result<serde_json::Value> {
    for index in 0..plan.devices {
        fleet.go_offline(index).await?;
    }
    sleep(REST).await;
    let before = Both::now(server).await?;
    let started = Instant::now();
    for index in 0..plan.devices {
        fleet.go_online(index).await?;
    }
    up(fleet, plan.devices).await?;
    let seconds = started.elapsed().as_secs_f64();
    let after = Both::now(server).await?;
    Ok(json!({ "seconds": seconds, "cpu_us": after.cpu_each(&before, plan.devices) }))
}

async fn up(fleet: &Fleet, devices: usize) -> anyhow::Result<()> {
    let wanted = u64::try_from(devices)?;
    let all_here = async {
        while fleet.progress().connected < wanted {
            fleet.changed().await;
        }
    };
    let within = UP_WITHIN + UP_WITHIN_EACH * u32::try_from(devices)?;
    timeout(within, all_here).await.with_context(|| format!("not up: {:?}", fleet.progress()))
}

fn fleet_config(plan: Plan, folder: &Path, endpoints: Endpoints) -> anyhow::Result<FleetConfig> {
    let data = DataDir::at(folder.to_owned());
    let ca = CertificateDer::from_pem_slice(&std::fs::read(data.ca_certificate())?)?;
    let token = std::fs::read_to_string(data.enrolment_token("default"))?;
    let token = EnrolmentToken::new(token.trim().to_owned());
    let seed = Seed::root(1);
    let plan_of =
        |spec| DevicePlan { spec, token: token.clone(), start: Start::Online, person: None };
    Ok(FleetConfig {
        server: endpoints.quic,
        ca,
        plans: population(plan.devices, seed).into_iter().map(plan_of).collect(),
        seed,
        sockets: Sockets::Shared(plan.sockets),
        state_dir: None,
        keep_alive: KEEP_ALIVE,
        skew: muster_transport::Skew::default(),
        faults: Vec::new(),
        faults_count: FaultsCount::FromStart,
        black_box: muster_agent::BlackBox::default(),
        watch: None,
        connects_in_flight: NonZeroUsize::new(256).context("a constant")?,
    })
}

/// The use of both processes at one moment.
struct Both {
    server: Usage,
    fleet: Usage,
}

#[derive(Serialize)]
struct Sides {
    server: f64,
    fleet: f64,
}

impl Both {
    async fn now(server: &mut ServerProcess) -> anyhow::Result<Self> {
        Ok(Self { server: server.ask(&Ask::Usage).await?, fleet: Usage::now()? })
    }

    fn rss_each(&self, earlier: &Self, count: usize) -> Sides {
        Sides {
            server: self.server.rss_each(earlier.server, count),
            fleet: self.fleet.rss_each(earlier.fleet, count),
        }
    }

    fn cpu_each(&self, earlier: &Self, count: usize) -> Sides {
        Sides {
            server: self.server.cpu_each(earlier.server, count),
            fleet: self.fleet.cpu_each(earlier.fleet, count),
        }
    }
}

/// The server as a process of its own, asked over its standard streams.
struct ServerProcess {
    child: Child,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    endpoints: Endpoints,
}

impl ServerProcess {
    async fn start(data: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("server").arg(data).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let ask = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut answers = BufReader::new(stdout).lines();
        let endpoints = answer(&mut answers).await?;
        Ok(Self { child, ask, answers, endpoints })
    }

    async fn ask<T: DeserializeOwned>(&mut self, ask: &Ask) -> anyhow::Result<T> {
        self.tell(ask).await?;
        answer(&mut self.answers).await
    }

    async fn tell(&mut self, ask: &Ask) -> anyhow::Result<()> {
        let line = format!("{}\n", serde_json::to_string(ask)?);
        Ok(self.ask.write_all(line.as_bytes()).await?)
    }

    async fn quit(mut self) -> anyhow::Result<()> {
        self.tell(&Ask::Quit).await?;
        self.child.wait().await?;
        Ok(())
    }
}

async fn answer<T: DeserializeOwned>(
    lines: &mut Lines<BufReader<ChildStdout>>,
) -> anyhow::Result<T> {
    let line = lines.next_line().await?.context("the server process ended")?;
    Ok(serde_json::from_str(&line)?)
}
