//! Who may import whom: never up, never across.

use crate::finding::Finding;
use crate::manifest::{Dependency, Manifest, Section, manifests, package_name};
use crate::tree::Tree;

/// What one crate may see of the others.
#[derive(Clone, Copy, Debug)]
enum May {
    /// Only these.
    See(&'static [&'static str]),
    /// Everything, in both columns: the binary and the tests' kit.
    SeeAll,
}

/// The house, as a table: folder in `crates`, and what it may import. From the words upwards.
///
/// Source: docs/architecture.md.
const HOUSE: [(&str, May); 17] = [
    ("protocol", May::See(&[])),
    ("device", May::See(&["protocol"])),
    ("control", May::See(&["protocol"])),
    ("scenario", May::See(&["protocol"])),
    ("conformance", May::See(&["protocol", "scenario"])),
    ("sim", May::See(&["conformance", "scenario", "control", "device", "protocol"])),
    ("report", May::See(&["scenario", "protocol"])),
    ("metrics", May::See(&["protocol"])),
    ("transport", May::See(&["protocol"])),
    ("store", May::See(&["control", "protocol"])),
    ("admin", May::See(&["control", "protocol"])),
    (
        "server",
        May::See(&["admin", "store", "transport", "report", "metrics", "control", "protocol"]),
    ),
    ("agent", May::See(&["device", "transport", "report", "metrics", "protocol"])),
    ("vendor", May::See(&["device", "transport", "protocol"])),
    ("muster", May::SeeAll),
    ("testkit", May::SeeAll),
    ("tidy", May::See(&[])),
];

/// What tests may use whatever their column.
const TESTKIT: &str = "testkit";

/// Finds imports against the house, and crates that have no place in it.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    manifests(tree).iter().flat_map(check_crate).collect()
}

fn check_crate(manifest: &Manifest) -> Vec<Finding> {
    let Some((_name, may)) = HOUSE.iter().find(|(name, _may)| *name == manifest.folder) else {
        return vec![Finding::new(
            &manifest.path,
            format!("`{}` has no place in the house", manifest.folder),
            "give it a row in HOUSE (crates/tidy/src/layering.rs) and in docs/architecture.md",
        )];
    };
    let ours = manifest.dependencies.iter().filter_map(|dependency| {
        let folder = dependency.name.strip_prefix("muster-")?;
        Some((folder, dependency))
    });
    let refused = ours.filter(|(folder, dependency)| !is_allowed(*may, folder, dependency));
    refused
        .map(|(folder, _dependency)| {
            let (own, other) = (package_name(&manifest.folder), package_name(folder));
            Finding::new(
                &manifest.path,
                format!("{own} must not import {other}"),
                format!("move what it needs into a crate below both, or into {own} itself"),
            )
        })
        .collect()
}

fn is_allowed(may: May, folder: &str, dependency: &Dependency) -> bool {
    let seen = match may {
        May::See(list) => list.contains(&folder),
        May::SeeAll => folder != TESTKIT,
    };
    seen || folder == TESTKIT && dependency.section == Section::Dev
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(folder: &str, dependencies: &str) -> usize {
        let path = format!("crates/{folder}/Cargo.toml");
        check(&Tree::of(&[(&path, dependencies)])).len()
    }

    #[test]
    fn an_import_across_the_columns_is_found_even_in_tests() {
        assert_eq!(findings("agent", "[dependencies]\nmuster-control.workspace = true"), 1);
        assert_eq!(findings("store", "[dev-dependencies]\nmuster-device.workspace = true"), 1);
    }

    #[test]
    fn an_import_upwards_is_found() {
        assert_eq!(findings("protocol", "[dependencies]\nmuster-transport.workspace = true"), 1);
    }

    #[test]
    fn only_tests_may_use_the_testkit() {
        let kit = "muster-testkit.workspace = true";
        assert_eq!(findings("store", &format!("[dev-dependencies]\n{kit}")), 0);
        assert_eq!(findings("store", &format!("[dependencies]\n{kit}")), 1);
        assert_eq!(findings("muster", &format!("[dependencies]\n{kit}")), 1);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert_eq!(findings("helpers", "[dependencies]"), 1);
    }
}
