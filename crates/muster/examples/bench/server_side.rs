//! The server process: serves, and on request reports its use or sends a load of commands.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_admin::Backend;
use muster_control::Action;
use muster_protocol::DeviceId;
use muster_server::{Exposure, Server, ServerConfig};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::task::JoinSet;

use crate::process::Usage;

/// What the fleet process asks for, one JSON value a line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    Usage,
    /// Locks every device this many times with this many commands open at once.
    Commands {
        each: usize,
        in_flight: usize,
    },
    Quit,
}

/// What the load of commands took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CommandLoad {
    pub(crate) commands: usize,
    pub(crate) seconds: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

pub(crate) async fn serve(data: &Path) -> anyhow::Result<()> {
    let any_port = "127.0.0.1:0".parse()?;
    let server = Server::start(ServerConfig {
        quic: any_port,
        admin: any_port,
        data: data.to_owned(),
        exposure: Exposure::LoopbackOnly,
        command_lifetime: Duration::from_secs(3_600),
    });
    let server = server.await?;
    say(&server.endpoints())?;
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line)? {
            Ask::Usage => say(&Usage::now()?)?,
            Ask::Commands { each, in_flight } => say(&load(&server, each, in_flight).await?)?,
            Ask::Quit => break,
        }
    }
    server.stop().await;
    Ok(())
}

fn say(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

async fn load(server: &Server, each: usize, in_flight: usize) -> anyhow::Result<CommandLoad> {
    let backend = server.backend();
    let devices = all_devices(&backend).await?;
    let before = server.totals();
    let target = before.accepted + u64::try_from(devices.len() * each)?;
    let started = Instant::now();
    let mut submitting = JoinSet::new();
    let shares = devices.chunks(devices.len().div_ceil(in_flight)).map(<[DeviceId]>::to_vec);
    for share in shares {
        submitting.spawn(submit(backend.clone(), share, each));
    }
    while let Some(submitted) = submitting.join_next().await {
        submitted??;
    }
    while server.totals().terminal < target {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let latency = server.totals().latency_ms;
    let commands = devices.len() * each;
    Ok(CommandLoad { commands, seconds, p50_ms: latency.p50, p99_ms: latency.p99 })
}

/// One after the other, round after round: the next is asked for once the last is durable.
async fn submit<B: Backend>(backend: B, devices: Vec<DeviceId>, each: usize) -> anyhow::Result<()> {
    for _round in 0..each {
        for device in &devices {
            backend.submit(*device, Action::RemoteLock).await.context("a command was refused")?;
        }
    }
    Ok(())
}

async fn all_devices<B: Backend>(backend: &B) -> anyhow::Result<Vec<DeviceId>> {
    let mut devices: Vec<DeviceId> = Vec::new();
    loop {
        let page = backend.devices(devices.last().copied(), 1_000).await?;
        if page.is_empty() {
            return Ok(devices);
        }
        devices.extend(page.into_iter().map(|record| record.id));
    }
}
