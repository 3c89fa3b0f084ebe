//! The command lines written down in the compose file must be ones the binary takes.

use crate::finding::Finding;
use crate::source::has_word;
use crate::tree::Tree;

/// The one place where container command lines are written down.
const COMPOSE: &str = "docker-compose.yml";

/// Where the command line is declared.
const BINARY: &str = "crates/muster/src/";

/// Finds flags in the compose file that the binary does not declare.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let text = tree.file(COMPOSE).map_or("", |file| &file.text);
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for flag in flags(line).filter(|flag| !is_declared(tree, flag)) {
            let finding = Finding::new(
                COMPOSE,
                format!("`muster` has no flag `--{flag}`"),
                format!("correct it, or declare the flag in {BINARY}"),
            );
            findings.push(finding.at_line(index + 1));
        }
    }
    findings
}

fn flags(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('#').next().unwrap_or_default();
    let words = code.split(|c: char| c.is_whitespace() || "\"',[]=".contains(c));
    words.filter_map(|word| word.strip_prefix("--").filter(|flag| !flag.is_empty()))
}

/// clap names a flag after its field, unless the attribute says otherwise.
fn is_declared(tree: &Tree, flag: &str) -> bool {
    let (field, spelled) = (flag.replace('-', "_"), format!("\"{flag}\""));
    tree.ending(".rs")
        .filter(|file| file.path.starts_with(BINARY))
        .flat_map(|file| file.text.lines())
        .filter(|line| !line.trim_start().starts_with("//"))
        .any(|line| has_word(line, &format!("{field}:")) || line.contains(&spelled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_nobody_declared_is_found() {
        let compose = "# up --build\ncommand: [\"fleet\", \"--devices\", \"100\", \"--allow-all\"] # --free\n";
        let cli =
            "/// --allow-all: no\npub struct Fleet {\n    #[arg(long)]\n    devices: u32,\n}\n";
        let tree = Tree::of(&[(COMPOSE, compose), ("crates/muster/src/cli.rs", cli)]);
        let whats: Vec<String> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(whats, ["`muster` has no flag `--allow-all`"]);
    }
}
