//! What stands where, and what stands nowhere.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tree::Tree;

/// What may stand at the top, besides names that begin with a dot.
const TOP: [&str; 14] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docker-compose.yml",
    "docs",
    "fixtures",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "scripts",
];

/// What a reader or a tool looks for.
const REQUIRED: [&str; 11] = [
    ".ci/run",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "deny.toml",
    "docker-compose.yml",
    "docs/architecture.md",
    "docs/dependencies.md",
    "fixtures/README.md",
    "scripts/check.sh",
];

/// Folders of single machines, put together here so that this file names none.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Finds strangers at the top of the repository.
#[must_use]
pub fn check_top(tree: &Tree) -> Vec<Finding> {
    let tops: BTreeSet<&str> =
        tree.files.iter().filter_map(|file| file.path.split('/').next()).collect();
    let strangers = tops.into_iter().filter(|name| !name.starts_with('.') && !TOP.contains(name));
    strangers
        .map(|name| {
            Finding::new(
                name,
                "does not belong at the top of the repository",
                "move it into crates, docs, fixtures or scripts",
            )
        })
        .collect()
}

/// Finds what a reader or a tool expects and does not find.
#[must_use]
pub fn check_required(tree: &Tree) -> Vec<Finding> {
    let missing = REQUIRED.iter().filter(|path| tree.file(path).is_none());
    missing
        .map(|path| Finding::new(*path, "is missing", "write it, or take it off REQUIRED"))
        .collect()
}

/// Finds paths that exist on one machine only.
#[must_use]
pub fn check_machine_paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for (index, line) in file.text.lines().enumerate() {
            for path in MACHINE_PATHS.iter().filter(|path| names(line, path)) {
                let finding = Finding::new(
                    &file.path,
                    format!("the path `{path}` exists on somebody's machine only"),
                    "name it from the root of the repository",
                );
                findings.push(finding.at_line(index + 1));
            }
        }
    }
    findings
}

/// Whether a path begins so in this line; the middle of a longer one does not count.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _path)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || "._-/{}>~".contains(c)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_at_the_top_is_found() {
        let tree = Tree::of(&[("notes.txt", ""), (".gitignore", ""), ("docs/a.md", "")]);
        let places: Vec<String> = check_top(&tree).into_iter().map(|f| f.place).collect();
        assert_eq!(places, ["notes.txt"]);
    }

    #[test]
    fn a_path_of_one_machine_is_found_and_part_of_a_longer_one_is_not() {
        let check = |text: &str| check_machine_paths(&Tree::of(&[("a.md", text)])).len();
        assert_eq!(check(&format!("see {}notes", MACHINE_PATHS[1])), 1);
        assert_eq!(check(&format!("see docs{}notes", MACHINE_PATHS[1])), 0);
    }

    #[test]
    fn what_is_missing_is_found() {
        assert_eq!(check_required(&Tree::default()).len(), REQUIRED.len());
    }
}
