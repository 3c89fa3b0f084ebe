//! The server process: serves, and on request reports its use or sends a load of commands.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_admin::{Backend, Submission};
use muster_control::{Action, DeviceRecord};
use muster_protocol::DeviceId;
use muster_server::{Server, ServerConfig};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::process::Usage;

/// Tasks that submit at once: enough to fill a group commit.
const SUBMITTERS: usize = 512;

/// How often ended commands make room for new ones.
const LOOK_EVERY: Duration = Duration::from_millis(1);

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
    let server = Server::start(ServerConfig {
        command_lifetime: Duration::from_secs(3_600),
        ..ServerConfig::in_folder(data.to_owned())
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

/// A closed loop: no more than `in_flight` commands are open at once.
async fn load(server: &Server, each: usize, in_flight: usize) -> anyhow::Result<CommandLoad> {
    let backend = server.backend();
    let devices = all_devices(&backend).await?;
    let commands = devices.len() * each;
    // Before the first is asked: what ended before it was read would be waited for without end.
    let first = server.totals().terminal;
    let (room, started) = (Arc::new(Semaphore::new(in_flight)), Instant::now());
    let mut submitting = JoinSet::new();
    for share in devices.chunks(devices.len().div_ceil(SUBMITTERS)) {
        submitting.spawn(submit(backend.clone(), share.to_vec(), each, room.clone()));
    }
    let (mut ended, last) = (first, first + u64::try_from(commands)?);
    while ended < last {
        sleep(LOOK_EVERY).await;
        let now = server.totals().terminal;
        room.add_permits(usize::try_from(now - ended)?);
        ended = now;
    }
    while let Some(submitted) = submitting.join_next().await {
        submitted??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let latency = server.totals().latency_ms;
    Ok(CommandLoad { commands, seconds, p50_ms: latency.p50, p99_ms: latency.p99 })
}

/// Round after round over a share of the devices, whenever there is room.
async fn submit<B: Backend>(
    backend: B,
    devices: Vec<DeviceId>,
    each: usize,
    room: Arc<Semaphore>,
) -> anyhow::Result<()> {
    for _round in 0..each {
        for device in &devices {
            room.acquire().await?.forget();
            let submission = Submission::new(backend.new_command_id()?, Action::RemoteLock);
            backend.submit(*device, submission).await.context("a command was refused")?;
        }
    }
    Ok(())
}

async fn all_devices<B: Backend>(backend: &B) -> anyhow::Result<Vec<DeviceId>> {
    let mut devices = Vec::new();
    let mut look = |record: &DeviceRecord| {
        devices.push(record.id);
        ControlFlow::Continue(())
    };
    backend.scan(None, &mut look).await?;
    Ok(devices)
}
