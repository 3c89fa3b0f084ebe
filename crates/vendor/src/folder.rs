//! The vendor's folder: its CA, the certificate of its customer, where it listens.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The folder a vendor keeps (mode 0700) and gives to its customer.
#[derive(Clone, Debug)]
pub struct VendorFolder {
    root: PathBuf,
}

/// A file of the folder that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write {path:?}")]
pub struct FolderError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// What `endpoint.json` says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Endpoint {
    address: SocketAddr,
}

impl VendorFolder {
    /// The folder at `root`, which need not exist yet.
    #[must_use]
    pub const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The certificate of the vendor's CA, in PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> PathBuf {
        self.root.join("ca.pem")
    }

    /// The customer's certificate, in PEM.
    #[must_use]
    pub fn push_certificate(&self) -> PathBuf {
        self.root.join("push-certificate.pem")
    }

    /// The customer's private key, in PEM.
    #[must_use]
    pub fn push_key(&self) -> PathBuf {
        self.root.join("push-key.pem")
    }

    /// Where the vendor listens, in JSON.
    #[must_use]
    pub fn endpoint(&self) -> PathBuf {
        self.root.join("endpoint.json")
    }

    /// Makes the folder, for its owner only, if it does not exist.
    pub(crate) fn create(&self) -> Result<(), FolderError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.root);
        made.map_err(|source| FolderError { path: self.root.clone(), source })
    }

    /// Writes down where the vendor listens; the old file stays until the new one is whole.
    pub(crate) fn write_endpoint(&self, address: SocketAddr) -> Result<(), FolderError> {
        let (path, fresh) = (self.endpoint(), self.root.join("endpoint.new"));
        let write = || {
            let text = serde_json::to_string(&Endpoint { address })?;
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().map_err(|source| FolderError { path: path.clone(), source })
    }
}
