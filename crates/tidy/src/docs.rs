//! What is written must be findable, and say one thing a page.

use crate::finding::Finding;
use crate::manifest;
use crate::tree::{File, Tree};

/// The map of the house.
const MAP: &str = "docs/architecture.md";

/// Where each dependency is accounted for.
const DEPENDENCIES: &str = "docs/dependencies.md";

/// Finds pages that have no title, or more than one.
#[must_use]
pub fn check_titles(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in tree.ending(".md") {
        let titles = prose(page).filter(|(_line, text)| text.starts_with("# ")).count();
        if titles != 1 {
            findings.push(Finding::new(
                &page.path,
                format!("{titles} titles (lines that begin with one `#`)"),
                "give the page exactly one; sections begin with `##`",
            ));
        }
    }
    findings
}

/// Finds crates the map does not show.
#[must_use]
pub fn check_map(tree: &Tree) -> Vec<Finding> {
    let text = tree.file(MAP).map_or("", |file| &file.text);
    let missing = tree.crates().into_iter().filter(|name| {
        let (quoted, path) = (format!("`{name}`"), format!("crates/{name}"));
        !text.contains(&quoted) && !text.contains(&path)
    });
    missing
        .map(|name| {
            Finding::new(
                MAP,
                format!("the crate `{name}` is not on the map"),
                "say in one line what it is for and what it owns alone",
            )
        })
        .collect()
}

/// Finds dependencies of the workspace that nobody has accounted for.
#[must_use]
pub fn check_dependencies(tree: &Tree) -> Vec<Finding> {
    let text = tree.file(DEPENDENCIES).map_or("", |file| &file.text);
    let foreign = manifest::declared(tree).into_iter().filter(|name| !name.starts_with("muster-"));
    foreign
        .filter(|name| !text.contains(&format!("| `{name}` |")))
        .map(|name| {
            Finding::new(
                DEPENDENCIES,
                format!("the dependency `{name}` has no row"),
                "say what it is for, under which licence, and who else relies on it",
            )
        })
        .collect()
}

/// Finds links to files that are not there.
#[must_use]
pub fn check_links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in tree.ending(".md") {
        for (line, text) in prose(page) {
            for target in links(text).filter(|target| is_local(target)) {
                let path = target.split('#').next().unwrap_or_default();
                if !path.is_empty() && !resolve(&page.path, path).is_some_and(|to| tree.has(&to)) {
                    let finding = Finding::new(
                        &page.path,
                        format!("the link to `{target}` leads nowhere"),
                        "correct it; links are relative to the page they stand on",
                    );
                    findings.push(finding.at_line(line));
                }
            }
        }
    }
    findings
}

/// Finds comments that give a page as their source which is not there.
#[must_use]
pub fn check_sources(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.ending(".rs") {
        for (index, line) in file.text.lines().enumerate() {
            let comment = line.trim_start().starts_with("//");
            for path in pages_named(line).filter(|path| comment && !tree.has(path)) {
                let finding = Finding::new(
                    &file.path,
                    format!("the comment names `{path}`, which is not there"),
                    "write the page or correct the name",
                );
                findings.push(finding.at_line(index + 1));
            }
        }
    }
    findings
}

/// The lines of a page outside its code blocks, counted from 1.
fn prose(page: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    page.text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        (!in_code && !fence).then_some((index + 1, line))
    })
}

/// The targets of the inline links in a line; what stands in backquotes is no link.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let outside_code = line.split('`').step_by(2);
    outside_code.flat_map(|text| {
        text.match_indices("](").filter_map(|(at, opening)| {
            let target = &text[at + opening.len()..];
            target.split([')', ' ']).next()
        })
    })
}

fn is_local(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// The path a link on `page` leads to; `None` if it leaves the repository.
fn resolve(page: &str, link: &str) -> Option<String> {
    let mut path: Vec<&str> = page.split('/').collect();
    path.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            name => path.push(name),
        }
    }
    Some(path.join("/"))
}

/// The pages under `docs` a line names.
fn pages_named(line: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    line.split(move |c: char| !is_part(c))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.starts_with("docs/") && word.ends_with(".md"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_title_and_code_blocks_have_none() {
        let check = |text: &str| check_titles(&Tree::of(&[("docs/a.md", text)])).len();
        assert_eq!(check("# A\n\n```sh\n# a comment\n```\n\n## B\n"), 0);
        assert_eq!(check("## B\n"), 1);
        assert_eq!(check("# A\n# B\n"), 1);
    }

    #[test]
    fn a_crate_the_map_does_not_show_is_found() {
        let check = |map: &str| {
            let tree = Tree::of(&[("crates/x/Cargo.toml", ""), (MAP, map)]);
            check_map(&tree).len()
        };
        assert_eq!(check("| `x` | words |"), 0);
        assert_eq!(check("| `y` | words |"), 1);
    }

    #[test]
    fn a_dependency_nobody_accounts_for_is_found() {
        let root = "[workspace.dependencies]\nserde = \"1\"\nmuster-x = \"1\"\n";
        let check = |page: &str| {
            let tree = Tree::of(&[("Cargo.toml", root), (DEPENDENCIES, page)]);
            check_dependencies(&tree).len()
        };
        assert_eq!(check("| `serde` | the data model |"), 0);
        assert_eq!(check("# Dependencies"), 1);
    }

    #[test]
    fn links_are_followed_from_where_they_stand() {
        let check = |text: &str| {
            let tree =
                Tree::of(&[("README.md", "# R"), ("docs/b.md", "# B"), ("docs/adr/a.md", text)]);
            check_links(&tree).len()
        };
        assert_eq!(check("[b](../b.md#part) [r](../../README.md) [d](../) [w](https://x.org)"), 0);
        assert_eq!(check("[b](b.md)"), 1);
        assert_eq!(check("[b](../../../b.md)"), 1);
        assert_eq!(check("`[b](b.md)` and [here](#part)"), 0);
    }

    #[test]
    fn a_source_that_is_not_there_is_found() {
        let check = |text: &str| check_sources(&Tree::of(&[("crates/x/src/a.rs", text)])).len();
        assert_eq!(check("/// Source: REQ-1 (docs/none.md)."), 1);
        assert_eq!(check("let a = \"docs/none.md\";"), 0);
    }
}
