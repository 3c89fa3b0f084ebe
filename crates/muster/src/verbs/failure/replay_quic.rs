//! `muster case replay` of a run over QUIC.

use std::path::Path;
use std::thread;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::{plant, refused};
use crate::exit::{Exit, usage_error};
use crate::quic_world::{QuicRun, play};
use crate::recording::QuicRecording;
use crate::talk::{Format, print};

/// Most broken promises told.
const TOLD_MAX: usize = 5;

/// Reads a recording if it is about a run over QUIC, and plants the fault it was found with.
pub(super) fn open(path: &Path) -> anyhow::Result<Option<QuicRecording>> {
    let file = QuicRecording::read(path).map_err(|error| refused(path, error))?;
    if let Some(file) = &file {
        plant(path, file.manifest.planted.as_deref());
    }
    Ok(file)
}

/// Refuses a run over QUIC where only worlds of the cores can be taken apart.
pub(super) fn refuse(path: &Path) -> anyhow::Result<()> {
    match QuicRecording::read(path).map_err(|error| refused(path, error))? {
        None => Ok(()),
        Some(_) => Err(usage_error(format!(
            "{} is a run over QUIC: `muster case replay` plays it, and `muster sim --quic --seed` \
             with fewer devices or minutes looks for a smaller one",
            path.display()
        ))),
    }
}

/// Plays the run again. In text it is told at once, otherwise handed back.
pub(super) fn replay(
    path: &Path,
    file: &QuicRecording,
    format: Format,
) -> anyhow::Result<(Exit, Option<Value>)> {
    let plan = file.plan;
    // A run makes a runtime of its own, with a time of its own: not within that of the program.
    let played = thread::spawn(move || play(plan)).join();
    let run = played.map_err(|_panic| anyhow!("the run broke off"))??;
    let exit = if run.verdict.broken.is_empty() { Exit::Ok } else { Exit::VerdictFailed };
    let replayed = Replayed { path, file, run: &run };
    Ok(match format {
        Format::Json => (exit, Some(replayed.described())),
        Format::Text => {
            print(&replayed.told());
            (exit, None)
        }
    })
}

/// A file, and what came of playing it.
struct Replayed<'a> {
    path: &'a Path,
    file: &'a QuicRecording,
    run: &'a QuicRun,
}

impl Replayed<'_> {
    fn signature(&self) -> &'static str {
        let (expected, found) = (&self.file.manifest.expected, &self.run.verdict.broken);
        match found.iter().any(|broken| expected.contains(broken)) {
            true => "occurs",
            false if found.is_empty() => "gone",
            false => "another",
        }
    }

    fn is_same_timeline(&self) -> bool {
        self.run.timeline.digest() == self.file.manifest.timeline_digest
    }

    /// The first line that is not as recorded, with what it was.
    fn difference(&self) -> Option<(usize, String, String)> {
        let told = self.run.timeline.told();
        let left_out = self.file.manifest.left_out;
        let (mut expected, mut actual) =
            (self.file.transcript.lines(), told.lines().skip(left_out));
        for line in left_out + 1.. {
            match (expected.next(), actual.next()) {
                (None, None) => break,
                (expected, actual) if expected == actual => {}
                (expected, actual) => {
                    let text = |it: Option<&str>| it.unwrap_or("(the timeline ends)").to_owned();
                    return Some((line, text(expected), text(actual)));
                }
            }
        }
        None
    }

    fn described(&self) -> Value {
        let manifest = &self.file.manifest;
        let difference = self.difference().map(|(line, expected, actual)| {
            json!({ "line": line, "expected": expected, "actual": actual })
        });
        json!({
            "case_file": self.path,
            "seed": self.file.plan.seed,
            "planted": manifest.planted,
            "expected": manifest.expected,
            "signature": self.signature(),
            "violations": self.run.verdict.broken,
            "same_log": self.is_same_timeline(),
            "first_difference": difference,
            "lines": self.run.timeline.entries.len(),
            "virtual_s": self.run.virtual_time.as_secs_f64(),
            "wall_s": self.run.wall_time.as_secs_f64(),
        })
    }

    fn told(&self) -> String {
        let manifest = &self.file.manifest;
        let timeline = match self.difference() {
            None => format!("{} lines, the same as recorded", self.run.timeline.entries.len()),
            Some((line, expected, actual)) => format!(
                "goes another way at line {line}\n           expected {expected}\n           \
                 actual   {actual}"
            ),
        };
        let failure = match self.signature() {
            "occurs" => "still occurs:",
            "gone" => "gone: every promise is kept; recorded was",
            _another => "another one; recorded was",
        };
        let lines = |broken: &[String]| -> String {
            broken.iter().take(TOLD_MAX).map(|it| format!("\n           {it}")).collect()
        };
        format!(
            "{}\n  made by  muster {} (commit {}), {}\n  \
             played   {} devices over QUIC, {:.1} min of virtual time in {:.2} s\n  \
             timeline {timeline}\n  failure  {failure}{}\n",
            self.path.display(),
            manifest.version,
            manifest.commit,
            manifest.created_by,
            self.file.plan.devices,
            self.run.virtual_time.as_secs_f64() / 60.0,
            self.run.wall_time.as_secs_f64(),
            lines(&manifest.expected),
        )
    }
}
