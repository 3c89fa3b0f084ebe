//! The catalogue says what the pages say, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use muster_conformance::{requirement, requirements};

/// Level and sentence of each requirement of the pages.
fn pages() -> BTreeMap<String, (String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol");
    let mut rows = BTreeMap::new();
    for page in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| line.starts_with("| REQ-")) {
            let cells: Vec<&str> = line.trim_matches('|').splitn(3, '|').map(str::trim).collect();
            let [id, level, statement] = cells[..] else { panic!("a row of other cells: {line}") };
            let row = (level.to_owned(), statement.to_owned());
            assert_eq!(rows.insert(id.to_owned(), row), None, "{id} stands twice");
        }
    }
    rows
}

#[test]
fn every_requirement_of_the_pages_is_in_the_catalogue_as_it_stands_there() {
    for (id, (level, statement)) in pages() {
        let row = requirement(&id).unwrap_or_else(|| panic!("{id} is not in the catalogue"));
        // A MUST NOT is a MUST whose sentence says not.
        assert_eq!(row.level.name(), level.trim_end_matches(" NOT"), "{id}");
        assert_eq!(row.statement, statement, "{id}");
    }
}

#[test]
fn nothing_is_in_the_catalogue_that_no_page_states() {
    let pages = pages();
    for row in requirements() {
        assert!(pages.contains_key(row.id), "no page states {}", row.id);
    }
    assert_eq!(requirements().count(), pages.len());
}

#[test]
fn what_no_case_can_try_says_why() {
    for (row, why) in requirements().filter_map(|row| Some((row, row.unseen?))) {
        assert!(why.len() > 20, "{}: {why:?} is no reason", row.id);
    }
}
