//! `muster sim SCENARIO`

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Instant;

use muster_protocol::Seed;
use muster_scenario::{Plan, Run, Scenario};

use super::interrupted;
use super::quic::on_a_thread_of_its_own;
use crate::cli::SimArgs;
use crate::exit::{Exit, usage_error};
use crate::load::order::{bad, read};
use crate::recording::SimulatedRecording;
use crate::talk::{Format, print, print_json, say};
use crate::virtual_load::{Script, TooLarge, VirtualReport, play};

pub(super) async fn run(args: &SimArgs, file: &Path, format: Format) -> anyhow::Result<Exit> {
    let scenario = Scenario::parse(&read(file)?).map_err(|error| bad(file, &error))?;
    let seed = args.seed.unwrap_or(scenario.seed);
    let plan = plan(args, &scenario, seed).map_err(|error| bad(file, &error))?;
    TooLarge::check(&plan).map_err(|error| usage_error(error.to_string()))?;
    let script =
        Script::of(&plan, seed, args.calm).map_err(|error| bad(file, &format!("{error:#}")))?;
    let world = script.plan.clone();
    let started = Instant::now();
    let report = tokio::select! {
        report = on_a_thread_of_its_own(move || Ok(play(&plan, &script))) => report?,
        () = interrupted() => return Ok(Exit::Interrupted),
    };
    say(&format!("played in {:.1} s", started.elapsed().as_secs_f64()));
    let recording = keep(args, (&scenario.name, seed), &report, world)?;
    match format {
        Format::Json => print_json(&report.data(recording.as_deref()))?,
        Format::Text => print(&report.told(recording.as_deref())),
    }
    Ok(report.verdict().into())
}

fn plan(
    args: &SimArgs,
    scenario: &Scenario,
    seed: u64,
) -> Result<Plan, muster_scenario::PlanError> {
    let devices = args.devices.and_then(|devices| u32::try_from(devices).ok());
    let devices = devices.and_then(NonZeroU32::new);
    scenario.plan(Run { seed: Seed::root(seed), devices, ..Run::of(scenario) })
}

/// Writes a recording for a run that broke a promise.
fn keep(
    args: &SimArgs,
    (name, seed): (&str, u64),
    report: &VirtualReport,
    world: muster_sim::Plan,
) -> anyhow::Result<Option<PathBuf>> {
    if !report.is_broken() {
        return Ok(None);
    }
    let Some(recording) = SimulatedRecording::record(world, "muster sim")? else { return Ok(None) };
    let path = args.case_dir.join(format!("{name}-seed-{seed}.muster"));
    recording.write(&path)?;
    Ok(Some(path))
}
