//! The written protocol agrees with itself, with the golden bytes and with the close codes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use muster_protocol::CloseCode;

use crate::{folder, golden};

/// Where a requirement stands as a table row: `| REQ-GROUP-000 | MUST | ... |`.
const ROW: &str = "| REQ-";

#[test]
fn every_requirement_is_stated_once_with_a_level() {
    let mut stated: BTreeMap<String, String> = BTreeMap::new();
    for (file, text) in pages() {
        for line in text.lines().filter(|line| line.starts_with(ROW)) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, id, level, statement, ..] = cells.as_slice() else {
                panic!("{file}: a requirement needs id, level and statement: {line}");
            };
            assert!(["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"].contains(level), "{line}");
            assert!(statement.ends_with('.'), "{file}: not a sentence: {line}");
            let before = stated.insert((*id).to_string(), file.clone());
            assert_eq!(before, None, "{id} is stated twice");
        }
    }
    let mentioned: BTreeSet<String> = pages().iter().flat_map(|(_, text)| ids(text)).collect();
    let known: BTreeSet<String> = stated.into_keys().collect();
    assert_eq!(mentioned, known, "mentioned and stated requirements differ");
}

#[test]
fn the_list_of_requirements_is_complete() {
    let (_, readme) = pages().into_iter().find(|(file, _)| file == "README.md").expect("README.md");
    let listed = ids(&readme);
    let all: BTreeSet<String> = pages().iter().flat_map(|(_, text)| ids(text)).collect();
    assert_eq!(listed, all, "docs/protocol/README.md lists every requirement");
}

#[test]
fn every_close_code_stands_in_the_written_protocol() {
    let (_, page) = pages().into_iter().find(|(file, _)| file == "close-codes.md").expect("a page");
    for code in CloseCode::ALL {
        let retry = if code.may_retry() { "yes" } else { "no" };
        let start = format!("| `0x{:02x}` | {code:?} |", code.code());
        let row = page.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("close-codes.md misses {start}"));
        assert!(row.contains(&format!("| {} |", code.reason())), "reason phrase: {row}");
        assert!(row.ends_with(&format!("| {retry} |")), "may retry: {row}");
    }
}

#[test]
fn the_example_session_quotes_the_golden_bytes() {
    let (_, page) =
        pages().into_iter().find(|(file, _)| file == "examples.md").expect("examples.md");
    let mut quoted = 0;
    for part in page.split("`fixtures/wire/v1/").skip(1) {
        let (name, rest) = part.split_once(".hex`").expect("the name of a golden file");
        let block = rest.split("```").nth(1).expect("a block of hex after the name");
        let lines = block.lines().skip(1).map(|line| line.split('#').next().unwrap_or_default());
        let bytes: Vec<u8> = lines.flat_map(crate::unhex).collect();
        assert_eq!(bytes, golden(name), "examples.md quotes {name} wrongly");
        quoted += 1;
    }
    assert!(quoted >= 10, "only {quoted} frames quoted");
}

fn pages() -> Vec<(String, String)> {
    let docs: PathBuf = folder().join("../../../docs/protocol");
    let mut pages: Vec<(String, String)> = fs::read_dir(docs)
        .expect("the written protocol")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(entry.path()).expect("a page"))
        })
        .collect();
    pages.sort();
    pages
}

/// Every `REQ-GROUP-000` in a text.
fn ids(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    text.split(|c: char| !is_part(c))
        .filter(|word| word.starts_with("REQ-"))
        .filter(|word| word.chars().rev().take(3).all(|c| c.is_ascii_digit()))
        .map(String::from)
        .collect()
}
