//! `muster demo`: a server, a fleet, the tour, the totals.

mod print;
mod roll_call;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_agent::population;
use muster_protocol::Seed;
use muster_report::LatencySummary;
use serde::Serialize;

use crate::case::{self, Remains, Row, Theatre};
use crate::cli::{CASE_DIR, DemoArgs};
use crate::exit::{Exit, usage_error};
use crate::talk::{Format, print as put, print_json, say};
use crate::verbs::interrupted;

/// Everything a demo has to say.
#[derive(Debug, Serialize)]
pub(crate) struct DemoReport {
    seed: u64,
    devices: DeviceTotals,
    tour: Vec<Row>,
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
    let (cases, seed) = (case::tour()?, Seed::root(args.seed));
    let others = population(args.devices.get().saturating_sub(cases.len()), seed);
    say(&format!("enrolling {} devices over QUIC", cases.len() + others.len()));
    let theatre = Theatre::open(folder, &cases, others, seed).await?;
    let present = &theatre.present;
    say(&format!("{} devices connected, the tour begins", present.connected));
    let devices = DeviceTotals { enrolled: present.enrolled, connected: present.connected };
    let case_dir = args.keep.as_deref().unwrap_or(Path::new(CASE_DIR));
    let stage = theatre.stage(case_dir)?;
    let played = case::perform(&stage, &cases).await?;
    roll_call::run(&stage, cases.len()).await?;
    let twice = case::effects_twice(&stage, &cases).await?;
    drop(stage);
    for file in played.iter().filter_map(|case| case.recording.as_ref()).chain(&twice) {
        say(&format!("what led to a failure: muster case replay {}", file.display()));
    }
    let tour = played.into_iter().flat_map(|played| played.rows).collect();
    Ok(judge(args.seed, devices, tour, &theatre.close().await?))
}

fn judge(seed: u64, devices: DeviceTotals, tour: Vec<Row>, remains: &Remains) -> DemoReport {
    let Remains { counts, totals, fleet } = remains;
    let commands = CommandTotals {
        accepted: counts.accepted,
        terminal: counts.terminal,
        lost: counts.accepted.saturating_sub(counts.terminal),
        executed: fleet.executed,
        executed_twice: fleet.executed_twice,
    };
    let fine = tour.iter().all(|row| row.ok) && commands.lost == 0 && commands.executed_twice == 0;
    DemoReport {
        seed,
        devices,
        tour,
        totals: commands,
        latency_ms: totals.latency_ms,
        bytes: ByteTotals { sent: fleet.bytes_sent, received: fleet.bytes_received },
        verdict: if fine { Verdict::Pass } else { Verdict::Fail },
    }
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
