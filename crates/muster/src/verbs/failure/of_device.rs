//! `muster case cut`, and the replay of what it cuts out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use muster_device::recording::{Divergence, Recording, Replayed, Signature, replay as play};
use serde_json::{Value, json};

use super::super::black_box::Run;
use super::{plant, refused};
use crate::cli::CutArgs;
use crate::exit::{Exit, ExitWith};
use crate::planted;
use crate::recording::DeviceRecording;
use crate::talk::{Format, print, print_json};

/// How the words of an effect begin.
const EFFECT: &str = "Executed";

/// Cuts one device out of a live run, with what its server knows of it.
pub(in super::super) async fn cut(args: &CutArgs, format: Format) -> anyhow::Result<Exit> {
    let (run, serial) = (Run::at(args.run.clone()), &args.device);
    let recording = run.recording(serial).await.map_err(|error| {
        let message = format!(
            "no recording of {serial} in {:?}; a running `muster fleet` gives one to who names its \
             data folder, `muster fleet --record` leaves one",
            args.run.display().to_string()
        );
        error.context(ExitWith { exit: Exit::BadFile, message })
    })?;
    let facts = run.facts(serial).await;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{serial}.muster")));
    planted::sow(run.planted().unwrap_or_default().as_str());
    let file = DeviceRecording::of(recording, facts, "muster case cut");
    file.write(&out)?;
    let manifest = &file.manifest;
    match format {
        Format::Json => print_json(&json!({
            "case_file": out,
            "manifest": manifest,
            "server_facts": file.server.as_ref().map(|server| server.facts.len()),
        }))?,
        Format::Text => print(&format!(
            "{}: {} inputs of {serial}, {} before them not kept, {} secrets replaced; {}\n",
            out.display(),
            manifest.entries,
            manifest.left_out,
            manifest.redactions,
            told_server(&file),
        )),
    }
    Ok(Exit::Ok)
}

fn told_server(file: &DeviceRecording) -> String {
    match &file.server {
        Some(server) => format!("{} facts of its server", server.facts.len()),
        None => "no server told anything of it".to_owned(),
    }
}

/// Reads a recording if it is about a live device, and plants the fault it was found with.
pub(super) fn open(path: &Path) -> anyhow::Result<Option<DeviceRecording>> {
    let file = DeviceRecording::read(path).map_err(|error| refused(path, error))?;
    if let Some(file) = &file {
        plant(path, file.manifest.planted.as_deref());
    }
    Ok(file)
}

/// What was shrunk is judged by its signature: its outputs were never recorded.
fn replay_shrunk(file: &Shrunk<'_>, format: Format) -> (Exit, Option<Value>) {
    let Shrunk { path, file, expected } = file;
    let occurs = expected.occurs(&file.recording);
    let exit = if occurs { Exit::VerdictFailed } else { Exit::Ok };
    match format {
        Format::Json => {
            let signature = if occurs { "occurs" } else { "gone" };
            let data = json!({
                "case_file": path,
                "device": file.manifest.serial,
                "inputs": file.manifest.entries,
                "expected": expected,
                "signature": signature,
            });
            (exit, Some(data))
        }
        Format::Text => {
            let verdict = if occurs { "still occurs" } else { "gone" };
            print(&format!("{}  failure  {verdict}: {expected}\n", headline(path, file)));
            (exit, None)
        }
    }
}

/// A shrunk history and how it fails.
struct Shrunk<'a> {
    path: &'a Path,
    file: &'a DeviceRecording,
    expected: &'a Signature,
}

/// A history played again.
struct Played<'a> {
    path: &'a Path,
    file: &'a DeviceRecording,
    outcome: Result<Replayed, Divergence>,
    twice: Vec<String>,
    wall: Duration,
}

/// Plays the history again; an output that differs, or a command that took effect twice, is a
/// failed verdict. In text it is told at once, otherwise handed back.
pub(super) fn replay(path: &Path, file: &DeviceRecording, format: Format) -> (Exit, Option<Value>) {
    if let Some(expected) = &file.manifest.expected {
        return replay_shrunk(&Shrunk { path, file, expected }, format);
    }
    let started = Instant::now();
    let outcome = play(&file.recording);
    let (wall, twice) = (started.elapsed(), effects_again(&file.recording));
    let played = Played { path, file, outcome, twice, wall };
    let data = match format {
        Format::Json => Some(played.described()),
        Format::Text => {
            print(&played.told());
            None
        }
    };
    (played.exit(), data)
}

impl Played<'_> {
    const fn exit(&self) -> Exit {
        if self.outcome.is_ok() && self.twice.is_empty() { Exit::Ok } else { Exit::VerdictFailed }
    }

    fn described(&self) -> Value {
        let divergence = self.outcome.as_ref().err();
        let difference = divergence.map(|it| {
            json!({ "entry": it.entry, "at": it.at.to_string(), "input": it.input,
                    "output": it.output, "expected": it.expected, "actual": it.actual })
        });
        json!({
            "case_file": self.path,
            "device": self.file.manifest.serial,
            "inputs": self.file.manifest.entries,
            "same_outputs": divergence.is_none(),
            "first_difference": difference,
            "took_effect_twice": self.twice,
            "wall_s": self.wall.as_secs_f64(),
        })
    }

    fn told(&self) -> String {
        let outcome = match &self.outcome {
            Ok(replayed) => format!("{} outputs, the same as recorded", replayed.outputs),
            Err(divergence) => told_divergence(divergence),
        };
        let effects = match self.twice.as_slice() {
            [] => "no command took effect twice".to_owned(),
            twice => format!("took effect twice: {}", twice.join(", ")),
        };
        format!(
            "{}  played   in {:.1} ms\n  outputs  {outcome}\n  effects  {effects}\n",
            headline(self.path, self.file),
            self.wall.as_secs_f64() * 1_000.0,
        )
    }
}

fn headline(path: &Path, file: &DeviceRecording) -> String {
    let manifest = &file.manifest;
    let why = manifest.why.as_ref().map(|why| format!("  because  {why}\n"));
    format!(
        "{}\n  made by  muster {} (commit {}), {}\n{}  device   {}, {} inputs\n",
        path.display(),
        manifest.version,
        manifest.commit,
        manifest.created_by,
        why.unwrap_or_default(),
        manifest.serial,
        manifest.entries,
    )
}

fn told_divergence(divergence: &Divergence) -> String {
    let nothing = "nothing more";
    format!(
        "goes another way at entry {} ({} at {})\n           expected {}\n           actual   {}",
        divergence.entry,
        divergence.input,
        divergence.at,
        divergence.expected.as_deref().unwrap_or(nothing),
        divergence.actual.as_deref().unwrap_or(nothing),
    )
}

/// The effects that came more than once.
fn effects_again(recording: &Recording) -> Vec<String> {
    let said = recording.entries.iter().flat_map(|entry| &entry.said);
    let mut seen = BTreeSet::new();
    said.map(|said| &said.what)
        .filter(|what| what.starts_with(EFFECT) && !seen.insert(*what))
        .cloned()
        .collect()
}
