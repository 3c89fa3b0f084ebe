//! An archive with one file that grows.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

/// Longest text of a report, in bytes: a quarter of a million devices, all columns.
const TEXT_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Why a report could not be packed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    #[error("the report is longer than {} bytes", TEXT_BYTES_MAX)]
    TooLong,
    #[error("the archive could not be written")]
    Zip(#[from] ZipError),
    #[error("the archive could not be written")]
    Write(#[from] std::io::Error),
}

/// An archive in the making.
pub(super) struct Archive {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    written: usize,
}

impl Archive {
    /// Begins the archive with its one file.
    ///
    /// # Errors
    /// [`ArchiveError::Zip`].
    pub(super) fn begin(file: &str) -> Result<Self, ArchiveError> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(file, SimpleFileOptions::default())?;
        Ok(Self { writer, written: 0 })
    }

    /// Adds text to the file.
    ///
    /// # Errors
    /// [`ArchiveError`] if it gets too long.
    pub(super) fn add(&mut self, text: &str) -> Result<(), ArchiveError> {
        self.written += text.len();
        if self.written > TEXT_BYTES_MAX {
            return Err(ArchiveError::TooLong);
        }
        Ok(self.writer.write_all(text.as_bytes())?)
    }

    /// The bytes of the whole.
    ///
    /// # Errors
    /// [`ArchiveError::Zip`].
    pub(super) fn end(self) -> Result<Vec<u8>, ArchiveError> {
        Ok(self.writer.finish()?.into_inner())
    }
}
