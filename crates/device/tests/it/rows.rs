//! Where the decision tables stand.

use serde::de::DeserializeOwned;

/// Reads a table of `fixtures/behaviour/`, as the test runs: a changed row needs no new build.
pub(crate) fn read<T: DeserializeOwned>(table: &str) -> T {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/behaviour");
    let text = std::fs::read_to_string(format!("{folder}/{table}.toml")).expect("the table");
    toml::from_str(&text).expect("a table of rows")
}
