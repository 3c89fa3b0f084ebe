//! Reads OpenMetrics text.

use std::collections::{BTreeMap, BTreeSet};

/// A metric as the page shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Exported {
    /// The family it belongs to.
    family: String,
    kind: String,
    help: String,
    /// The values each label has.
    pub(super) labels: BTreeMap<String, BTreeSet<String>>,
}

impl Exported {
    /// Its row in the documentation.
    pub(super) fn row(&self) -> String {
        let labels = self.labels.keys().filter(|label| *label != "le");
        let labels: Vec<String> = labels.map(|label| format!("`{label}`")).collect();
        let suffix = if self.kind == "counter" { "_total" } else { "" };
        let Self { family, kind, help, .. } = self;
        format!("| `{family}{suffix}` | {kind} | {} | {help} |", labels.join(", "))
    }
}

/// Every sample of a page by its name.
pub(super) fn exported(text: &str) -> BTreeMap<String, Exported> {
    let mut exported: BTreeMap<String, Exported> = BTreeMap::new();
    let mut family = Exported::default();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            family = Exported { family: name.into(), help: help.into(), ..Exported::default() };
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            family.kind = rest.split_once(' ').unwrap().1.into();
        } else if !line.starts_with('#') {
            let (name, labels) = sample(line);
            assert!(name.starts_with(&family.family), "{line} belongs to no family");
            let entry = exported.entry(name.to_owned()).or_insert_with(|| family.clone());
            for (label, value) in labels {
                entry.labels.entry(label).or_default().insert(value);
            }
        }
    }
    exported
}

/// The name and the labels of a sample.
fn sample(line: &str) -> (&str, Vec<(String, String)>) {
    let (head, value) = line.rsplit_once(' ').unwrap();
    assert!(value.parse::<f64>().is_ok(), "no number: {line}");
    let Some((name, labels)) = head.split_once('{') else { return (head, Vec::new()) };
    let labels = labels.strip_suffix('}').unwrap().split(',').map(|pair| {
        let (label, value) = pair.split_once('=').unwrap();
        (label.to_owned(), value.trim_matches('"').to_owned())
    });
    (name, labels.collect())
}
