//! A running service over the real books, and customers to ask it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use muster_device::activation::{
    ActivationCall, ActivationService, BypassKey, LockRequest, LockResponse, LockStatus, LockType,
    Ownership, Unlocking,
};
use muster_protocol::SerialNumber;
use muster_transport::{Identity, certificate_from_pem, https_client_config};
use muster_vendor::{Desk, DeskError, VendorConfig, VendorFace, VendorFolder};
use reqwest::{Client, RequestBuilder, Response};
use tempfile::TempDir;

use crate::push::Post;

/// A device of the organisation.
pub(crate) const OURS: &str = "F17G0000A1";

/// A device of somebody.
pub(crate) const PRIVATE: &str = "F17G0000A2";

/// A device nobody has heard of.
pub(crate) const UNKNOWN: &str = "F17G0000A9";

/// The books of a run, kept in memory.
#[derive(Clone, Default)]
pub(crate) struct Books(Arc<Mutex<ActivationService>>);

pub(crate) struct World {
    pub(crate) face: VendorFace,
    pub(crate) books: Books,
    pub(crate) post: Post,
    pub(crate) folder: TempDir,
    pub(crate) customer: Client,
}

impl Desk for Books {
    async fn lock(&self, request: LockRequest) -> Result<LockResponse, DeskError> {
        Ok(self.0.lock().unwrap().lock(request))
    }

    async fn escrow_key_unlock(
        &self,
        serial: &SerialNumber,
        escrow_key: &str,
    ) -> Result<Unlocking, DeskError> {
        Ok(self.0.lock().unwrap().escrow_key_unlock(serial, escrow_key))
    }

    fn status(&self, serial: &SerialNumber) -> Option<LockStatus> {
        self.0.lock().unwrap().status(serial)
    }
}

impl Books {
    /// The books of a run with one device of the organisation and one of somebody.
    pub(crate) fn of_two() -> Self {
        let books = Self::default();
        for (serial, ownership) in [(OURS, Ownership::Organisation), (PRIVATE, Ownership::Private)]
        {
            books.0.lock().unwrap().admit(&serial.parse().unwrap(), ownership);
        }
        books
    }

    /// Has the user of a device start Find My; the answer is the code that opens the lock.
    pub(crate) fn find_my(&self, serial: &str) -> String {
        let key = BypassKey::from_bytes([7; 16]);
        let code = key.code().expose().to_owned();
        let call = ActivationCall::Register { key: Some(key) };
        self.0.lock().unwrap().answer(&serial.parse().unwrap(), call);
        code
    }

    pub(crate) fn lock_type(&self, serial: &str) -> LockType {
        self.status(&serial.parse().unwrap()).unwrap().lock_type
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    /// A service on a folder that may have been used before.
    pub(crate) fn on(folder: TempDir) -> Self {
        let (books, post) = (Books::of_two(), Post::default());
        let config = config(folder.path());
        let face = VendorFace::start(&config, books.clone(), post.clone()).unwrap();
        let customer = customer(folder.path(), Some(folder.path()));
        Self { face, books, post, folder, customer }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.face.address())
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.customer.post(self.url(path))
    }

    pub(crate) async fn fetch(&self, path: &str) -> Response {
        self.customer.get(self.url(path)).send().await.unwrap()
    }
}

pub(crate) fn config(folder: &Path) -> VendorConfig {
    let address = "127.0.0.1:0".parse().unwrap();
    VendorConfig { address, folder: VendorFolder::at(folder.to_owned()) }
}

/// Somebody who trusts the service of `folder` and shows the certificate of another, if any.
pub(crate) fn customer(folder: &Path, shows: Option<&Path>) -> Client {
    let ca = certificate_from_pem(&fs::read(folder.join("ca.pem")).unwrap()).unwrap();
    let identity = shows.map(|folder| {
        let read = |file| fs::read(folder.join(file)).unwrap();
        Identity::from_pem(&read("push-certificate.pem"), &read("push-key.pem")).unwrap()
    });
    let tls = https_client_config(ca, identity.as_ref()).unwrap();
    Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}
