//! Devices, listed, counted and shown.

use std::sync::Arc;

use axum::http::Uri;
use muster_control::DeviceRecord;
use serde_json::Value;
use tracing::info;

use crate::backend::{Backend, BackendError};
use crate::devices::labels::Snapshot;
use crate::devices::managed_device::{Device, Look, Shape};
use crate::devices::page::{Page, context};
use crate::devices::properties::schema;
use crate::devices::scan::{Search, Within};
use crate::devices::surroundings::Surroundings;
use crate::http::options::Strictness;
use crate::http::origin::Origin;
use crate::identity::tenant::Tenant;
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
        let around = self.surroundings();
        let found = self.search(&around, query, within).page().await?;
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
        self.search(&self.surroundings(), query, Within::Everything).count().await
    }

    /// One device.
    ///
    /// # Errors
    /// [`QueryError`] at the first option that cannot be served.
    pub(crate) fn show(&self, record: &DeviceRecord, uri: &Uri) -> Result<Value, QueryError> {
        let select = &read_one(uri, schema(self.version))?;
        let look = Look { shape: Shape::Single, select };
        let mut shown = Device { record, around: &self.surroundings() }.shown(look);
        let context = format!("{}/$entity", context(self.origin, self.version));
        shown.insert("@odata.context".to_owned(), context.into());
        Ok(Value::Object(shown))
    }

    fn surroundings(&self) -> Surroundings<'_, B> {
        Surroundings {
            backend: self.backend,
            version: self.version,
            strictness: self.strictness,
            labels: &self.labels,
            tenant: self.tenant,
        }
    }

    fn search<'q>(
        &self,
        around: &'q Surroundings<'_, B>,
        query: &'q Query,
        within: Within,
    ) -> Search<'q, B> {
        Search { backend: around.backend, around, query, within }
    }
}
