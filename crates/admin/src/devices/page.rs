//! Lists of devices, page by page.

use serde_json::{Map, Value};

use crate::http::origin::Origin;
use crate::operation::path::Version;

/// Devices on a page, at most and by default.
///
/// Source: public answers of Microsoft Graph for `managedDevices`.
pub const PAGE_DEVICES_MAX: usize = 1000;

/// What a page says.
#[derive(Debug)]
pub(crate) struct Page {
    /// The devices as JSON.
    pub(crate) shown: Vec<Value>,
    /// How many there are in all; `None` if that was not asked.
    pub(crate) total: Option<u64>,
    /// The absolute link to the page behind, if there is one: the JavaScript client glues
    /// anything else onto its base address.
    pub(crate) next_link: Option<String>,
}

impl Page {
    /// The page as JSON.
    pub(crate) fn into_json(self, context: String) -> Value {
        let mut page = Map::new();
        page.insert("@odata.context".to_owned(), context.into());
        if let Some(total) = self.total {
            page.insert("@odata.count".to_owned(), total.into());
        }
        if let Some(link) = self.next_link {
            page.insert("@odata.nextLink".to_owned(), link.into());
        }
        page.insert("value".to_owned(), self.shown.into());
        page.into()
    }
}

/// `@odata.context` of a list; that of a single device ends with `/$entity`.
pub(crate) fn context(origin: &Origin, version: Version) -> String {
    format!("{origin}/{version}/$metadata#deviceManagement/managedDevices")
}
