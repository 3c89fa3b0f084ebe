//! Recordings: a failure that replays, in one zip that can be handed on.
//!
//! Format: docs/recordings.md.

mod archive;
mod device;
mod error;
mod manifest;
mod quic;
mod redaction;
mod replay;
#[cfg(test)]
mod tests;

use std::path::Path;

use muster_sim::{Ending, Keep, Outcome, Plan, World};
use sha2::{Digest as _, Sha256};

pub(crate) use device::DeviceRecording;
pub(crate) use error::RecordingError;
pub(crate) use manifest::{SimulatedManifest, Transcribed, build};
pub(crate) use quic::QuicRecording;
pub(crate) use redaction::Redaction;
pub(crate) use replay::{Difference, Replay, Signature};

/// Most lines of the log a recording keeps: the last ones. More are no help to a reader.
const TRANSCRIPT_LINES_MAX: usize = 20_000;

/// A world that broke a promise, as a recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SimulatedRecording {
    /// What it is, and how it fails.
    pub(crate) manifest: SimulatedManifest,
    /// Everything that comes from outside.
    pub(crate) plan: Plan,
    /// The last lines of the log.
    pub(crate) transcript: String,
    /// Which secrets were looked for.
    pub(crate) redaction: Redaction,
}

impl SimulatedRecording {
    /// Plays `plan` and writes down how it fails; `None` if it keeps every promise.
    ///
    /// # Errors
    /// If the plan cannot be written down without a secret.
    pub(crate) fn record(plan: Plan, created_by: &str) -> Result<Option<Self>, RecordingError> {
        let outcome = World::run(plan.clone(), Keep::Last(TRANSCRIPT_LINES_MAX));
        let Ending::Broken(mut violation) = outcome.ending.clone() else { return Ok(None) };
        let text = plan_text(&plan)?;
        let mut redaction = Redaction::of(&outcome.secrets);
        redaction.refuse(&outcome.secrets, &text)?;
        violation.what = redaction.scrub(&outcome.secrets, violation.what);
        let transcript = redaction.scrub(&outcome.secrets, transcript(&outcome));
        let manifest =
            SimulatedManifest::new(&plan, digest(&text), violation, transcribed(&outcome));
        let manifest = SimulatedManifest { created_by: created_by.to_owned(), ..manifest };
        Ok(Some(Self { manifest, plan, transcript, redaction }))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is none, is larger than any recording or of a later format.
    pub(crate) fn read(path: &Path) -> Result<Self, RecordingError> {
        archive::read(path)
    }

    /// Writes a file, in place of one that is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), RecordingError> {
        archive::write(self, path)
    }

    /// Plays the plan again, and compares.
    pub(crate) fn replay(&self) -> Replay {
        Replay::of(self)
    }
}

/// The plan as it stands in the file.
fn plan_text(plan: &Plan) -> Result<String, RecordingError> {
    let part = archive::PLAN;
    serde_json::to_string_pretty(plan).map_err(|source| RecordingError::Json { part, source })
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn transcript(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.log.to_bytes()).into_owned()
}

fn transcribed(outcome: &Outcome) -> Transcribed {
    let kept = u64::try_from(outcome.log.entries().count()).unwrap_or(u64::MAX);
    let lines = outcome.log.count();
    let digest = format!("{:016x}", outcome.log.digest());
    Transcribed { lines, left_out: lines - kept.min(lines), digest }
}
