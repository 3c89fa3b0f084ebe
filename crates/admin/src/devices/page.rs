//! Lists of devices, page by page.

use muster_control::DeviceRecord;
use serde_json::{Map, Value};

use crate::backend::Backend;
use crate::devices::managed_device::{Look, Shape, managed_device, switch_word};
use crate::devices::properties::ACTIVATION_LOCK;
use crate::http::origin::Origin;
use crate::odata::query::{Count, ListOptions, Selection, skip_token};
use crate::operation::path::Version;

/// Devices on a page, at most and by default.
///
/// Source: public answers of Microsoft Graph for `managedDevices`.
pub const PAGE_DEVICES_MAX: usize = 1000;

/// What a page is made of.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) version: Version,
    pub(crate) options: &'a ListOptions,
    /// One more than the page holds, if there are more.
    pub(crate) found: &'a [DeviceRecord],
    /// How many there are in all; `None` if that was not asked.
    pub(crate) total: Option<u64>,
}

impl ListOptions {
    /// How many devices to read: one more than wanted shows whether a page follows.
    pub(crate) const fn limit(&self) -> usize {
        if self.top == 0 { 0 } else { self.top + 1 }
    }
}

impl Page<'_> {
    /// The page as JSON.
    pub(crate) fn render<B: Backend>(&self, backend: &B, origin: &Origin) -> Value {
        let select = &self.options.select;
        let look = Look { version: self.version, shape: Shape::Listed, select };
        let shown = &self.found[..self.found.len().min(self.options.top)];
        let devices: Vec<Value> = shown
            .iter()
            .map(|record| Value::Object(managed_device(backend, record, look)))
            .collect();
        let mut page = Map::new();
        page.insert("@odata.context".to_owned(), context(origin, self.version).into());
        if let Some(total) = self.total {
            page.insert("@odata.count".to_owned(), total.into());
        }
        if let (Some(last), true) = (shown.last(), shown.len() < self.found.len()) {
            page.insert("@odata.nextLink".to_owned(), self.next_link(origin, last).into());
        }
        page.insert("value".to_owned(), devices.into());
        page.into()
    }

    /// An absolute link: the JavaScript client glues anything else onto its base address.
    fn next_link(&self, origin: &Origin, last: &DeviceRecord) -> String {
        let ListOptions { top, count, select, activation_lock, after: _ } = self.options;
        let count = match count {
            Count::Told => "",
            Count::Untold => "&$count=false",
        };
        let select = match select {
            Selection::Everything => String::new(),
            Selection::Named(names) => format!("&$select={}", names.join(",")),
        };
        let lock = match activation_lock {
            Some(switch) => format!("&{ACTIVATION_LOCK}={}", switch_word(*switch)),
            None => String::new(),
        };
        format!(
            "{origin}/{}/deviceManagement/managedDevices?$top={top}{count}{select}{lock}&$skiptoken={}",
            self.version,
            skip_token(last.id),
        )
    }
}

/// `@odata.context` of a list; that of a single device ends with `/$entity`.
pub(crate) fn context(origin: &Origin, version: Version) -> String {
    format!("{origin}/{version}/$metadata#deviceManagement/managedDevices")
}
