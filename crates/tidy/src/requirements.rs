//! What the code says it is required to do must be a requirement of the protocol.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::tree::{File, Tree};

/// Where the requirements stand, each in a row of its own.
const PAGES: &str = "docs/protocol/";

/// What the id of a requirement begins with.
const PREFIX: &str = "REQ-";

/// What ends an id that stands for all of them.
const ANY: &str = "-000";

/// Finds comments that cite a requirement which does not exist, or name another page than its own.
#[must_use]
pub fn check_citations(tree: &Tree) -> Vec<Finding> {
    let pages = page_by_id(tree);
    tree.ending(".rs").flat_map(|file| check_file(file, &pages)).collect()
}

fn check_file(file: &File, pages: &BTreeMap<&str, &str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut cited = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if !line.trim_start().starts_with("//") {
            cited.clear();
            continue;
        }
        for word in words(line) {
            let wrong = if word.starts_with(PREFIX) && !word.ends_with(ANY) {
                cited.push(word);
                (!pages.contains_key(word))
                    .then(|| format!("the comment cites `{word}`, which no page states"))
            } else if word.starts_with(PAGES) {
                let elsewhere =
                    cited.drain(..).find(|id| pages.get(id).is_some_and(|p| *p != word));
                elsewhere.map(|id| format!("`{id}` does not stand in `{word}`"))
            } else {
                None
            };
            let finding = |what| {
                Finding::new(
                    &file.path,
                    what,
                    "cite the row that holds, with the page it stands on",
                )
            };
            findings.extend(wrong.map(|what| finding(what).at_line(index + 1)));
        }
    }
    findings
}

/// The page on whose rows each requirement is stated.
fn page_by_id(tree: &Tree) -> BTreeMap<&str, &str> {
    let pages = tree.ending(".md").filter(|file| file.path.starts_with(PAGES));
    let rows = pages.flat_map(|page| {
        let ids = page.text.lines().filter_map(|line| {
            let id = line.strip_prefix("| ")?.split(' ').next()?;
            id.starts_with(PREFIX).then_some(id)
        });
        ids.map(|id| (id, page.path.as_str()))
    });
    rows.collect()
}

/// The words of a comment, with what belongs to paths and ids and nothing around them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    line.split(move |c: char| !is_part(c)).map(|word| word.trim_end_matches(['.', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: (&str, &str) = ("docs/protocol/a.md", "# A\n| REQ-A-001 | MUST | One. |\n");

    fn citing(comment: &str) -> usize {
        let tree = Tree::of(&[PAGE, ("crates/x/src/a.rs", comment)]);
        check_citations(&tree).len()
    }

    #[test]
    fn a_requirement_that_exists_may_be_cited_on_its_page() {
        assert_eq!(citing("/// Source: REQ-A-001 (docs/protocol/a.md)."), 0);
        assert_eq!(citing("/// Source: REQ-A-001\n/// (docs/protocol/a.md)."), 0);
        assert_eq!(citing("// As REQ-A-001 wants."), 0);
    }

    #[test]
    fn a_requirement_nobody_states_is_found() {
        assert_eq!(citing("/// Source: REQ-A-002 (docs/protocol/a.md)."), 1);
        assert_eq!(citing("/// Source: REQ-A (docs/protocol/a.md)."), 1);
        assert_eq!(citing("let id = \"REQ-A-002\";"), 0);
        assert_eq!(citing("/// A row begins with REQ-GROUP-000."), 0);
    }

    #[test]
    fn a_requirement_of_another_page_is_found() {
        assert_eq!(citing("/// Source: REQ-A-001 (docs/protocol/b.md)."), 1);
        assert_eq!(citing("/// REQ-A-001.\nfn a() {}\n/// See docs/protocol/b.md."), 0);
    }
}
