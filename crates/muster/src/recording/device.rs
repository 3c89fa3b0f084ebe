//! A recording with the history of one live device.

use std::path::Path;

use muster_device::recording::{Recording, Shrunk};
use muster_server::ServerFacts;

use super::archive;
use super::error::RecordingError;
use super::manifest::DeviceManifest;

/// What the black boxes of a device kept, as a file that can be handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceRecording {
    /// What it is.
    pub(crate) manifest: DeviceManifest,
    /// What happened on the device.
    pub(crate) recording: Recording,
    /// What the server knew of it and did about it, if that could be had.
    pub(crate) server: Option<ServerFacts>,
}

impl DeviceRecording {
    /// A file for a recording.
    pub(crate) fn of(recording: Recording, server: Option<ServerFacts>, created_by: &str) -> Self {
        Self { manifest: DeviceManifest::new(&recording, created_by), recording, server }
    }

    /// The same, which says what did not hold.
    pub(crate) fn because(mut self, why: String) -> Self {
        self.manifest.why = Some(why);
        self
    }

    /// A file for what is left of this one.
    pub(crate) fn shrunk(&self, shrunk: Shrunk, created_by: &str) -> Self {
        let mut file = Self::of(shrunk.recording, self.server.clone(), created_by);
        file.manifest.expected = Some(shrunk.signature);
        file.manifest.why.clone_from(&self.manifest.why);
        file
    }

    /// Reads a file; `None` if it is about something else than a live device.
    ///
    /// # Errors
    /// If it cannot be read, is no recording or of a later format.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, RecordingError> {
        archive::read_device(path)
    }

    /// Writes the file, in place of one that is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), RecordingError> {
        archive::write_device(self, path)
    }
}
