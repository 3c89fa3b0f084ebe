//! `muster case replay`

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{of_device, open, replay_quic};
use crate::cli::ReplayArgs;
use crate::exit::Exit;
use crate::recording::{Difference, Replay, Signature, SimulatedRecording};
use crate::talk::{Format, print, print_json};

/// Plays every file; a promise broken in any of them is a failed verdict.
pub(in super::super) fn replay(args: &ReplayArgs, format: Format) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    let mut data = Vec::new();
    for path in &args.files {
        if let Some(file) = of_device::open(path)? {
            let (verdict, found) = of_device::replay(path, &file, format);
            data.extend(found);
            exit = if verdict == Exit::Ok { exit } else { verdict };
            continue;
        }
        if let Some(file) = replay_quic::open(path)? {
            let (verdict, found) = replay_quic::replay(path, &file, format)?;
            data.extend(found);
            exit = if verdict == Exit::Ok { exit } else { verdict };
            continue;
        }
        let recording = open(path)?;
        let replay = recording.replay();
        if replay.signature != Signature::Gone {
            exit = Exit::VerdictFailed;
        }
        match format {
            Format::Json => data.push(described(path, &recording, &replay)),
            Format::Text => print(&told(path, &recording, &replay)),
        }
    }
    if format == Format::Json {
        print_json(&json!({ "replayed": data }))?;
    }
    Ok(exit)
}

fn described(path: &Path, recording: &SimulatedRecording, replay: &Replay) -> Value {
    let difference = replay.difference.as_ref();
    let difference = difference
        .map(|it| json!({ "line": it.line, "expected": it.expected, "actual": it.actual }));
    let (verdict, found) = match &replay.signature {
        Signature::Occurs => ("occurs", None),
        Signature::Another(found) => ("another", Some(found)),
        Signature::Gone => ("gone", None),
    };
    json!({
        "case_file": path,
        "seed": recording.manifest.seed,
        "planted": recording.manifest.planted,
        "expected": recording.manifest.expected,
        "signature": verdict,
        "another": found,
        "same_log": difference.is_none(),
        "first_difference": difference,
        "lines": replay.log.count(),
        "virtual_s": Duration::from_micros(replay.at.as_micros()).as_secs_f64(),
        "wall_s": replay.wall_time.as_secs_f64(),
    })
}

fn told(path: &Path, recording: &SimulatedRecording, replay: &Replay) -> String {
    let manifest = &recording.manifest;
    let log = match &replay.difference {
        None => format!("{} lines, the same as recorded", replay.log.count()),
        Some(difference) => told_difference(difference),
    };
    let signature = match &replay.signature {
        Signature::Occurs => format!("still occurs: {}", manifest.expected),
        Signature::Another(found) => {
            format!("another one: {found}\n           recorded was {}", manifest.expected)
        }
        Signature::Gone => {
            format!("gone: every promise is kept\n           recorded was {}", manifest.expected)
        }
    };
    format!(
        "{}\n  made by  muster {} (commit {}), {}\n  \
         played   {} of virtual time in {:.1} ms\n  \
         log      {log}\n  \
         failure  {signature}\n",
        path.display(),
        manifest.version,
        manifest.commit,
        manifest.created_by,
        replay.at,
        replay.wall_time.as_secs_f64() * 1_000.0,
    )
}

fn told_difference(difference: &Difference) -> String {
    let ended = || "(the log ends)".to_owned();
    format!(
        "goes another way at line {}\n           expected {}\n           actual   {}",
        difference.line,
        difference.expected.clone().unwrap_or_else(ended),
        difference.actual.clone().unwrap_or_else(ended),
    )
}
