//! The data folder: what a server leaves for its next start and for the command line.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use muster_admin::SignIns;
use serde::{Deserialize, Serialize};

/// Longest file of this folder that is read whole, in bytes.
const SMALL_FILE_BYTES_MAX: u64 = 64 * 1024;

/// Certificates of applications that are read, at most: there are three applications.
const CLIENT_CERTIFICATES_MAX: usize = 64;

/// The folder a server keeps its data in (mode 0700).
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// Where a running server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The devices' side, UDP.
    pub quic: SocketAddr,
    /// The administrators' side, HTTPS.
    pub admin: SocketAddr,
    /// The proxy for scripts whose hosts are written into them, if there is one.
    #[serde(default)]
    pub intercept: Option<SocketAddr>,
}

/// A data folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// The file system refuses.
    #[error("failed to {what} {path:?}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Another process works on it.
    #[error("{root:?} is in use by another server; stop that one, or use another data folder")]
    InUse {
        /// Which folder.
        root: PathBuf,
    },
    /// A file that is not what it should be.
    #[error("{path:?} is not valid; remove it and start the server again")]
    Invalid {
        /// Which file.
        path: PathBuf,
    },
}

impl DataDir {
    /// The folder at `root`, which need not exist yet.
    #[must_use]
    pub const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the folder, for its owner only, if it does not exist.
    ///
    /// # Errors
    /// [`DataDirError::Io`].
    pub fn create(&self) -> Result<(), DataDirError> {
        let tokens = self.root.join("enrolment-tokens");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&tokens);
        made.map_err(|source| io_error("make the folder", &tokens, source))
    }

    /// Keeps other servers out of the folder until the file is dropped or the process ends,
    /// however it ends.
    ///
    /// Two servers would each decide from memory and overwrite what the other has stored.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] if another server has the folder, [`DataDirError::Io`].
    pub(crate) fn lock(&self) -> Result<File, DataDirError> {
        let path = self.root.join("lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|source| io_error("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { root: self.root.clone() }),
            Err(TryLockError::Error(source)) => Err(io_error("lock", &path, source)),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.root.join("muster.db")
    }

    /// The certificate of the run's CA, in PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> PathBuf {
        self.root.join("ca.pem")
    }

    /// The administrator's token.
    #[must_use]
    pub fn admin_token(&self) -> PathBuf {
        self.root.join("admin-token")
    }

    /// Who can sign in to the admin API, with their secrets, as JSON.
    #[must_use]
    pub fn sign_ins(&self) -> PathBuf {
        self.root.join("sign-ins.json")
    }

    /// Writes down who can sign in.
    ///
    /// # Errors
    /// [`DataDirError::Io`].
    pub(crate) fn write_sign_ins(&self, sign_ins: &SignIns) -> Result<(), DataDirError> {
        let path = self.sign_ins();
        let text = serde_json::to_string_pretty(sign_ins)
            .map_err(|source| io_error("write", &path, source.into()))?;
        write_private(&path, &text)
    }

    /// Certificates of applications, each in a file called as its application.
    #[must_use]
    pub fn client_certificates(&self) -> PathBuf {
        self.root.join("client-certificates")
    }

    /// Reads the certificates of applications: the name of each application with its PEM text.
    ///
    /// # Errors
    /// [`DataDirError`] if a file is there and cannot be read.
    pub(crate) fn read_client_certificates(&self) -> Result<Vec<(String, String)>, DataDirError> {
        let folder = self.client_certificates();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io_error("read", &folder, source)),
        };
        let mut found = Vec::new();
        for entry in entries.take(CLIENT_CERTIFICATES_MAX) {
            let path = entry.map_err(|source| io_error("read", &folder, source))?.path();
            if path.extension().is_some_and(|extension| extension == "pem") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                found.push((name, read_small(&path)?));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The reusable enrolment token of a profile.
    #[must_use]
    pub fn enrolment_token(&self, profile: &str) -> PathBuf {
        self.root.join("enrolment-tokens").join(profile)
    }

    fn endpoints_file(&self) -> PathBuf {
        self.root.join("endpoints.json")
    }

    /// Writes down where the server listens.
    ///
    /// # Errors
    /// [`DataDirError::Io`].
    pub fn write_endpoints(&self, endpoints: Endpoints) -> Result<(), DataDirError> {
        let path = self.endpoints_file();
        let text = serde_json::to_string(&endpoints)
            .map_err(|source| io_error("write", &path, source.into()))?;
        write_private(&path, &text)
    }

    /// Reads where the server of this folder listens, or did when it ran last.
    ///
    /// # Errors
    /// [`DataDirError`]; also if no server has run on this folder.
    pub fn read_endpoints(&self) -> Result<Endpoints, DataDirError> {
        let path = self.endpoints_file();
        let text = read_small(&path)?;
        serde_json::from_str(&text).map_err(|_cause| DataDirError::Invalid { path })
    }
}

/// Reads a short text file.
///
/// # Errors
/// [`DataDirError::Io`], also for a file above 64 KiB.
pub(crate) fn read_small(path: &Path) -> Result<String, DataDirError> {
    let read = || {
        let mut text = String::new();
        let bytes = File::open(path)?.take(SMALL_FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
        if u64::try_from(bytes).is_ok_and(|bytes| bytes <= SMALL_FILE_BYTES_MAX) {
            Ok(text.trim().to_owned())
        } else {
            Err(io::ErrorKind::FileTooLarge.into())
        }
    };
    read().map_err(|source| io_error("read", path, source))
}

/// Writes a text file only its owner may read; the old content stays until the new one is whole.
///
/// # Errors
/// [`DataDirError::Io`].
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), DataDirError> {
    let fresh = path.with_extension("new");
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(|source| io_error("write", path, source))
}

pub(crate) fn io_error(what: &'static str, path: &Path, source: io::Error) -> DataDirError {
    DataDirError::Io { what, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_largest_size_is_read_and_one_byte_more_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let largest = "x".repeat(usize::try_from(SMALL_FILE_BYTES_MAX).unwrap());
        fs::write(&path, &largest).unwrap();
        assert_eq!(read_small(&path).unwrap(), largest);
        fs::write(&path, largest + "x").unwrap();
        let refused = read_small(&path).unwrap_err();
        assert!(matches!(refused, DataDirError::Io { what: "read", .. }), "{refused:?}");
    }

    #[test]
    fn a_private_file_takes_the_place_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        for text in ["first", "second"] {
            write_private(&path, text).unwrap();
            assert_eq!(read_small(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
