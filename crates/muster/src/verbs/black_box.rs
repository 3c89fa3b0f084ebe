//! Recordings of live devices as files.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use muster_agent::Fleet;
use muster_device::recording::Recording;

use crate::planted;

/// Only the owner looks at what happened to devices.
const FOLDER_MODE: u32 = 0o700;

/// File of a run that names the fault planted in it.
const PLANTED: &str = "planted";

/// The same for a file.
const FILE_MODE: u32 = 0o600;

/// Where the recordings of a run are.
pub(crate) fn folder_of(run: &Path) -> PathBuf {
    run.join("black-box")
}

/// The file of one device.
pub(crate) fn file_of(run: &Path, serial: &str) -> PathBuf {
    folder_of(run).join(format!("{serial}.json"))
}

/// Writes the recording of every device; that of one on which a command took effect twice is from
/// the moment that happened. Returns how many.
pub(crate) async fn write_all(fleet: &Fleet, run: &Path) -> anyhow::Result<usize> {
    let folder = folder_of(run);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(&folder)
        .with_context(|| format!("failed to make {}", folder.display()))?;
    let devices = usize::try_from(fleet.progress().devices).unwrap_or(usize::MAX);
    let mut written = 0;
    for index in 0..devices {
        // A device whose task has ended tells nothing any more.
        if let Ok(Some(recording)) = fleet.black_box(index).await {
            write(run, &recording)?;
            written += 1;
        }
    }
    for recording in fleet.spilled() {
        write(run, &recording)?;
    }
    if let Some(fault) = planted::present() {
        let path = run.join(PLANTED);
        fs::write(&path, fault).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(written)
}

/// The fault that was planted in a run; none in every build that is shipped.
pub(crate) fn planted_in(run: &Path) -> Option<String> {
    fs::read_to_string(run.join(PLANTED)).ok()
}

/// Writes one recording, whatever was there before.
pub(crate) fn write(run: &Path, recording: &Recording) -> anyhow::Result<()> {
    let path = file_of(run, recording.serial.as_str());
    let text = serde_json::to_vec(recording).context("a recording is plain data")?;
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&path)
        .and_then(|mut file| file.write_all(&text));
    file.with_context(|| format!("failed to write {}", path.display()))
}

/// Reads one recording.
pub(crate) fn read(path: &Path) -> anyhow::Result<Recording> {
    let text = fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{} is no recording of a device", path.display()))
}
