//! A case file with the history of one live device.

use std::path::Path;

use muster_device::recording::{Recording, Shrunk};

use super::archive;
use super::error::CaseFileError;
use super::manifest::RecordedManifest;

/// What the black box of a device kept, as a file that can be handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordedFile {
    /// What it is.
    pub(crate) manifest: RecordedManifest,
    /// What happened.
    pub(crate) recording: Recording,
}

impl RecordedFile {
    /// A file for a recording.
    pub(crate) fn of(recording: Recording, created_by: &str) -> Self {
        Self { manifest: RecordedManifest::new(&recording, created_by), recording }
    }

    /// A file for what is left of one.
    pub(crate) fn shrunk(shrunk: Shrunk, created_by: &str) -> Self {
        let mut file = Self::of(shrunk.recording, created_by);
        file.manifest.expected = Some(shrunk.signature);
        file
    }

    /// Reads a file; `None` if it is about something else than a live device.
    ///
    /// # Errors
    /// If it cannot be read, is no case file or of a later format.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, CaseFileError> {
        let read = archive::read_recording(path)?;
        Ok(read.map(|(manifest, recording)| Self { manifest, recording }))
    }

    /// Writes the file, in place of one that is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), CaseFileError> {
        archive::write_recording(&self.manifest, &self.recording, path)
    }
}
