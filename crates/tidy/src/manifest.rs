//! The manifests: one source of versions, one set of lints.

use toml::Table;

use crate::finding::Finding;
use crate::tree::Tree;

/// What every crate takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// The sections that name dependencies, and what they are for.
const SECTIONS: [(&str, Section); 3] = [
    ("dependencies", Section::Normal),
    ("build-dependencies", Section::Normal),
    ("dev-dependencies", Section::Dev),
];

/// Whether a dependency is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Part of what is built.
    Normal,
    /// For tests, benches and examples only.
    Dev,
}

/// One line of a dependency section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The name it goes by.
    pub name: String,
    /// Shipped or not.
    pub section: Section,
    /// Whether version and source come from the workspace.
    pub from_workspace: bool,
}

/// The manifest of one crate.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Where it stands.
    pub path: String,
    /// The name of its folder in `crates`.
    pub folder: String,
    /// All of it.
    pub table: Table,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// Reads the manifest of every crate; one that is no TOML is left to cargo.
#[must_use]
pub fn manifests(tree: &Tree) -> Vec<Manifest> {
    tree.crates().into_iter().filter_map(|folder| read(tree, folder)).collect()
}

/// Finds manifests that go their own way: versions, lints, names, sources of dependencies.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = manifests(tree);
    let mut findings = check_root(tree, &manifests);
    for manifest in &manifests {
        check_package(manifest, &mut findings);
        for dependency in &manifest.dependencies {
            if !dependency.from_workspace {
                findings.push(Finding::new(
                    &manifest.path,
                    format!("`{}` does not come from the workspace", dependency.name),
                    "declare it in [workspace.dependencies] and write `.workspace = true` here",
                ));
            }
        }
    }
    findings
}

fn read(tree: &Tree, folder: &str) -> Option<Manifest> {
    let path = format!("crates/{folder}/Cargo.toml");
    let table: Table = tree.file(&path)?.text.parse().ok()?;
    let mut dependencies = Vec::new();
    for (key, section) in SECTIONS {
        let named = table.get(key).and_then(toml::Value::as_table);
        for (name, value) in named.into_iter().flatten() {
            dependencies.push(Dependency {
                name: name.clone(),
                section,
                from_workspace: is_inherited(Some(value)),
            });
        }
    }
    Some(Manifest { path, folder: folder.to_owned(), table, dependencies })
}

fn is_inherited(value: Option<&toml::Value>) -> bool {
    let flag = value.and_then(|value| value.get("workspace"));
    flag.and_then(toml::Value::as_bool) == Some(true)
}

fn check_package(manifest: &Manifest, findings: &mut Vec<Finding>) {
    let package = manifest.table.get("package");
    for key in INHERITED {
        if !is_inherited(package.and_then(|package| package.get(key))) {
            findings.push(Finding::new(
                &manifest.path,
                format!("`{key}` is not the workspace's"),
                format!("write `{key}.workspace = true` under [package]"),
            ));
        }
    }
    if !is_inherited(manifest.table.get("lints")) {
        findings.push(Finding::new(
            &manifest.path,
            "the workspace's lints are not in force",
            "write `workspace = true` under [lints]",
        ));
    }
    let name = package.and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    let expected = package_name(&manifest.folder);
    if name != Some(&expected) {
        findings.push(Finding::new(
            &manifest.path,
            format!("the package is called {name:?}"),
            format!("call it {expected:?}: packages are named after their folder"),
        ));
    }
}

/// The package that stands in `crates/<folder>`.
#[must_use]
pub fn package_name(folder: &str) -> String {
    if folder == "muster" { folder.to_owned() } else { format!("muster-{folder}") }
}

fn check_root(tree: &Tree, manifests: &[Manifest]) -> Vec<Finding> {
    let root = root(tree);
    let members = root.get("workspace").and_then(|workspace| workspace.get("members"));
    let expected = toml::Value::from(vec!["crates/*"]);
    let mut findings = Vec::new();
    if members != Some(&expected) {
        findings.push(Finding::new(
            "Cargo.toml",
            "the members are not exactly `crates/*`",
            "write `members = [\"crates/*\"]`: no crate is left out and none stands elsewhere",
        ));
    }
    for name in declared(tree) {
        let mut used = manifests.iter().flat_map(|manifest| &manifest.dependencies);
        if !used.any(|dependency| dependency.name == name) {
            findings.push(Finding::new(
                "Cargo.toml",
                format!("`{name}` is declared and no crate uses it"),
                "remove it from [workspace.dependencies] until one does",
            ));
        }
    }
    findings
}

/// The names in `[workspace.dependencies]`.
#[must_use]
pub fn declared(tree: &Tree) -> Vec<String> {
    let root = root(tree);
    let workspace = root.get("workspace");
    let table = workspace.and_then(|workspace| workspace.get("dependencies")?.as_table());
    table.into_iter().flat_map(Table::keys).cloned().collect()
}

fn root(tree: &Tree) -> Table {
    let text = tree.file("Cargo.toml").map_or("", |file| &file.text);
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str =
        "[workspace]\nmembers = [\"crates/*\"]\n[workspace.dependencies]\nserde = \"1\"\n";

    #[test]
    fn a_crate_that_goes_its_own_way_is_found() {
        let own =
            "[package]\nname = \"x\"\nversion = \"1.0.0\"\n[dev-dependencies]\nserde = \"1\"\n";
        let tree = Tree::of(&[("Cargo.toml", ROOT), ("crates/x/Cargo.toml", own)]);
        // Five keys of [package], the lints, the name, and the dependency.
        assert_eq!(check(&tree).len(), 8);
    }

    #[test]
    fn a_crate_that_follows_is_not() {
        let keys = INHERITED.map(|key| format!("{key}.workspace = true\n")).concat();
        let text = format!(
            "[package]\nname = \"muster-x\"\n{keys}[lints]\nworkspace = true\n\
             [dependencies]\nserde = {{ workspace = true, features = [\"std\"] }}\n"
        );
        let tree = Tree::of(&[("Cargo.toml", ROOT), ("crates/x/Cargo.toml", &text)]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn what_nobody_uses_is_found_at_the_root() {
        let tree = Tree::of(&[("Cargo.toml", ROOT)]);
        let whats: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(whats, ["`serde` is declared and no crate uses it"]);
    }
}
