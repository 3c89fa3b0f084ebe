//! Reading a report from outside bytes.

use super::{FORMAT, RunReport};

/// Most bytes of a report that is read: ten times what the largest run writes.
pub const READ_BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// Bytes that are no report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Too many.
    #[error("a report of {0} bytes, more than one has")]
    TooLong(usize),
    /// No JSON, or not that of a report.
    #[error("not a report of a load run")]
    Json(#[source] serde_json::Error),
    /// A format of another version.
    #[error("a report in the format {0:?}, this build reads {FORMAT:?}")]
    Format(String),
}

impl RunReport {
    /// Reads a report.
    ///
    /// # Errors
    /// [`ReadError`] if it is too long, none, or of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > READ_BYTES_MAX {
            return Err(ReadError::TooLong(bytes.len()));
        }
        let report: Self = serde_json::from_slice(bytes).map_err(ReadError::Json)?;
        if report.format != FORMAT {
            return Err(ReadError::Format(report.format));
        }
        Ok(report)
    }

    /// Writes the report.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report is plain data");
        text.push('\n');
        text
    }
}
