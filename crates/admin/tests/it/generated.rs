//! What is made from the table of operations is what it says today.

use std::fs;
use std::path::{Path, PathBuf};

use muster_admin::{openapi_document, parity_page};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Write it anew with `WRITE_GRAPH=1 cargo test -p muster-admin --test it generated`.
fn holds(place: &str, made: &str) {
    let path = root().join(place);
    if std::env::var_os("WRITE_GRAPH").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, made).expect("a file");
    }
    let stored = fs::read_to_string(&path).expect(place);
    assert!(stored == made, "{place} is not what the table of operations says");
}

#[test]
fn the_parity_page_is_the_table_of_operations() {
    holds("docs/graph-parity.md", &parity_page());
}

#[test]
fn the_openapi_document_is_the_table_of_operations() {
    let text = serde_json::to_string_pretty(&openapi_document()).expect("JSON");
    holds("fixtures/openapi/muster-graph.json", &(text + "\n"));
}
