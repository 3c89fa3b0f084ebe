//! The zip around a recording. What is read is bounded: anybody may have made it.

use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::error::RecordingError;
use super::manifest::{FORMAT, Kind, SimulatedManifest};
use super::quic::QuicManifest;
use super::{DeviceRecording, QuicRecording, SimulatedRecording, digest, plan_text};

/// Most bytes of the zip: a thousand devices and twenty thousand lines stay far below.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Most bytes of a small part once unpacked.
const SMALL_BYTES_MAX: u64 = 256 * 1024;

/// Most bytes of a large part once unpacked.
const LARGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

const WHOLE: &str = "the file";
const MANIFEST: &str = "manifest.json";
pub(super) const PLAN: &str = "plan.json";
/// The history of a device; see docs/recordings.md.
const RECORDING: &str = "recording.json";
/// What the server knew of it; see docs/recordings.md.
const SERVER: &str = "server.json";
const TRANSCRIPT: &str = "transcript.txt";
const REDACTION: &str = "redaction.json";

type Archive = ZipArchive<Cursor<Vec<u8>>>;

pub(super) fn read(path: &Path) -> Result<SimulatedRecording, RecordingError> {
    parse(bounded(path)?)
}

/// Reads the history of a device; `None` if the file is about something else.
pub(super) fn read_device(path: &Path) -> Result<Option<DeviceRecording>, RecordingError> {
    let archive = ZipArchive::new(Cursor::new(bounded(path)?));
    let mut archive = archive.map_err(|source| RecordingError::Archive { part: WHOLE, source })?;
    let text = part(&mut archive, MANIFEST, SMALL_BYTES_MAX)?;
    let failed = |source| RecordingError::Json { part: MANIFEST, source };
    if head(&text)?.kind != Kind::Recorded {
        return Ok(None);
    }
    let manifest = serde_json::from_str(&text).map_err(failed)?;
    let text = part(&mut archive, RECORDING, LARGE_BYTES_MAX)?;
    let recording = serde_json::from_str(&text)
        .map_err(|source| RecordingError::Json { part: RECORDING, source })?;
    // A file that was cut where no server could be asked, or before servers told anything.
    let server = match archive.index_for_name(SERVER) {
        None => None,
        Some(_) => {
            let text = part(&mut archive, SERVER, SMALL_BYTES_MAX)?;
            let failed = |source| RecordingError::Json { part: SERVER, source };
            Some(serde_json::from_str(&text).map_err(failed)?)
        }
    };
    Ok(Some(DeviceRecording { manifest, recording, server }))
}

/// Writes the history of a device.
pub(super) fn write_device(file: &DeviceRecording, path: &Path) -> Result<(), RecordingError> {
    let mut parts = vec![
        (MANIFEST, json(MANIFEST, &file.manifest)?),
        (RECORDING, json(RECORDING, &file.recording)?),
    ];
    if let Some(facts) = &file.server {
        parts.push((SERVER, json(SERVER, facts)?));
    }
    place(zipped(parts)?, path)
}

/// Reads a run over QUIC; `None` if the file is about something else.
pub(super) fn read_quic(path: &Path) -> Result<Option<QuicRecording>, RecordingError> {
    let archive = ZipArchive::new(Cursor::new(bounded(path)?));
    let mut archive = archive.map_err(|source| RecordingError::Archive { part: WHOLE, source })?;
    let text = part(&mut archive, MANIFEST, SMALL_BYTES_MAX)?;
    if head(&text)?.kind != Kind::Quic {
        return Ok(None);
    }
    let failed = |source| RecordingError::Json { part: MANIFEST, source };
    let manifest: QuicManifest = serde_json::from_str(&text).map_err(failed)?;
    let text = part(&mut archive, PLAN, SMALL_BYTES_MAX)?;
    let plan = serde_json::from_str(&text).map_err(|source| RecordingError::Plan {
        version: manifest.version.clone(),
        commit: manifest.commit.clone(),
        source,
    })?;
    let transcript = part(&mut archive, TRANSCRIPT, LARGE_BYTES_MAX)?;
    Ok(Some(QuicRecording { manifest, plan, transcript }))
}

/// Writes a run over QUIC.
pub(super) fn write_quic(file: &QuicRecording, path: &Path) -> Result<(), RecordingError> {
    let parts = [
        (MANIFEST, json(MANIFEST, &file.manifest)?),
        (PLAN, json(PLAN, &file.plan)?),
        (TRANSCRIPT, file.transcript.clone()),
    ];
    place(zipped(parts)?, path)
}

