//! How to reach the services of a vendor: the folder the vendor gave this customer.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use muster_transport::{
    CertificateDer, Identity, PemError, TlsError, certificate_from_pem, https_client_config,
};
use reqwest::Client;
use serde::Deserialize;

use crate::data_dir::{DataDirError, read_small};

/// The vendor's folder. Its files are read when they are needed: the vendor may start later than
/// the server, and elsewhere after a restart.
///
/// Source: docs/activation-service.md.
#[derive(Clone, Debug)]
pub struct VendorAccess {
    folder: PathBuf,
}

/// Why the service cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A file of the folder cannot be read.
    #[error("no vendor has written this folder yet")]
    Folder(#[from] DataDirError),
    /// `endpoint.json` holds something else.
    #[error("{path:?} does not say where the vendor's services listen")]
    Endpoint {
        /// The file.
        path: PathBuf,
    },
    /// An address of another machine.
    #[error("{0} is not a loopback address; what is for the vendor goes to this machine only")]
    Exposed(SocketAddr),
    /// A certificate or key that is none.
    #[error("{path:?} cannot be used")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: PemError,
    },
    /// Certificate and key do not fit together.
    #[error("the certificates of the vendor's folder cannot be used")]
    Tls(#[from] TlsError),
    /// The HTTP client cannot be made.
    #[error("failed to make a client for the vendor's services")]
    Client(#[from] reqwest::Error),
}

/// What the folder holds.
struct Contents {
    address: SocketAddr,
    ca: CertificateDer<'static>,
    identity: Identity,
}

/// What `endpoint.json` says.
#[derive(Deserialize)]
struct Endpoint {
    address: SocketAddr,
}

impl VendorAccess {
    /// The service whose vendor keeps `folder`, which need not exist yet.
    #[must_use]
    pub const fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the service listens, or did when it ran last; whether it can be asked shows when it
    /// is.
    ///
    /// # Errors
    /// [`AccessError`] if the folder lacks something.
    pub fn address(&self) -> Result<SocketAddr, AccessError> {
        Ok(self.read()?.address)
    }

    /// Who may ask the vendor, and where it listens, by what the folder says now. A request that
    /// takes longer than `within` fails.
    pub(crate) fn client(&self, within: Duration) -> Result<(Client, SocketAddr), AccessError> {
        let Contents { address, ca, identity } = self.read()?;
        // A proxy would see the secrets.
        let http = Client::builder()
            .tls_backend_preconfigured(https_client_config(ca, Some(&identity))?)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(within)
            .build()?;
        Ok((http, address))
    }

    fn read(&self) -> Result<Contents, AccessError> {
        let ca = self.pem("ca.pem", certificate_from_pem)?;
        let key = read_small(&self.folder.join("push-key.pem"))?;
        let identity =
            self.pem("push-certificate.pem", |chain| Identity::from_pem(chain, key.as_bytes()))?;
        Ok(Contents { address: self.endpoint()?, ca, identity })
    }

    fn endpoint(&self) -> Result<SocketAddr, AccessError> {
        let path = self.folder.join("endpoint.json");
        let read = serde_json::from_str(&read_small(&path)?);
        let Endpoint { address } = read.map_err(|_cause| AccessError::Endpoint { path })?;
        if address.ip().is_loopback() { Ok(address) } else { Err(AccessError::Exposed(address)) }
    }

    fn pem<T>(
        &self,
        file: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, PemError>,
    ) -> Result<T, AccessError> {
        let path = self.folder.join(file);
        let text = read_small(&path)?;
        parse(text.as_bytes()).map_err(|source| AccessError::Pem { path, source })
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_transport::RunCa;
    use std::fs;

    /// A folder as a vendor leaves it.
    fn folder(address: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let file = |name| folder.path().join(name);
        let ca = RunCa::open_or_create(folder.path()).unwrap();
        let (certificate, key) = (file("push-certificate.pem"), file("push-key.pem"));
        ca.keep_client("a customer", &certificate, &key).unwrap();
        fs::write(file("endpoint.json"), format!("{{\"address\":\"{address}\"}}")).unwrap();
        folder
    }

    fn access(folder: &tempfile::TempDir) -> VendorAccess {
        VendorAccess::in_folder(folder.path().to_owned())
    }

    #[test]
    fn a_folder_of_a_vendor_says_where_it_listens() {
        let folder = folder("127.0.0.1:9443");
        assert_eq!(access(&folder).address().unwrap(), "127.0.0.1:9443".parse().unwrap());
        assert!(access(&folder).client(Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn every_file_that_is_missing_or_broken_is_named() {
        for file in ["ca.pem", "push-certificate.pem", "push-key.pem", "endpoint.json"] {
            let folder = folder("127.0.0.1:9443");
            let path = folder.path().join(file);
            fs::write(&path, "nothing of use").unwrap();
            assert!(access(&folder).address().is_err(), "{file}");
            fs::remove_file(&path).unwrap();
            let missing = access(&folder).address();
            assert!(matches!(missing, Err(AccessError::Folder(_))), "{file}: {missing:?}");
        }
    }

    #[test]
    fn codes_are_not_sent_to_other_machines() {
        let refused = access(&folder("192.0.2.1:9443")).address();
        assert!(matches!(refused, Err(AccessError::Exposed(_))));
    }
}
