//! `muster case shrink`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use muster_sim::Shrunk;
use serde_json::json;

use super::hurry::{search, size};
use super::{open, recorded, shrink_recorded};
use crate::case_file::CaseFile;
use crate::cli::ShrinkArgs;
use crate::exit::Exit;
use crate::talk::{Format, print, print_json, say};

pub(in super::super) async fn shrink(args: &ShrinkArgs, format: Format) -> anyhow::Result<Exit> {
    if let Some(file) = recorded::open(&args.file)? {
        return shrink_recorded::shrink(args, &file, format).await;
    }
    let case = open(&args.file)?;
    let started = Instant::now();
    say(&format!("  {}, to begin with", size(&case.plan)));
    let plan = case.plan.clone();
    let shrunk = search(args.patience, move |hurry| muster_sim::shrink(&plan, hurry)).await?;
    let Some(shrunk) = shrunk else {
        say("this build keeps every promise of the case: there is nothing to shrink");
        return Ok(Exit::Ok);
    };
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file));
    if let Some(smaller) = CaseFile::record(shrunk.plan.clone(), "muster case shrink")? {
        smaller.write(&out)?;
    }
    tell(format, &Report { case: &case, shrunk: &shrunk, took: started.elapsed(), out: &out })?;
    Ok(Exit::Ok)
}

/// `seed-7.muster` becomes `seed-7.small.muster`.
pub(super) fn beside(file: &Path) -> PathBuf {
    file.with_extension("small.muster")
}

struct Report<'a> {
    case: &'a CaseFile,
    shrunk: &'a Shrunk,
    took: Duration,
    out: &'a Path,
}

fn tell(format: Format, report: &Report<'_>) -> anyhow::Result<()> {
    let Report { case, shrunk, took, out } = report;
    match format {
        Format::Json => print_json(&json!({
            "case_file": out,
            "devices": { "before": case.plan.devices.len(), "after": shrunk.plan.devices.len() },
            "acts": { "before": case.plan.acts.len(), "after": shrunk.plan.acts.len() },
            "runs": shrunk.runs,
            "wall_s": took.as_secs_f64(),
            "violation": shrunk.violation,
        }))?,
        Format::Text => {
            let acts: String = shrunk
                .plan
                .acts
                .iter()
                .map(|act| format!("  {} {:?}\n", act.at, act.what))
                .collect();
            print(&format!(
                "{} became {}, in {} runs and {:.1} s\n{acts}  {}\nrecording {}\n",
                size(&case.plan),
                size(&shrunk.plan),
                shrunk.runs,
                took.as_secs_f64(),
                shrunk.violation,
                out.display(),
            ));
        }
    }
    Ok(())
}
