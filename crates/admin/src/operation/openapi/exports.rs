//! Export jobs.

use serde_json::{Value, json};

use crate::operation::openapi::schemas::{members, page, text, texts};
use crate::resources::exports::{FILTER_BYTES_MAX, report_names};

/// The schemas of export jobs.
pub(super) fn all() -> Value {
    json!({
        "exportJob": job(),
        "exportJobs": page("exportJob"),
        "exportJobWanted": wanted(),
    })
}

/// `deviceManagementExportJob`
fn job() -> Value {
    members(json!({
        "id": { "type": "string" },
        "reportName": text(),
        "filter": text(),
        "select": texts(),
        "format": { "enum": ["csv", "json"] },
        "snapshotId": text(),
        "localizationType": text(),
        "status": { "enum": ["notStarted", "inProgress", "completed", "failed"] },
        "url": text(),
        "requestDateTime": text(),
        "expirationDateTime": text(),
    }))
}

/// What a job is asked for. Filters and columns are those of the report, which no schema tells.
fn wanted() -> Value {
    json!({
        "type": "object",
        "required": ["reportName"],
        "properties": {
            "reportName": { "enum": report_names().collect::<Vec<_>>() },
            "filter": { "type": ["string", "null"], "maxLength": FILTER_BYTES_MAX / 4 },
            "select": texts(),
            "format": { "enum": ["csv", "json", null] },
            "localizationType": {
                "enum": ["localizedValuesAsAdditionalColumn", "replaceLocalizableValues", null],
            },
        },
    })
}
