//! `muster case timeline`

use std::fs;

use anyhow::Context as _;
use muster_sim::{Entry, Step};
use serde_json::{Value, json};

use super::{of_device, open, timeline_of_device};
use crate::cli::TimelineArgs;
use crate::diagram::{page, text};
use crate::exit::Exit;
use crate::recording::SimulatedRecording;
use crate::talk::{Format, print, print_json, say};

pub(in super::super) fn timeline(args: &TimelineArgs, format: Format) -> anyhow::Result<Exit> {
    if let Some(file) = of_device::open(&args.file)? {
        return timeline_of_device::timeline(args, &file, format);
    }
    let recording = open(&args.file)?;
    let steps = steps(args, &recording);
    if let Some(out) = &args.html {
        let page = page(&recording, &steps)?;
        fs::write(out, page).with_context(|| format!("failed to write {}", out.display()))?;
        say(&format!("{} lines in {}", steps.len(), out.display()));
        return Ok(Exit::Ok);
    }
    match format {
        Format::Json => print_json(&steps.iter().map(data).collect::<Vec<Value>>())?,
        Format::Text => print(&text(&recording, &steps)),
    }
    Ok(Exit::Ok)
}

/// The lines about the device asked for, and those about the server as a whole.
fn steps(args: &TimelineArgs, recording: &SimulatedRecording) -> Vec<Step> {
    let device = args.device.unwrap_or(recording.manifest.expected.device);
    let wanted =
        |entry: &&Entry| args.all_devices || entry.device.is_none_or(|other| other == device);
    recording.replay().log.entries().filter(wanted).map(Step::of).collect()
}

pub(super) fn data(step: &Step) -> Value {
    json!({
        "at": step.at.to_string(),
        "device": step.device,
        "from": step.from.name(),
        "to": step.to.name(),
        "what": step.text,
    })
}
