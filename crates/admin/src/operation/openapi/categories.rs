//! Device categories.

use serde_json::{Value, json};

use super::{Query, Shape, Success};
use crate::operation::openapi::schemas::{members, page, text};
use crate::resources::categories::{CATEGORY_CHARS_MAX, CategoryOperation, DESCRIPTION_CHARS_MAX};

pub(super) const fn shape(operation: CategoryOperation) -> Shape {
    let (query, body, success) = match operation {
        CategoryOperation::List => (Query::List, None, Success::Found("deviceCategories")),
        CategoryOperation::Show => (Query::Select, None, Success::Found("deviceCategory")),
        CategoryOperation::ShowOfDevice => {
            (Query::Select, None, Success::FoundIfAny("deviceCategory"))
        }
        CategoryOperation::Create => {
            (Query::Nothing, Some("deviceCategoryMade"), Success::Created("deviceCategory"))
        }
        CategoryOperation::Update => {
            (Query::Nothing, Some("deviceCategoryWritten"), Success::Found("deviceCategory"))
        }
        CategoryOperation::SetOfDevice => {
            (Query::Nothing, Some("deviceCategoryReference"), Success::NoContent)
        }
        CategoryOperation::Delete | CategoryOperation::RemoveOfDevice => {
            (Query::Nothing, None, Success::NoContent)
        }
    };
    Shape { query, body, success: Some(success) }
}

/// The schemas of categories.
pub(super) fn all() -> Value {
    let mut made = written();
    made["required"] = json!(["displayName"]);
    json!({
        "deviceCategory": members(json!({
            "id": { "type": "string", "format": "uuid" },
            "displayName": text(),
            "description": text(),
        })),
        "deviceCategories": page("deviceCategory"),
        "deviceCategoryMade": made,
        "deviceCategoryWritten": written(),
        "deviceCategoryReference": reference("^/v1.0/deviceManagement/deviceCategories/"),
        "userReference": reference("^/v1.0/users/"),
    })
}

/// The address of something, which ends with its id.
fn reference(start: &str) -> Value {
    json!({
        "type": "object",
        "required": ["@odata.id"],
        "properties": {
            "@odata.id": { "type": "string", "pattern": format!("{start}[0-9a-f-]{{36}}$") },
        },
    })
}

fn written() -> Value {
    json!({
        "type": "object",
        "properties": {
            "displayName": {
                "type": "string",
                "minLength": 1,
                "maxLength": CATEGORY_CHARS_MAX,
            },
            "description": { "type": ["string", "null"], "maxLength": DESCRIPTION_CHARS_MAX },
        },
    })
}
