//! Small files.

use crate::finding::Finding;
use crate::source::{Source, sources};
use crate::tree::Tree;

/// Most lines of a `.rs` file, its inline tests not counted.
const LINES_MAX: usize = 500;

/// Finds files that are too long. Functions are held by clippy.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    sources(tree).iter().filter_map(check_file).collect()
}

fn check_file(source: &Source<'_>) -> Option<Finding> {
    let lines = source.file.text.lines().count() - source.test_lines.len();
    (lines > LINES_MAX).then(|| {
        Finding::new(
            &source.file.path,
            format!("{lines} lines, at most {LINES_MAX} are allowed beside the tests"),
            "find the second thing the file is about and give it a file of its own",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found_and_its_tests_are_not_counted() {
        let code = "// line\n".repeat(LINES_MAX);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
        let check = |text: &str| check(&Tree::of(&[("crates/x/src/lib.rs", text)])).len();
        assert_eq!(check(&code), 0);
        assert_eq!(check(&format!("{code}{tests}")), 0);
        assert_eq!(check(&format!("{code}// one more\n{tests}")), 1);
    }
}