fn bounded(path: &Path) -> Result<Vec<u8>, RecordingError> {
    let failed = |source| RecordingError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(RecordingError::TooLarge { part: WHOLE, bytes_max: FILE_BYTES_MAX });
    }
    Ok(bytes)
}

/// Reads a recording from its bytes.
pub(super) fn parse(bytes: Vec<u8>) -> Result<SimulatedRecording, RecordingError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(RecordingError::TooLarge { part: WHOLE, bytes_max: FILE_BYTES_MAX });
    }
    let archive = ZipArchive::new(Cursor::new(bytes));
    let mut archive = archive.map_err(|source| RecordingError::Archive { part: WHOLE, source })?;
    let manifest = manifest(&part(&mut archive, MANIFEST, SMALL_BYTES_MAX)?)?;
    let text = part(&mut archive, PLAN, LARGE_BYTES_MAX)?;
    let found = digest(&text);
    if found != manifest.plan_digest {
        return Err(RecordingError::Digest { expected: manifest.plan_digest, found });
    }
    let plan = serde_json::from_str(&text).map_err(|source| RecordingError::Plan {
        version: manifest.version.clone(),
        commit: manifest.commit.clone(),
        source,
    })?;
    let transcript = part(&mut archive, TRANSCRIPT, LARGE_BYTES_MAX)?;
    let redaction = part(&mut archive, REDACTION, SMALL_BYTES_MAX)?;
    let redaction = serde_json::from_str(&redaction)
        .map_err(|source| RecordingError::Json { part: REDACTION, source })?;
    Ok(SimulatedRecording { manifest, plan, transcript, redaction })
}

/// The format is looked at first: a later one may mean anything else differently.
fn manifest(text: &str) -> Result<SimulatedManifest, RecordingError> {
    head(text)?;
    serde_json::from_str(text).map_err(|source| RecordingError::Json { part: MANIFEST, source })
}

/// What every file of this format says of itself.
#[derive(serde::Deserialize)]
struct Head {
    kind: Kind,
}

fn head(text: &str) -> Result<Head, RecordingError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let failed = |source| RecordingError::Json { part: MANIFEST, source };
    let Format { format } = serde_json::from_str(text).map_err(failed)?;
    if !(1..=FORMAT).contains(&format) {
        return Err(RecordingError::Format { found: format, known: FORMAT });
    }
    serde_json::from_str(text).map_err(failed)
}

fn part(
    archive: &mut Archive,
    name: &'static str,
    bytes_max: u64,
) -> Result<String, RecordingError> {
    let entry = archive.by_name(name);
    let entry = entry.map_err(|source| RecordingError::Archive { part: name, source })?;
    let mut text = String::new();
    // What the archive says of its sizes is not to be trusted: what comes out is counted.
    let read = entry.take(bytes_max + 1).read_to_string(&mut text);
    let bytes = read.map_err(|source| RecordingError::Text { part: name, source })?;
    if u64::try_from(bytes).unwrap_or(u64::MAX) > bytes_max {
        return Err(RecordingError::TooLarge { part: name, bytes_max });
    }
    Ok(text)
}

pub(super) fn write(recording: &SimulatedRecording, path: &Path) -> Result<(), RecordingError> {
    place(packed(recording)?, path)
}

fn place(bytes: Vec<u8>, path: &Path) -> Result<(), RecordingError> {
    let failed = |source| RecordingError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}

/// The bytes of the file; the same recording gives the same bytes.
pub(super) fn packed(recording: &SimulatedRecording) -> Result<Vec<u8>, RecordingError> {
    zipped([
        (MANIFEST, json(MANIFEST, &recording.manifest)?),
        (PLAN, plan_text(&recording.plan)?),
        (TRANSCRIPT, recording.transcript.clone()),
        (REDACTION, json(REDACTION, &recording.redaction)?),
    ])
}

fn zipped(
    parts: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Vec<u8>, RecordingError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (part, text) in parts {
        zip.start_file(part, options).map_err(|source| RecordingError::Archive { part, source })?;
        zip.write_all(text.as_bytes()).map_err(|source| RecordingError::Text { part, source })?;
    }
    let done = zip.finish().map_err(|source| RecordingError::Archive { part: WHOLE, source })?;
    Ok(done.into_inner())
}

fn json(part: &'static str, value: &impl Serialize) -> Result<String, RecordingError> {
    serde_json::to_string_pretty(value).map_err(|source| RecordingError::Json { part, source })
}
