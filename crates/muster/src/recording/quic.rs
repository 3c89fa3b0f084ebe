//! A recording with a run over QUIC: the plan that plays it again, and how it failed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::RecordingError;
use super::manifest::{FORMAT, Kind};
use super::{TRANSCRIPT_LINES_MAX, archive};
use crate::planted;
use crate::quic_world::{QuicPlan, QuicRun};

/// Most broken promises a file names: a change that breaks all of them needs no thousand lines.
const BROKEN_MAX: usize = 100;

/// A run of the whole system in virtual time that broke a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuicRecording {
    /// What it is, and how it fails.
    pub(crate) manifest: QuicManifest,
    /// What plays it again.
    pub(crate) plan: QuicPlan,
    /// The last lines of its timeline.
    pub(crate) transcript: String,
}

/// The manifest of such a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuicManifest {
    /// The format of the file.
    pub(crate) format: u32,
    /// The version of muster that wrote it.
    pub(crate) version: String,
    /// The commit that version was built from; empty outside a clone.
    pub(crate) commit: String,
    /// [`Kind::Quic`].
    pub(crate) kind: Kind,
    /// The verb that wrote it.
    pub(crate) created_by: String,
    /// The fault that was planted in the build; none in every build that is shipped.
    #[serde(default)]
    pub(crate) planted: Option<String>,
    /// The promises that were broken, in words: the first ones.
    pub(crate) expected: Vec<String>,
    /// Lines of the timeline.
    pub(crate) lines: usize,
    /// Lines before the first one in the transcript.
    pub(crate) left_out: usize,
    /// Digest of all lines.
    pub(crate) timeline_digest: String,
}

impl QuicRecording {
    /// A file for a run; `None` if it kept every promise.
    pub(crate) fn of(run: &QuicRun, created_by: &str) -> Option<Self> {
        if run.verdict.broken.is_empty() {
            return None;
        }
        let told = run.timeline.told();
        let lines = told.lines().count();
        let left_out = lines.saturating_sub(TRANSCRIPT_LINES_MAX);
        let kept = told.lines().skip(left_out);
        let manifest = QuicManifest {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("MUSTER_COMMIT").to_owned(),
            kind: Kind::Quic,
            created_by: created_by.to_owned(),
            planted: planted::present().map(str::to_owned),
            expected: run.verdict.broken.iter().take(BROKEN_MAX).cloned().collect(),
            lines,
            left_out,
            timeline_digest: run.timeline.digest(),
        };
        let transcript = kept.flat_map(|line| [line, "\n"]).collect();
        Some(Self { manifest, plan: run.plan, transcript })
    }

    /// Reads a file; `None` if it is about something else than a run over QUIC.
    ///
    /// # Errors
    /// If it cannot be read, is no recording or of a later format.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, RecordingError> {
        archive::read_quic(path)
    }

    /// Writes the file, in place of one that is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), RecordingError> {
        archive::write_quic(self, path)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn file() -> QuicRecording {
        let manifest = QuicManifest {
            format: FORMAT,
            version: "0.1.0".to_owned(),
            commit: String::new(),
            kind: Kind::Quic,
            created_by: "muster sim --quic".to_owned(),
            planted: None,
            expected: vec!["devices connected: 1 instead of 2".to_owned()],
            lines: 1,
            left_out: 0,
            timeline_digest: "00".to_owned(),
        };
        let devices = std::num::NonZeroUsize::new(2).unwrap();
        let plan = QuicPlan { devices, seed: 7, length: Duration::from_secs(1_200) };
        QuicRecording { manifest, plan, transcript: "the server starts\n".to_owned() }
    }

    #[test]
    fn what_is_written_is_read_again_and_by_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quic.muster");
        file().write(&path).unwrap();
        assert_eq!(QuicRecording::read(&path).unwrap(), Some(file()));
        assert_eq!(super::super::DeviceRecording::read(&path).unwrap(), None);
        assert!(super::super::SimulatedRecording::read(&path).is_err());
    }

    #[test]
    fn a_plan_that_nobody_could_have_asked_for_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quic.muster");
        let mut endless = file();
        endless.plan.length = Duration::from_secs(u64::MAX);
        endless.write(&path).unwrap();
        assert!(matches!(QuicRecording::read(&path), Err(RecordingError::Plan { .. })));
    }
}
