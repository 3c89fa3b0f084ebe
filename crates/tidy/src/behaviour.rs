//! The page of behaviour must point at tests, table rows and cases that exist.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tree::{File, Tree};

/// Which sentence of the sources is shown by what.
const PAGE: &str = "docs/behaviour.md";

/// The decision tables; a row is named as `device#R1`.
const TABLES: &str = "fixtures/behaviour/";

/// The cases; one is named as `case: sync`.
const CASES: &str = "fixtures/cases/";

/// What stands before the name of a case.
const CASE: &str = "case: ";

/// Finds tests, rows and cases the page names and nobody has written, and tables it never names.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.file(PAGE) else {
        return vec![Finding::new(PAGE, "is missing", "say what is modelled and what shows it")];
    };
    let mut findings: Vec<Finding> =
        tables(tree).filter(|table| !names_a_row(page, table)).map(|it| untouched(&it)).collect();
    for (index, line) in page.text.lines().enumerate() {
        for word in quoted(line) {
            if let Some((what, remedy)) = fault(tree, word) {
                findings.push(Finding::new(PAGE, what, remedy).at_line(index + 1));
            }
        }
    }
    findings
}

/// What is wrong with a quoted word, if it names something that has to exist.
fn fault(tree: &Tree, word: &str) -> Option<(String, &'static str)> {
    if let Some((path, name)) = word.split_once(".rs::") {
        let file = tree.file(&format!("crates/{path}.rs"));
        let exists = file.is_some_and(|file| is_test(&file.text, name));
        return (!exists).then(|| (format!("there is no test `{word}`"), "correct the name"));
    }
    if let Some(case) = word.strip_prefix(CASE) {
        let exists = tree.file(&format!("{CASES}{case}.toml")).is_some();
        return (!exists).then(|| (format!("there is no case {case:?}"), "correct the name"));
    }
    let (table, row) = word.split_once('#')?;
    let file = tree.file(&format!("{TABLES}{table}.toml"))?;
    (!rows(file).contains(row))
        .then(|| (format!("{table}.toml has no row {row}"), "correct the row, or write it"))
}

/// Whether a test has this name: a function below an attribute of a test.
fn is_test(text: &str, name: &str) -> bool {
    let start = format!("fn {name}(");
    let mut is_marked = false;
    for line in text.lines().map(str::trim) {
        if line.trim_start_matches("async ").starts_with(&start) {
            return is_marked;
        }
        let is_attribute = line.starts_with("#[") || line.starts_with("//");
        is_marked = line.starts_with("#[test]")
            || line.starts_with("#[tokio::test")
            || (is_marked && is_attribute);
    }
    false
}

fn rows(table: &File) -> BTreeSet<String> {
    let parsed: toml::Table = table.text.parse().unwrap_or_default();
    let rows = parsed.get("row").and_then(toml::Value::as_array);
    rows.into_iter()
        .flatten()
        .filter_map(|row| row.get("id")?.as_str().map(str::to_owned))
        .collect()
}

fn tables(tree: &Tree) -> impl Iterator<Item = String> {
    tree.ending(".toml").filter_map(|file| {
        let name = file.path.strip_prefix(TABLES)?.strip_suffix(".toml")?;
        Some(name.to_owned())
    })
}

fn names_a_row(page: &File, table: &str) -> bool {
    page.text.contains(&format!("`{table}#"))
}

fn untouched(table: &str) -> Finding {
    Finding::new(PAGE, format!("names no row of {table}.toml"), "name them as `table#row`")
}

/// What stands between backquotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: &str = "[[row]]\nid = \"R1\"\n";
    const TESTS: &str = "#[test]\n#[ignore = \"x\"]\nfn a_lock_holds() {}\n\n\
        #[tokio::test]\nasync fn a_code_opens() {}\n\nfn helper() {}\n";

    fn check_page(text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (PAGE, text),
            ("fixtures/behaviour/device.toml", DEVICE),
            ("crates/x/src/a.rs", TESTS),
            ("fixtures/cases/sync.toml", "title = 'sync'"),
        ]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn what_exists_may_be_named() {
        let page = "`device#R1` `x/src/a.rs::a_lock_holds` `x/src/a.rs::a_code_opens` `case: sync`";
        assert_eq!(check_page(page), Vec::<String>::new());
    }

    #[test]
    fn a_test_a_row_and_a_case_that_do_not_exist_are_found() {
        let page = "`device#R1`\n`device#R2`\n`x/src/a.rs::gone` `x/src/b.rs::a_lock_holds`\n\
            `x/src/a.rs::helper` `case: dance`";
        assert_eq!(
            check_page(page),
            [
                "device.toml has no row R2",
                "there is no test `x/src/a.rs::gone`",
                "there is no test `x/src/b.rs::a_lock_holds`",
                "there is no test `x/src/a.rs::helper`",
                "there is no case \"dance\"",
            ]
        );
    }

    #[test]
    fn a_table_no_sentence_leads_to_is_found() {
        assert_eq!(check_page("# Behaviour"), ["names no row of device.toml"]);
        assert_eq!(check(&Tree::default()).len(), 1);
    }
}
