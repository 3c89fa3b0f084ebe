//! What can be wrong with a recording.

use std::io;
use std::path::PathBuf;

use zip::result::ZipError;

/// Why a recording was not read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordingError {
    /// The file system refused.
    #[error("failed to reach {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More bytes than any recording has.
    #[error("{part} has more than {bytes_max} bytes: no recording is that large")]
    TooLarge {
        /// What of it.
        part: &'static str,
        /// The bound.
        bytes_max: u64,
    },
    /// No zip, or a broken one.
    #[error("not a recording: failed to read {part} from the archive")]
    Archive {
        /// What of it.
        part: &'static str,
        /// Why.
        #[source]
        source: ZipError,
    },
    /// A part that is no text.
    #[error("failed to read {part}")]
    Text {
        /// Which.
        part: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A part that says something else than it should.
    #[error("failed to understand {part}")]
    Json {
        /// Which.
        part: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A plan this build cannot play.
    #[error("this build cannot read a plan of muster {version} (commit {commit}): replay it there")]
    Plan {
        /// The version that wrote it.
        version: String,
        /// The commit that wrote it.
        commit: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A file of another format.
    #[error(
        "the file has format {found}, this build reads formats 1 to {known}: use a later muster"
    )]
    Format {
        /// The format of the file.
        found: u32,
        /// The latest one known here.
        known: u32,
    },
    /// The plan is not the one the manifest names.
    #[error("plan.json has the digest {found}, and the manifest says {expected}: it was changed")]
    Digest {
        /// What the manifest says.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A secret stands where it cannot be taken out.
    #[error("plan.json holds a secret of the run: {kind}")]
    Secret {
        /// What kind.
        kind: &'static str,
    },
}
