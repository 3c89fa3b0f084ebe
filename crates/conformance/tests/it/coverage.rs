//! Every promise has an id that exists, and every MUST has a case.

use std::collections::{BTreeMap, BTreeSet};

use muster_conformance::capabilities::Capabilities;
use muster_conformance::result::{Run, case_set};
use muster_conformance::{Case, Level, Side, cases, requirement, requirements};

/// The directions whose cases are complete.
const COMPLETE: [Side; 2] = [Side::Server, Side::Device];

/// The groups a case can belong to.
const GROUPS: [&str; 11] = [
    "TRANSPORT",
    "ENROL",
    "QUEUE",
    "ACK",
    "COMMAND",
    "STATUS",
    "PUSH",
    "ROBUST",
    "SECURITY",
    "SESSION",
    "LIMIT",
];

fn tried(side: Side) -> BTreeSet<&'static str> {
    cases().filter(|case| case.side == side).flat_map(|case| case.tries.iter().copied()).collect()
}

#[test]
fn every_must_has_a_case_or_a_reason_why_not() {
    for side in COMPLETE {
        let tried = tried(side);
        let missing: Vec<&str> = requirements()
            .filter(|row| row.level == Level::Must && row.is_open_to(side))
            .map(|row| row.id)
            .filter(|id| !tried.contains(id))
            .collect();
        assert_eq!(missing, Vec::<&str>::new(), "no case tries them on a {side:?}");
    }
}

#[test]
fn no_case_tries_what_nobody_states() {
    for case in cases() {
        assert_ne!(case.tries, [""; 0], "{} tries nothing", case.id);
        for id in case.tries {
            let row = requirement(id).unwrap_or_else(|| panic!("{} tries {id}", case.id));
            assert_eq!(row.unseen, None, "{} tries {id}, which no case can", case.id);
        }
    }
}

#[test]
fn a_case_has_an_id_of_a_known_group_and_nobody_elses() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        let parts: Vec<&str> = case.id.split('-').collect();
        let [prefix, group, number] = parts[..] else { panic!("{}", case.id) };
        assert!(prefix == "MDM" && GROUPS.contains(&group), "{}", case.id);
        assert!(number.len() == 3 && number.parse::<u16>().is_ok(), "{}", case.id);
        assert!(seen.insert(case.id), "{} stands twice", case.id);
    }
}

#[test]
fn a_promise_is_one_sentence_and_nobody_elses() {
    let mut by_promise: BTreeMap<&str, &Case> = BTreeMap::new();
    for case in cases() {
        assert!(!case.promise.ends_with('.') && case.promise.len() > 15, "{}", case.promise);
        let other = by_promise.insert(case.promise, case);
        assert!(other.is_none(), "{} and {} promise the same", case.id, other.unwrap().id);
    }
}

#[test]
fn at_least_a_hundred_requirements_are_tried() {
    let tried = tried(Side::Server).union(&tried(Side::Device)).count();
    assert!(tried >= 100, "{tried} requirements are tried");
}

#[test]
fn a_set_of_cases_has_a_number_of_its_own() {
    assert_eq!(case_set(Side::Server).len(), 16);
    assert_ne!(case_set(Side::Server), case_set(Side::Device));
}

#[test]
fn the_capability_files_that_come_with_the_suite_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/conformance");
    for (file, modes) in [
        ("muster.toml", muster_protocol::Mode::ALL.len()),
        ("agent.toml", muster_protocol::Mode::ALL.len()),
        ("core.toml", 1),
    ] {
        let text = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        assert_eq!(Capabilities::parse(&text).unwrap().modes.len(), modes, "{file}");
    }
}

/// `WRITE_SCHEMA=1` writes it.
#[test]
fn the_schema_of_a_report_is_the_one_that_is_checked_in() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/schemas/conformance.schema.json");
    let schema = format!("{:#}\n", Run::schema());
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), schema, "WRITE_SCHEMA=1 writes it anew");
}
