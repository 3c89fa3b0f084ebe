//! What only some crates may depend on, so that it can be replaced in one place.

use crate::finding::Finding;
use crate::manifest::{Section, manifests};
use crate::source::sources;
use crate::tree::Tree;

/// One dependency and who may name it.
struct Owned {
    name: &'static str,
    owners: &'static [&'static str],
    /// Whether tests of other crates may use it as well.
    in_tests: InTests,
}

/// Whether the owner's right extends to everybody's tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InTests {
    Everyone,
    OwnersOnly,
}

/// Source: docs/architecture.md, the column "owns alone".
const OWNED: [Owned; 15] = [
    owned("bincode", &["protocol"]),
    owned("quinn", &["transport", "server", "agent"]),
    owned("rustls", &["transport", "server", "agent", "muster"]),
    owned("rcgen", &["transport"]),
    owned("x509-parser", &["transport"]),
    owned("rusqlite", &["store"]),
    owned("refinery", &["store"]),
    owned("axum", &["admin", "server", "vendor"]),
    owned("axum-server", &["server", "vendor"]),
    owned("hyper-util", &["metrics", "muster", "server", "vendor"]),
    owned("prometheus-client", &["metrics"]),
    owned("ratatui", &["muster"]),
    owned("redb", &["agent"]),
    owned("clap", &["muster"]),
    Owned { name: "anyhow", owners: &["muster"], in_tests: InTests::Everyone },
];

/// The one file that may name the serialiser.
const CODEC: &str = "crates/protocol/src/codec.rs";

const fn owned(name: &'static str, owners: &'static [&'static str]) -> Owned {
    Owned { name, owners, in_tests: InTests::OwnersOnly }
}

/// Finds manifests that name what another crate owns.
#[must_use]
pub fn check_manifests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests(tree) {
        for dependency in &manifest.dependencies {
            let Some(owned) = OWNED.iter().find(|owned| owned.name == dependency.name) else {
                continue;
            };
            let test = dependency.section == Section::Dev && owned.in_tests == InTests::Everyone;
            if !test && !owned.owners.contains(&manifest.folder.as_str()) {
                findings.push(Finding::new(
                    &manifest.path,
                    format!("`{}` belongs to {}", owned.name, owned.owners.join(", ")),
                    "use what its owner offers, or extend that",
                ));
            }
        }
    }
    findings
}

/// Finds code outside the codec that names the serialiser.
#[must_use]
pub fn check_serialiser(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources(tree).iter().filter(|source| source.file.path != CODEC) {
        for line in source.lines_with("bincode") {
            let finding = Finding::new(
                &source.file.path,
                "the serialiser is named outside the codec",
                format!("go through {CODEC}: the wire must be replaceable in one file"),
            );
            findings.push(finding.at_line(line + 1));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_outside_the_store_is_found() {
        let sql = "[dependencies]\nrusqlite.workspace = true";
        let tree = Tree::of(&[("crates/server/Cargo.toml", sql), ("crates/store/Cargo.toml", sql)]);
        let findings = check_manifests(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place, "crates/server/Cargo.toml");
    }

    #[test]
    fn loose_errors_are_for_the_binary_and_for_tests() {
        let (normal, dev) =
            ("[dependencies]\nanyhow = \"1\"", "[dev-dependencies]\nanyhow = \"1\"");
        assert_eq!(check_manifests(&Tree::of(&[("crates/store/Cargo.toml", normal)])).len(), 1);
        assert_eq!(check_manifests(&Tree::of(&[("crates/store/Cargo.toml", dev)])).len(), 0);
        assert_eq!(check_manifests(&Tree::of(&[("crates/muster/Cargo.toml", normal)])).len(), 0);
    }

    #[test]
    fn the_serialiser_may_be_mentioned_but_not_used() {
        let tree = Tree::of(&[
            ("crates/x/src/a.rs", "// bincode is the wire\nfn a() {}"),
            ("crates/x/src/b.rs", "use bincode::serde;"),
            (CODEC, "use bincode::serde;"),
        ]);
        let places: Vec<String> = check_serialiser(&tree).into_iter().map(|f| f.place).collect();
        assert_eq!(places, ["crates/x/src/b.rs:1"]);
    }
}
