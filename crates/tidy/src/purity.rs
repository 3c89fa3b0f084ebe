//! Below the I/O line everything is a function of state, time, input and seed.

use crate::finding::Finding;
use crate::manifest::{Manifest, Section, manifests};
use crate::source::{Source, sources};
use crate::tree::Tree;

/// The crates below the line.
const PURE: [&str; 6] = ["protocol", "control", "device", "scenario", "conformance", "sim"];

/// Everything a crate below the line may be built from.
const PURE_DEPENDENCIES: [&str; 16] = [
    "muster-conformance",
    "muster-control",
    "muster-device",
    "muster-protocol",
    "muster-scenario",
    "bincode",
    "libm",
    "pbkdf2",
    "rand",
    "schemars",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "toml",
    "uuid",
];

/// What gives time, chance, order or the outside world to code that must be handed them.
const IMPURE: [&str; 14] = [
    "std::",
    "extern crate std",
    "SystemTime",
    "Instant",
    "HashMap",
    "HashSet",
    "thread",
    "thread_local",
    "rand::rng",
    "OsRng",
    "SysRng",
    "now_v7",
    "async",
    "println",
];

/// Finds crates below the line that could reach above it.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in PURE {
        check_no_std(tree, folder, &mut findings);
        let root = format!("crates/{folder}/src/");
        for source in sources(tree) {
            if source.file.path.starts_with(&root) {
                check_source(&source, &mut findings);
            }
        }
    }
    for manifest in manifests(tree) {
        if PURE.contains(&manifest.folder.as_str()) {
            check_dependencies(&manifest, &mut findings);
        }
    }
    findings
}

fn check_no_std(tree: &Tree, folder: &str, findings: &mut Vec<Finding>) {
    let path = format!("crates/{folder}/src/lib.rs");
    let declared = tree.file(&path).is_some_and(|file| {
        let source = Source::read(file);
        source.code.iter().any(|line| line.trim() == "#![no_std]")
    });
    if !declared {
        findings.push(Finding::new(
            path,
            "a crate below the I/O line is not `no_std`",
            "write `#![no_std]` and `extern crate alloc;` at its top",
        ));
    }
}

fn check_source(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for word in IMPURE {
        for line in source.lines_with(word).filter(|line| !source.is_test(*line)) {
            let finding = Finding::new(
                &source.file.path,
                format!("`{word}` below the I/O line"),
                "take time and chance as arguments, keep order with BTreeMap, use core and alloc",
            );
            findings.push(finding.at_line(line + 1));
        }
    }
}

fn check_dependencies(manifest: &Manifest, findings: &mut Vec<Finding>) {
    for dependency in &manifest.dependencies {
        let known = PURE_DEPENDENCIES.contains(&dependency.name.as_str());
        if dependency.section == Section::Normal && !known {
            findings.push(Finding::new(
                &manifest.path,
                format!("`{}` below the I/O line", dependency.name),
                "keep it above, or show that it does no I/O and add it to PURE_DEPENDENCIES",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURE_LIB: &str = "#![no_std]\n";

    fn tree(text: &'static str) -> Tree {
        Tree::of(&[
            ("crates/protocol/src/lib.rs", PURE_LIB),
            ("crates/control/src/lib.rs", PURE_LIB),
            ("crates/device/src/lib.rs", PURE_LIB),
            ("crates/scenario/src/lib.rs", PURE_LIB),
            ("crates/conformance/src/lib.rs", PURE_LIB),
            ("crates/sim/src/lib.rs", PURE_LIB),
            ("crates/device/src/a.rs", text),
        ])
    }

    #[test]
    fn a_clock_below_the_line_is_found() {
        assert_eq!(check(&tree("fn a() { let _ = Instant::now(); }")).len(), 1);
        assert_eq!(check(&tree("use std::collections::BTreeMap;")).len(), 1);
    }

    #[test]
    fn tests_and_comments_are_free() {
        let text = "//! no std:: here\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(check(&tree(text)), []);
    }

    #[test]
    fn a_core_with_std_is_found() {
        assert_eq!(check(&Tree::of(&[("crates/device/src/lib.rs", "")])).len(), PURE.len());
    }

    #[test]
    fn a_runtime_below_the_line_is_found() {
        let mut tree = tree("");
        let manifest = [("crates/control/Cargo.toml", "[dependencies]\ntokio.workspace = true")];
        tree.files.extend(Tree::of(&manifest).files);
        assert_eq!(check(&tree).len(), 1);
    }
}
