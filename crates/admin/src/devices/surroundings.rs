//! What is known around devices when they are shown.

use muster_control::DeviceRecord;
use muster_protocol::{DeviceId, Timestamp};

use crate::backend::Backend;
use crate::devices::labels::{Labels, Snapshot};
use crate::devices::managed_device::Around;
use crate::http::options::Strictness;
use crate::identity::tenant::{Tenant, User};
use crate::operation::path::Version;

/// The server behind the devices, what is written on them, and whose they are.
pub(crate) struct Surroundings<'a, B> {
    pub(crate) backend: &'a B,
    pub(crate) version: Version,
    pub(crate) strictness: Strictness,
    pub(crate) labels: &'a Snapshot,
    pub(crate) tenant: &'a Tenant,
}

impl<B: Backend> Around for Surroundings<'_, B> {
    fn version(&self) -> Version {
        self.version
    }

    fn strictness(&self) -> Strictness {
        self.strictness
    }

    fn now(&self) -> Timestamp {
        self.backend.now()
    }

    fn wall(&self, at: Timestamp) -> jiff::Timestamp {
        self.backend.wall(at)
    }

    fn connected(&self, device: DeviceId) -> bool {
        self.backend.connected(device)
    }

    fn labels(&self, device: DeviceId) -> Option<&Labels> {
        self.labels.of(device)
    }

    fn category(&self, device: DeviceId) -> Option<&str> {
        self.labels.category_of(device).map(|category| category.display_name.as_str())
    }

    fn owner(&self, record: &DeviceRecord) -> Option<&User> {
        self.tenant.owner_of(record)
    }
}
