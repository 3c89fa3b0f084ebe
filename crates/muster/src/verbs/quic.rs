//! `muster sim --quic`

use std::fs;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::interrupted;
use crate::cli::SimArgs;
use crate::exit::{Exit, usage_error};
use crate::quic_world::{QuicPlan, QuicRun, first_difference, play};
use crate::recording::QuicRecording;
use crate::talk::{Format, print, print_json};

/// How often a plan is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    /// And both have to tell the same.
    Twice,
}

pub(super) async fn run(args: &SimArgs, format: Format) -> anyhow::Result<Exit> {
    let times = if args.quic.twice { Times::Twice } else { Times::Once };
    let (mut shown, mut exit) = (Vec::new(), Exit::Ok);
    for plan in plans(args)? {
        let run = tokio::select! {
            run = on_a_thread_of_its_own(move || play_times(plan, times)) => run?,
            () = interrupted() => return Ok(Exit::Interrupted),
        };
        if !run.verdict.broken.is_empty() {
            exit = Exit::VerdictFailed;
        }
        let recording = keep(args, &run)?;
        if let Some(path) = &args.quic.events {
            fs::write(path, run.timeline.told()).context("failed to write the events")?;
        }
        match format {
            Format::Json => shown.push(data(&run, recording.as_deref())),
            Format::Text => print(&told(&run, recording.as_deref())),
        }
    }
    if format == Format::Json {
        print_json(&shown)?;
    }
    Ok(exit)
}

/// Writes a recording for a run that broke a promise.
fn keep(args: &SimArgs, run: &QuicRun) -> anyhow::Result<Option<PathBuf>> {
    let Some(file) = QuicRecording::of(run, "muster sim --quic") else { return Ok(None) };
    let path = args.case_dir.join(format!("quic-seed-{}.muster", run.plan.seed));
    file.write(&path)?;
    Ok(Some(path))
}

fn plans(args: &SimArgs) -> anyhow::Result<Vec<QuicPlan>> {
    let devices = usize::try_from(args.devices_max()).ok().and_then(NonZeroUsize::new);
    let devices = devices.ok_or_else(|| usage_error("a run needs at least one device"))?;
    let length = Duration::from_secs(args.quic.minutes * 60);
    let seeds = args.seeds.map_or(1, NonZeroU64::get);
    let (from, seeds) = args.seed.map_or((args.from, seeds), |seed| (seed, 1));
    let plan = |seed| QuicPlan { devices, seed, length };
    Ok((from..from.saturating_add(seeds)).map(plan).collect())
}

/// A run makes a runtime of its own, with a time of its own. One that nobody waits for any more
/// ends with the process.
pub(super) async fn on_a_thread_of_its_own<T: Send + 'static>(
    play: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let (sender, played) = oneshot::channel();
    let work = move || drop(sender.send(play()));
    let thread = thread::Builder::new().name("virtual time".to_owned());
    thread.spawn(work).context("failed to start a thread")?;
    played.await.context("the run broke off")?
}

fn play_times(plan: QuicPlan, times: Times) -> anyhow::Result<QuicRun> {
    let mut run = play(plan)?;
    match times {
        Times::Once => {}
        Times::Twice => {
            let again = play(plan)?;
            let difference = first_difference(&run.timeline, &again.timeline);
            let told = difference.map(|it| format!("the same seed told another story: {it}"));
            run.verdict.broken.extend(told);
        }
    }
    Ok(run)
}

fn ratio(run: &QuicRun) -> f64 {
    run.virtual_time.as_secs_f64() / run.wall_time.as_secs_f64().max(1e-6)
}

fn data(run: &QuicRun, recording: Option<&Path>) -> Value {
    let QuicRun { plan, timeline, verdict, virtual_time, wall_time } = run;
    json!({
        "seed": plan.seed,
        "devices": plan.devices,
        "accepted": verdict.accepted,
        "terminal": verdict.terminal,
        "refused": verdict.refused,
        "executed": verdict.executed,
        "connected": verdict.connected,
        "sessions": verdict.sessions,
        "servers": verdict.servers,
        "reconnects": verdict.reconnects,
        "violations": verdict.broken,
        "case_file": recording,
        "events": timeline.entries.len(),
        "packets": timeline.packets.len(),
        "packets_lost": timeline.lost(),
        "timeline_digest": timeline.digest(),
        "packet_digest": timeline.packet_digest(),
        "virtual_s": virtual_time.as_secs_f64(),
        "wall_s": wall_time.as_secs_f64(),
        "ratio": ratio(run),
    })
}

fn told(run: &QuicRun, recording: Option<&Path>) -> String {
    let QuicRun { plan, timeline, verdict, virtual_time, wall_time } = run;
    let broken: String = verdict.broken.iter().map(|it| format!("  broken    {it}\n")).collect();
    let recording = recording.map(|path| format!("  recording {}\n", path.display()));
    let recording = recording.unwrap_or_default();
    format!(
        "seed {}: {} devices over QUIC, {:.1} min of virtual time in {:.2} s: {:.0} times as fast\n\
         {broken}{recording}  \
         commands  {} accepted, {} ended, {} effects; {} requests refused\n  \
         devices   {} connected at the end, {} sessions with {} servers, {} came back\n  \
         packets   {}, {} of them lost on purpose\n  \
         timeline  {} events, {}\n  \
         on wire   {}\n",
        plan.seed,
        plan.devices,
        virtual_time.as_secs_f64() / 60.0,
        wall_time.as_secs_f64(),
        ratio(run),
        verdict.accepted,
        verdict.terminal,
        verdict.executed,
        verdict.refused,
        verdict.connected,
        verdict.sessions,
        verdict.servers,
        verdict.reconnects,
        timeline.packets.len(),
        timeline.lost(),
        timeline.entries.len(),
        timeline.digest(),
        timeline.packet_digest(),
    )
}
