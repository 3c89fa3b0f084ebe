//! The vocabulary of faults stands once, as data: the world has what it says, and the document is
//! made from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use muster_sim::{Condition, Fault, Invariant, Moment};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    fault: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    layer: String,
    parameters: Vec<String>,
    #[serde(rename = "where")]
    place: Place,
    #[serde(default)]
    live: String,
    #[serde(default)]
    how: String,
    attacks: Vec<Invariant>,
    reference: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Place {
    #[serde(rename = "virtual")]
    Virtual,
    #[serde(rename = "live")]
    Live,
    #[serde(rename = "both")]
    Both,
    #[serde(rename = "not yet")]
    NotYet,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Live => "live",
            Self::Both => "both",
            Self::NotYet => "not yet",
        }
    }

    const fn is_virtual(self) -> bool {
        match self {
            Self::Virtual | Self::Both => true,
            Self::Live | Self::NotYet => false,
        }
    }
}

#[test]
fn every_fault_of_the_world_stands_in_the_table() {
    let rows = rows();
    let places: BTreeMap<&str, Place> = rows.iter().map(|row| (&*row.name, row.place)).collect();
    for fault in Fault::EACH {
        let place = places.get(fault.name());
        assert!(place.is_some_and(|place| place.is_virtual()), "{}: {place:?}", fault.name());
    }
}

#[test]
fn a_row_says_how_it_is_made_or_why_it_is_missing() {
    let own: BTreeSet<&str> = Fault::EACH.iter().map(|fault| fault.name()).collect();
    for row in rows() {
        let explained = !row.how.is_empty();
        let expected = match row.place {
            Place::Virtual | Place::Both => own.contains(&*row.name) || explained,
            Place::Live => true,
            Place::NotYet => explained,
        };
        assert!(expected, "{}", row.name);
        assert!(!row.attacks.is_empty() && !row.reference.is_empty(), "{}", row.name);
    }
}

#[test]
fn no_name_stands_twice() {
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().map(|row| &*row.name).collect();
    assert_eq!(names.len(), rows.len());
    let each: BTreeSet<&str> = Fault::EACH.iter().map(|fault| fault.name()).collect();
    assert_eq!(each.len(), Fault::EACH.len());
}

/// Write it anew with `WRITE_FAULTS=1 cargo test -p muster-sim --test it faults`.
#[test]
fn the_document_is_the_table() {
    let path = root().join("docs/faults.md");
    let document = document(&rows());
    if std::env::var_os("WRITE_FAULTS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(stored == document, "docs/faults.md is not what fixtures/faults.toml says");
}

fn document(rows: &[Row]) -> String {
    let mut text = String::from(HEAD);
    let mut layers: Vec<&str> = Vec::new();
    for row in rows {
        if !layers.contains(&&*row.layer) {
            layers.push(&row.layer);
        }
    }
    for layer in layers {
        let _ = writeln!(text, "\n## {layer}\n");
        let _ = writeln!(
            text,
            "| fault | parameters | where | live words | how else, or why not | attacks | reference |"
        );
        let _ = writeln!(text, "|---|---|---|---|---|---|---|");
        for row in rows.iter().filter(|row| row.layer == layer) {
            let attacks: Vec<String> = row.attacks.iter().map(ToString::to_string).collect();
            let Row { name, parameters, place, how, reference, .. } = row;
            let live = if row.live.is_empty() { String::new() } else { format!("`{}`", row.live) };
            let (place, parameters) = (place.name(), parameters.join("; "));
            let attacks = attacks.join(" ");
            let _ = writeln!(
                text,
                "| `{name}` | {parameters} | {place} | {live} | {how} | {attacks} | {reference} |"
            );
        }
    }
    text.push_str("\n## The promises\n\n| | |\n|---|---|\n");
    for invariant in Invariant::ALL {
        let _ = writeln!(text, "| {invariant} | {} |", invariant.promise());
    }
    let _ = writeln!(text, "\n## Moments and states a trigger can name\n");
    let moments: Vec<String> = Moment::ALL.iter().map(|it| format!("`{it}`")).collect();
    let states: Vec<String> = Condition::ALL.iter().map(|it| format!("`{it}`")).collect();
    let _ = writeln!(text, "Moments: {}.\n\nStates: {}.", moments.join(", "), states.join(", "));
    text
}

const HEAD: &str = "# Faults

One vocabulary for virtual time and the live fleet, made from `fixtures/faults.toml`; do not edit.

A fault has a **scope** (one device, a mode of management, a share of the fleet, all), a **trigger**
(at a time, after a moment, when in a state, the n-th time, with odds) and a stream of chance of its
own: one device or fault more shifts no draw of another.

On a live fleet a fault is a name and `KEY=VALUE` words: `muster fleet --fault 'crash share=20% after=executed
nth=3'`, or `fleet =` in a scenario. The column **live words** shows the name and its own keys with values to
begin with; a fault without live words is not one of `--fault`. Parameters say what the fault is about in either
world; they are not keys. Beside its own keys every fault takes:

| | keys |
|---|---|
| whom | `device=0`, `mode=dedicated` or `share=20%` |
| when | `at=10s`, `lasts=5s`, `every=1m` and with it `until=1h`; or, from `at` on, once `after=` a moment, with `nth=3` the third time or with `odds=5%` now and then; or `when=` a state |
| which way | `direction=up` or `direction=down`, of faults of the link; both ways if nothing is said |

The server's own moments are named more finely: `muster server --crash-at POINT`.
";

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("fixtures/faults.toml"))
        .expect("the table stands in the repository");
    let table: Table = toml::from_str(&text).expect("the table can be read");
    table.fault
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
