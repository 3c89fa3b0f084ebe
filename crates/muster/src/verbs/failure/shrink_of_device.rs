//! `muster case shrink` of what happened to a live device.

use std::time::Instant;

use muster_device::recording::{Entry, Happened};
use muster_sim::Patience as _;
use serde_json::json;

use super::hurry::search;
use super::shrink::beside;
use crate::cli::ShrinkArgs;
use crate::exit::Exit;
use crate::recording::DeviceRecording;
use crate::talk::{Format, print, print_json, say};

pub(super) async fn shrink(
    args: &ShrinkArgs,
    file: &DeviceRecording,
    format: Format,
) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let recording = file.recording.clone();
    let shrunk = search(args.patience, move |hurry| {
        muster_device::recording::shrink(&recording, &mut || hurry.has_time())
    })
    .await?;
    let Some(shrunk) = shrunk else {
        say("in this build nothing takes effect twice and every output is as recorded: \
             there is nothing to shrink");
        return Ok(Exit::Ok);
    };
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file));
    let (runs, signature) = (shrunk.runs, shrunk.signature.clone());
    let smaller = file.shrunk(shrunk, "muster case shrink");
    smaller.write(&out)?;
    let (before, after) = (inputs(&file.recording.entries), inputs(&smaller.recording.entries));
    let wall_s = started.elapsed().as_secs_f64();
    match format {
        Format::Json => print_json(&json!({
            "case_file": out,
            "inputs": { "before": before, "after": after },
            "runs": runs,
            "wall_s": wall_s,
            "expected": signature,
        }))?,
        Format::Text => {
            let left: String = smaller.recording.entries.iter().map(line).collect();
            print(&format!(
                "{before} inputs became {after}, in {runs} runs and {wall_s:.1} s\n{left}  \
                 {signature}\nrecording {}\n",
                out.display(),
            ));
        }
    }
    Ok(Exit::Ok)
}

fn inputs(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| entry.happened.input().is_some()).count()
}

fn line(entry: &Entry) -> String {
    let what = match &entry.happened {
        Happened::Input(input) => input.name().to_owned(),
        Happened::CutShort(input) => format!("{}, and the agent dies", input.name()),
        Happened::Restarted => "the agent starts again".to_owned(),
    };
    format!("  {} {what}\n", entry.at)
}
