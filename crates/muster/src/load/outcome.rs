//! What a run has to say at its end.

use std::fs;
use std::time::SystemTime;

use muster_protocol::Timestamp;
use muster_report::{Ending, ErrorCode, Header, Host, Measured, RunReport, ShardOf, Step, Through};
use muster_scenario::{Shard, Span, TimeScale};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::collect::Collected;
use super::engine::{Over, Site};
use super::eyes::Instruments;
use super::folder;
use super::health::cores;
use super::slow::SlowDevice;
use super::unseen;
use crate::cli::{LoadArgs, ThroughName};
use crate::exit::Exit;
use crate::machine::memory_bytes;
use crate::talk::{Format, print, print_json, say};

/// Judges a run, tells it, and writes it down where that is wanted.
pub(crate) fn tell(over: Over, args: &LoadArgs, format: Format) -> anyhow::Result<Exit> {
    if over.order.instruments == Instruments::Off {
        return bare(&over, format);
    }
    let (mut report, slow) = report(over);
    if let Some(out) = &args.out {
        let folder = folder::write(out, &mut report, &slow)?;
        say(&format!("the run is written down in {}", folder.display()));
    }
    tell_report(&report, format)
}

/// Judges a run.
pub(crate) fn report(over: Over) -> (RunReport, Vec<SlowDevice>) {
    let untold = over.fates.untold;
    let (measured, slow) = measured(over);
    let mut report = RunReport::new(&measured);
    if untold > 0 {
        report.doubt(format!("{untold} commands may be lost: the server does not answer"));
    }
    (report, slow)
}

/// Tells a report.
pub(crate) fn tell_report(report: &RunReport, format: Format) -> anyhow::Result<Exit> {
    match format {
        Format::Json => print_json(report)?,
        Format::Text => print(&report.told()),
    }
    Ok(report.verdict.into())
}

/// What is known of a run without instruments: it has no verdict.
fn bare(over: &Over, format: Format) -> anyhow::Result<Exit> {
    let (accepted, terminal) = (over.counts.accepted, over.counts.terminal);
    let seconds = over.took.as_secs_f64();
    let ended = f64::from(u32::try_from(terminal).unwrap_or(u32::MAX));
    let per_second = ended / seconds.max(0.001);
    match format {
        Format::Json => print_json(&json!({
            "accepted": accepted, "terminal": terminal, "seconds": seconds,
            "terminal_per_s": per_second,
        }))?,
        Format::Text => print(&format!(
            "{accepted} commands accepted, {terminal} ended in {seconds:.1} s: {per_second:.0}/s, \
             not measured\n"
        )),
    }
    Ok(match over.ending {
        Ending::Complete => Exit::Ok,
        Ending::Interrupted | Ending::Aborted => Exit::Interrupted,
    })
}

fn measured(mut over: Over) -> (Measured, Vec<SlowDevice>) {
    count_lost(&mut over);
    let run = header(&over);
    let Over { order, collected, slow, .. } = over;
    let measured = Measured {
        run,
        devices: count(order.plan.devices()),
        faults: collected.faults,
        interventions: collected.interventions,
        scenario: order.scenario,
        recorder: collected.recorder,
        vitals: collected.vitals,
    };
    (measured, slow)
}

/// Counts commands that the server has taken and knows nothing of, and notes that were not taken.
fn count_lost(over: &mut Over) {
    let at = Timestamp::ZERO.after(over.took);
    let Collected { recorder, vitals, .. } = &mut over.collected;
    for label in &over.fates.lost {
        recorder.count(at, *label, Step::Lost);
    }
    let missed = vitals.unseen;
    if missed > 0 {
        recorder.failed(at, ErrorCode::GeneratorResource, || {
            format!("{missed} notes were not taken: the collector came too late")
        });
    }
}

fn header(over: &Over) -> Header {
    let order = &over.order;
    Header {
        scenario: order.scenario.name.clone(),
        question: order.scenario.question.clone(),
        config_hash: hex(&Sha256::digest(order.text.as_bytes())),
        scenario_toml: order.text.clone(),
        seed: order.seed,
        time_scale: Some(factor(order.run.time_scale)),
        devices_of_plan: Some(count(order.plan.whole_fleet().iter())),
        shard: shard(order.run.shard),
        merged_from: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: commit(env!("MUSTER_COMMIT")),
        started_at: date(over.began),
        took_ms: u64::try_from(over.took.as_millis()).unwrap_or(u64::MAX),
        ending: over.ending,
        server: match over.server {
            Site::Embedded => "embedded".to_owned(),
            Site::Elsewhere(address) => address.to_string(),
        },
        through: match order.through {
            ThroughName::Direct => Through::Direct,
            ThroughName::Graph => Through::Graph,
        },
        not_observed: match over.server {
            Site::Embedded => Vec::new(),
            Site::Elsewhere(_) => unseen::of(order, &over.fates, &over.collected),
        },
        hosts: vec![host()],
    }
}

/// How long a span of the scenario was.
fn factor(scale: TimeScale) -> f64 {
    scale.of(Span::from_secs(1)).as_secs_f64()
}

/// The commit of a build; one outside a clone does not know its own.
fn commit(known: &str) -> Option<String> {
    (!known.is_empty()).then(|| known.to_owned())
}

fn count<T>(things: impl Iterator<Item = T>) -> u64 {
    u64::try_from(things.count()).unwrap_or(u64::MAX)
}

fn shard(shard: Shard) -> Option<ShardOf> {
    let of = shard.of().get();
    (of > 1).then(|| ShardOf { index: shard.index().saturating_add(1), of })
}

fn date(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map(|at| at.to_string()).unwrap_or_default()
}

fn host() -> Host {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let kernel = format!("{} {}", std::env::consts::OS, release.trim());
    Host {
        cores: u32::try_from(cores()).unwrap_or(u32::MAX),
        kernel: kernel.trim().to_owned(),
        memory_bytes: memory_bytes(&read("/proc/meminfo"), "MemTotal").unwrap_or(0),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
