//! The published schema of a report.

use serde_json::Value;

use super::RunReport;

/// The JSON Schema of a report, of `report.json` and of `muster load --json`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(RunReport);
    schema.insert("title".to_owned(), "muster load report".into());
    schema.to_value()
}
