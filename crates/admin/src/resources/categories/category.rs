//! One category.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::http::body::{BodyError, short_text};
use crate::odata::property::{Kind, Property, Schema};
use crate::odata::query::Count;
use crate::operation::path::Version;

/// Longest name of a category, in characters.
pub(crate) const CATEGORY_CHARS_MAX: usize = 128;

/// Longest description of a category, in characters.
pub(crate) const DESCRIPTION_CHARS_MAX: usize = 1024;

/// A category as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Category {
    pub(crate) id: Uuid,
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

/// What queries may ask of categories.
pub(super) const CATEGORIES: Schema = Schema {
    entity: "microsoft.graph.deviceCategory",
    properties: &[
        Property::new("id", Kind::Id),
        Property::new("displayName", Kind::Text),
        Property::new("description", Kind::Text),
        Property::new("roleScopeTagIds", Kind::Structure),
    ],
    options: &[],
    expands: &[],
    page_max: 1000,
    count: Count::Untold,
};

impl Category {
    /// A new one from a body.
    ///
    /// # Errors
    /// [`BodyError`] if it has no name, or a member is wrong.
    pub(super) fn made(id: Uuid, members: &Map<String, Value>) -> Result<Self, BodyError> {
        let nameless = Self { id, display_name: String::new(), description: None };
        nameless.changed(members)
    }

    /// The same with what a body says.
    ///
    /// # Errors
    /// As [`Self::made`].
    pub(super) fn changed(mut self, members: &Map<String, Value>) -> Result<Self, BodyError> {
        if let Some(name) = short_text(members, "displayName", CATEGORY_CHARS_MAX)? {
            self.display_name = name;
        }
        if members.contains_key("description") {
            self.description = short_text(members, "description", DESCRIPTION_CHARS_MAX)?;
        }
        let unnames = members.get("displayName").is_some_and(Value::is_null);
        if unnames || self.display_name.is_empty() {
            let wanted = "a text that is not empty";
            return Err(BodyError::Member { member: "displayName", wanted });
        }
        Ok(self)
    }

    /// The category as Graph shows it.
    pub(super) fn shown(&self, version: Version) -> Value {
        let mut shown = json!({
            "id": self.id,
            "displayName": self.display_name,
            "description": self.description,
        });
        match version {
            Version::V1 => {}
            Version::Beta => shown["roleScopeTagIds"] = json!([]),
        }
        shown
    }
}

/// Whether a document can be read as a category under its id: what is imported has to be.
pub(crate) fn is_category(id: &str, body: &str) -> bool {
    let read = serde_json::from_str::<Category>(body);
    read.is_ok_and(|category| category.id.to_string() == id)
}
