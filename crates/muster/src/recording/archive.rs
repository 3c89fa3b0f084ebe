//! The zip around a recording. What is read is bounded: anybody may have made it.

use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::error::RecordingError;
use super::manifest::{FORMAT, Kind, SimulatedManifest};
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
    let mut archive = opened(bounded(path)?)?;
    let text = part(&mut archive, MANIFEST, SMALL_BYTES_MAX)?;
    if head(&text)?.kind != Kind::Recorded {
        return Ok(None);
    }
    let manifest = understood(MANIFEST, &text)?;
    let recording = understood(RECORDING, &part(&mut archive, RECORDING, LARGE_BYTES_MAX)?)?;
    // A file that was cut where no server could be asked, or before servers told anything.
    let server = match archive.index_for_name(SERVER) {
        None => None,
        Some(_) => Some(understood(SERVER, &part(&mut archive, SERVER, SMALL_BYTES_MAX)?)?),
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
    let mut archive = opened(bounded(path)?)?;
    let text = part(&mut archive, MANIFEST, SMALL_BYTES_MAX)?;
    let head = head(&text)?;
    if head.kind != Kind::Quic {
        return Ok(None);
    }
    let manifest = understood(MANIFEST, &text)?;
    let plan = head.plan(&part(&mut archive, PLAN, SMALL_BYTES_MAX)?)?;
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

/// What the file holds, as far as anybody wants to know: one byte more than may be is too many.
fn bounded(path: &Path) -> Result<Vec<u8>, RecordingError> {
    let failed = |source| RecordingError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn opened(bytes: Vec<u8>) -> Result<Archive, RecordingError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(RecordingError::TooLarge { part: WHOLE, bytes_max: FILE_BYTES_MAX });
    }
    let archive = ZipArchive::new(Cursor::new(bytes));
    archive.map_err(|source| RecordingError::Archive { part: WHOLE, source })
}

/// Reads a recording from its bytes.
pub(super) fn parse(bytes: Vec<u8>) -> Result<SimulatedRecording, RecordingError> {
    let mut archive = opened(bytes)?;
    let text = part(&mut archive, MANIFEST, SMALL_BYTES_MAX)?;
    let head = head(&text)?;
    let manifest: SimulatedManifest = understood(MANIFEST, &text)?;
    let text = part(&mut archive, PLAN, LARGE_BYTES_MAX)?;
    let found = digest(&text);
    if found != manifest.plan_digest {
        return Err(RecordingError::Digest { expected: manifest.plan_digest, found });
    }
    let plan = head.plan(&text)?;
    let transcript = part(&mut archive, TRANSCRIPT, LARGE_BYTES_MAX)?;
    let redaction = understood(REDACTION, &part(&mut archive, REDACTION, SMALL_BYTES_MAX)?)?;
    Ok(SimulatedRecording { manifest, plan, transcript, redaction })
}

/// What every file of this format says of itself.
#[derive(Deserialize)]
struct Head {
    kind: Kind,
    version: String,
    commit: String,
}

impl Head {
    /// Reads the plan of the file, or says which build can.
    fn plan<T: DeserializeOwned>(self, text: &str) -> Result<T, RecordingError> {
        let Self { version, commit, .. } = self;
        serde_json::from_str(text).map_err(|source| RecordingError::Plan {
            version,
            commit,
            source,
        })
    }
}

/// The format is looked at first: a later one may mean anything else differently.
fn head(text: &str) -> Result<Head, RecordingError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = understood(MANIFEST, text)?;
    if !(1..=FORMAT).contains(&format) {
        return Err(RecordingError::Format { found: format, known: FORMAT });
    }
    understood(MANIFEST, text)
}

fn understood<T: DeserializeOwned>(part: &'static str, text: &str) -> Result<T, RecordingError> {
    serde_json::from_str(text).map_err(|source| RecordingError::Json { part, source })
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
