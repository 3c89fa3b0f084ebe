//! Sequence diagrams of a failure: text for an issue, and a page that needs nothing else.

mod html;
mod lanes;

pub(crate) use html::page;
pub(crate) use lanes::{lanes, text};

use crate::recording::SimulatedRecording;

/// What stands above either form.
fn headline(recording: &SimulatedRecording) -> String {
    let manifest = &recording.manifest;
    format!(
        "seed {}, muster {} (commit {}), plan {:016x}",
        manifest.seed,
        manifest.version,
        manifest.commit,
        recording.plan.digest(),
    )
}
