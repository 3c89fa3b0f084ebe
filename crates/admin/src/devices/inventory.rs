//! Devices, listed, counted and shown.

use std::sync::Arc;

use axum::http::Uri;
use muster_control::DeviceRecord;
use muster_protocol::{DeviceId, Timestamp};
use serde_json::Value;
use tracing::info;

use crate::backend::{Backend, BackendError};
use crate::devices::labels::{Labels, Snapshot};
use crate::devices::managed_device::{Around, Device, Look, Shape};
use crate::devices::page::{Page, context};
use crate::devices::properties::schema;
use crate::devices::scan::{Search, Within};
use crate::http::options::Strictness;
use crate::http::origin::Origin;
use crate::identity::tenant::{Tenant, User};
use crate::odata::query::{Query, QueryError, read_one};
use crate::odata::token::QueryRules;
use crate::operation::path::Version;

/// The devices as one request sees them.
pub(crate) struct Inventory<'a, B> {
    pub(crate) backend: &'a B,
    pub(crate) origin: &'a Origin,
    pub(crate) version: Version,
    pub(crate) tenant: &'a Tenant,
    pub(crate) rules: &'a QueryRules,
    pub(crate) labels: Arc<Snapshot>,
    pub(crate) strictness: Strictness,
}

impl<B: Backend> Inventory<'_, B> {
    /// Reads the options of a list.
    ///
    /// # Errors
    /// [`QueryError`] at the first option that cannot be served.
    pub(crate) fn query(&self, uri: &Uri) -> Result<Query, QueryError> {
        let query = Query::read(uri, schema(self.version), self.rules)?;
        if let Some(property) = query.contradiction() {
            info!(property, "no device fits a filter for two values at once; meant was perhaps or");
        }
        Ok(query)
    }

    /// A page of devices.
    ///
    /// # Errors
    /// [`BackendError`] if devices cannot be read.
    pub(crate) async fn list(&self, query: &Query, within: Within) -> Result<Value, BackendError> {
        let found = self.search(query, within).page().await?;
        let (origin, version) = (self.origin, self.version);
        let (path, context) = match within {
            Within::Everything => {
                ("deviceManagement/managedDevices".to_owned(), context(origin, version))
            }
            Within::OwnedBy(user) => (
                format!("users/{user}/managedDevices"),
                format!("{origin}/{version}/$metadata#users('{user}')/managedDevices"),
            ),
        };
        let address = format!("{origin}/{version}/{path}");
        let link = |end| query.next_link(&address, schema(version), self.rules, &end);
        let next_link = found.end.map(link);
        Ok(Page { shown: found.shown, total: found.total, next_link }.into_json(context))
    }

    /// How many devices fit a query.
    ///
    /// # Errors
    /// [`BackendError`] if devices cannot be read.
    pub(crate) async fn count(&self, query: &Query) -> Result<u64, BackendError> {
        self.search(query, Within::Everything).count().await
    }

    /// One device.
    ///
    /// # Errors
    /// [`QueryError`] at the first option that cannot be served.
    pub(crate) fn show(&self, record: &DeviceRecord, uri: &Uri) -> Result<Value, QueryError> {
        let select = &read_one(uri, schema(self.version))?;
        let look = Look { shape: Shape::Single, select };
        let mut shown = Device { record, around: self }.shown(look);
        let context = format!("{}/$entity", context(self.origin, self.version));
        shown.insert("@odata.context".to_owned(), context.into());
        Ok(Value::Object(shown))
    }

    fn search<'q>(&'q self, query: &'q Query, within: Within) -> Search<'q, B> {
        Search { backend: self.backend, around: self, query, within }
    }
}

impl<B: Backend> Around for Inventory<'_, B> {
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
