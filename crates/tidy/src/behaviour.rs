//! The page of behaviour must point at tests, table rows and cases that exist, and leave no row out.

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

/// What stands between the first and the last row of a range.
const TO: &str = " to ";

/// Finds tests, rows and cases the page names and nobody has written, rows it does not name, and
/// tables no test plays.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.file(PAGE) else {
        return vec![Finding::new(PAGE, "is missing", "say what is modelled and what shows it")];
    };
    let mut findings = misnamed(tree, page);
    for (name, file) in tables(tree) {
        findings.extend(left_out(page, &name, file));
        if !is_played(page, &name) {
            let what = format!("names no test that plays {name}.toml");
            findings.push(Finding::new(PAGE, what, "name it in the list of tables"));
        }
    }
    findings
}

/// What the page names and nobody has written.
fn misnamed(tree: &Tree, page: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
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
    (!rows(file).iter().any(|known| known == row))
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

/// The rows of a table the page does not lead to.
fn left_out(page: &File, table: &str, file: &File) -> Vec<Finding> {
    let rows = rows(file);
    let covered: BTreeSet<usize> =
        page.text.lines().flat_map(|line| mentioned(line, table, &rows)).collect();
    let missing = rows.iter().enumerate().filter(|(index, _)| !covered.contains(index));
    let finding = |row: &String| {
        Finding::new(PAGE, format!("does not name `{table}#{row}`"), "say which sentence it shows")
    };
    missing.map(|(_, row)| finding(row)).collect()
}

/// The places of the rows a line names, one by one or as a range in the order of the table.
fn mentioned(line: &str, table: &str, rows: &[String]) -> Vec<usize> {
    let place = |word: &str| {
        let row = word.strip_prefix(table)?.strip_prefix('#')?;
        rows.iter().position(|known| known == row)
    };
    let parts: Vec<&str> = line.split('`').collect();
    let mut places = Vec::new();
    for index in (1..parts.len()).step_by(2) {
        let Some(last) = place(parts[index]) else { continue };
        let follows_to = index >= 3 && parts[index - 1] == TO;
        let first = if follows_to { place(parts[index - 2]).unwrap_or(last) } else { last };
        places.extend(first..=last);
    }
    places
}

/// Whether a row of the page names the file of the table and a test beside it.
fn is_played(page: &File, table: &str) -> bool {
    let start = format!("| `{table}.toml` |");
    page.text.lines().any(|line| line.starts_with(&start) && line.contains(".rs::"))
}

/// The names of a table's rows, in their order.
fn rows(table: &File) -> Vec<String> {
    let parsed: toml::Table = table.text.parse().unwrap_or_default();
    let arrays = parsed.values().filter_map(toml::Value::as_array);
    let name = |row: &toml::Value| {
        let named = row.get("id").or_else(|| row.get("name"))?;
        named.as_str().map(str::to_owned)
    };
    arrays.flatten().filter_map(name).collect()
}

fn tables(tree: &Tree) -> impl Iterator<Item = (String, &File)> {
    tree.ending(".toml").filter_map(|file| {
        let name = file.path.strip_prefix(TABLES)?.strip_suffix(".toml")?;
        Some((name.to_owned(), file))
    })
}

/// What stands between backquotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: &str = "[[row]]\nid = \"R1\"\n[[row]]\nid = \"R2\"\n[[row]]\nid = \"R3\"\n";
    const PLAYED: &str = "| `device.toml` | answers | `x/src/a.rs::a_lock_holds` |\n";
    const TESTS: &str = "#[test]\n#[ignore = \"x\"]\nfn a_lock_holds() {}\n\n\
        #[tokio::test]\nasync fn a_code_opens() {}\n\nfn helper() {}\n";

    fn check_page(text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (PAGE, &format!("{PLAYED}{text}")),
            ("fixtures/behaviour/device.toml", DEVICE),
            ("crates/x/src/a.rs", TESTS),
            ("fixtures/cases/sync.toml", "title = 'sync'"),
        ]);
        check(&tree).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn what_exists_may_be_named() {
        let page = "`device#R1` to `device#R3` `x/src/a.rs::a_code_opens` `case: sync`";
        assert_eq!(check_page(page), Vec::<String>::new());
    }

    #[test]
    fn a_test_a_row_and_a_case_that_do_not_exist_are_found() {
        let page = "`device#R1` to `device#R3`\n`device#R9`\n`x/src/a.rs::gone`\n\
            `x/src/b.rs::a_lock_holds`\n`x/src/a.rs::helper` `case: dance`";
        assert_eq!(
            check_page(page),
            [
                "device.toml has no row R9",
                "there is no test `x/src/a.rs::gone`",
                "there is no test `x/src/b.rs::a_lock_holds`",
                "there is no test `x/src/a.rs::helper`",
                "there is no case \"dance\"",
            ]
        );
    }

    #[test]
    fn a_row_no_sentence_leads_to_is_found() {
        assert_eq!(check_page("`device#R1`, `device#R3`"), ["does not name `device#R2`"]);
        assert_eq!(check(&Tree::default()).len(), 1);
    }

    #[test]
    fn a_table_no_test_plays_is_found() {
        let tree = Tree::of(&[
            (PAGE, "`device#R1` to `device#R3`"),
            ("fixtures/behaviour/device.toml", DEVICE),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, ["names no test that plays device.toml"]);
    }
}
