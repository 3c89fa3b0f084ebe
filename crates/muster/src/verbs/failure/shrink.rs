//! `muster case shrink`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use muster_sim::{Plan, Shrunk};
use serde_json::json;

use super::hurry::{search, size};
use super::{of_device, open, shrink_of_device};
use crate::cli::ShrinkArgs;
use crate::exit::Exit;
use crate::recording::SimulatedRecording;
use crate::talk::{Format, print, print_json, say};

pub(in super::super) async fn shrink(args: &ShrinkArgs, format: Format) -> anyhow::Result<Exit> {
    if let Some(file) = of_device::open(&args.file)? {
        return shrink_of_device::shrink(args, &file, format).await;
    }
    let recording = open(&args.file)?;
    let started = Instant::now();
    say(&format!("  {}, to begin with", size(&recording.plan)));
    let plan = recording.plan.clone();
    let shrunk = search(args.patience, move |hurry| muster_sim::shrink(&plan, hurry)).await?;
    let Some(shrunk) = shrunk else {
        say("the recording fails no more in this build: there is nothing to shrink");
        return Ok(Exit::Ok);
    };
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file));
    if let Some(smaller) = SimulatedRecording::record(shrunk.plan.clone(), "muster case shrink")? {
        smaller.write(&out)?;
    }
    let before = &recording.plan;
    tell(format, &Report { before, shrunk: &shrunk, took: started.elapsed(), out: &out })?;
    Ok(Exit::Ok)
}

/// `seed-7.muster` becomes `seed-7.small.muster`.
pub(super) fn beside(file: &Path) -> PathBuf {
    file.with_extension("small.muster")
}

struct Report<'a> {
    before: &'a Plan,
    shrunk: &'a Shrunk,
    took: Duration,
    out: &'a Path,
}

fn tell(format: Format, report: &Report<'_>) -> anyhow::Result<()> {
    let Report { before, shrunk, took, out } = report;
    let after = &shrunk.plan;
    match format {
        Format::Json => print_json(&json!({
            "case_file": out,
            "devices": { "before": before.devices.len(), "after": after.devices.len() },
            "acts": { "before": before.acts.len(), "after": after.acts.len() },
            "runs": shrunk.runs,
            "wall_s": took.as_secs_f64(),
            "violation": shrunk.violation,
        }))?,
        Format::Text => {
            let acts = after.acts.iter().map(|act| format!("  {} {:?}\n", act.at, act.what));
            let acts: String = acts.collect();
            print(&format!(
                "{} became {}, in {} runs and {:.1} s\n{acts}  {}\nrecording {}\n",
                size(before),
                size(after),
                shrunk.runs,
                took.as_secs_f64(),
                shrunk.violation,
                out.display(),
            ));
        }
    }
    Ok(())
}
