//! `muster case replay`, `shrink`, `timeline` and `explain`: a recording taken apart.

mod explain;
mod hurry;
mod of_device;
mod replay;
mod replay_quic;
mod server_lane;
mod shrink;
mod shrink_of_device;
mod timeline;
mod timeline_of_device;

use std::path::Path;

pub(super) use explain::explain;
pub(super) use of_device::cut;
pub(super) use replay::replay;
pub(super) use shrink::shrink;
pub(super) use timeline::timeline;
pub(crate) use timeline_of_device::text as timeline_of;

use crate::exit::{Exit, ExitWith};
use crate::planted;
use crate::recording::{RecordingError, SimulatedRecording};
use crate::talk::say;

/// Reads the file of a world of the cores, and plants the fault it was found with, if this build has it.
fn open(path: &Path) -> anyhow::Result<SimulatedRecording> {
    replay_quic::refuse(path)?;
    let recording = SimulatedRecording::read(path).map_err(|error| refused(path, error))?;
    plant(path, recording.manifest.planted.as_deref());
    Ok(recording)
}

/// Plants the fault a file was made with, or says that this build does not have it.
fn plant(path: &Path, fault: Option<&str>) {
    if !planted::sow(fault.unwrap_or_default())
        && let Some(fault) = fault
    {
        say(&format!(
            "{}: found with the planted fault {fault}, which this build does not have",
            path.display()
        ));
    }
}

fn refused(path: &Path, error: RecordingError) -> anyhow::Error {
    let message = format!("{:?} cannot be used", path.display().to_string());
    anyhow::Error::new(error).context(ExitWith { exit: Exit::BadFile, message })
}
