use super::*;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    document: String,
    section: String,
    action: String,
    modes: Vec<String>,
    from: Option<String>,
    below: Option<String>,
    expected: u16,
}

impl Row {
    fn covers(&self, action: ActionKind, mode: Mode, version: OsVersion) -> bool {
        let parse = |text: &String| text.parse::<OsVersion>().expect("a version");
        self.action == action.graph_name()
            && self.modes.iter().any(|name| name == mode.name())
            && self.from.as_ref().is_none_or(|from| version >= parse(from))
            && self.below.as_ref().is_none_or(|below| version < parse(below))
    }
}

fn table() -> Table {
    toml::from_str(include_str!("../../../../fixtures/behaviour/capability.toml")).unwrap()
}

/// Both sides of every boundary in the table, and the ends.
fn versions() -> Vec<OsVersion> {
    let mut found = alloc::vec![OsVersion::major(0), OsVersion::major(u16::MAX)];
    for row in table().row {
        for bound in [row.from, row.below].into_iter().flatten() {
            let version: OsVersion = bound.parse().unwrap();
            assert_eq!(version, OsVersion::major(version.major), "a bound is a major version");
            let before = OsVersion { major: version.major - 1, minor: u16::MAX, patch: u16::MAX };
            found.extend([before, version, OsVersion { patch: 1, ..version }]);
        }
    }
    found
}

fn every_case() -> Vec<(ActionKind, Mode, OsVersion)> {
    let mut cases = Vec::new();
    for action in ActionKind::ALL {
        for mode in Mode::ALL {
            cases.extend(versions().into_iter().map(|version| (action, mode, version)));
        }
    }
    cases
}

#[test]
fn every_action_mode_and_version_stands_in_exactly_one_row_of_the_table() {
    let table = table();
    for (action, mode, version) in every_case() {
        let rows = table.row.iter().filter(|row| row.covers(action, mode, version));
        let ids: Vec<&str> = rows.map(|row| row.id.as_str()).collect();
        assert_eq!(ids.len(), 1, "{action:?} {mode} {version}: {ids:?}");
    }
}

#[test]
fn the_code_answers_what_the_table_says_and_names_its_row() {
    let table = table();
    for (action, mode, version) in every_case() {
        let row = table.row.iter().find(|row| row.covers(action, mode, version)).unwrap();
        let named = judge(action, mode, version).err().map(|refusal| refusal.row);
        let expected = (row.expected == 400).then_some(row.id.as_str());
        assert_eq!(named, expected, "{action:?} {mode} {version}");
    }
}

#[test]
fn every_row_of_the_table_is_known_reached_and_sourced() {
    let table = table();
    let ids: BTreeSet<&str> = table.row.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), table.row.len(), "no id twice");
    for row in &table.row {
        assert!([204, 400].contains(&row.expected), "{}", row.id);
        assert!(!row.document.is_empty() && !row.section.is_empty(), "{}", row.id);
        assert!(ActionKind::ALL.iter().any(|kind| kind.graph_name() == row.action), "{}", row.id);
        for name in &row.modes {
            assert!(name.parse::<Mode>().is_ok(), "{}: {name}", row.id);
        }
        let reached = every_case().into_iter().any(|(a, m, v)| row.covers(a, m, v));
        assert!(reached, "{}", row.id);
    }
}

#[test]
fn a_refusal_reads_as_its_reason() {
    let refusal = judge(ActionKind::Wipe, Mode::AppleUser, OsVersion::major(17)).unwrap_err();
    assert_eq!(refusal.to_string(), refusal.reason);
    assert!(refusal.reason.contains("retire"), "says what to do instead");
}
