//! The rows of `fixtures/behaviour/server.toml`, each the test its `promise` names.

mod kept;
mod leaving;
mod lost_mode;
mod service;
mod told;

use std::collections::BTreeSet;
use std::time::Duration;

use muster_control::{Action, CommandState, DeviceRecord, NewCommand, Readings, Settled};
use muster_protocol::management::{CommandResult, TokenUpdate};
use muster_protocol::secret::BypassCode;
use muster_protocol::{Answer, Command, ErrorItem, Outcome, Timestamp};
use serde::Deserialize;

use crate::start::id;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The files the tests of the rows stand in.
const TESTS: [&str; 5] = [
    include_str!("server/kept.rs"),
    include_str!("server/leaving.rs"),
    include_str!("server/lost_mode.rs"),
    include_str!("server/service.rs"),
    include_str!("server/told.rs"),
];

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
    when: String,
    expected: String,
    promise: String,
}

#[test]
fn every_row_of_the_table_is_sourced_and_kept_by_a_test_of_its_own() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/behaviour/server.toml");
    let table: Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let ids: BTreeSet<&str> = table.row.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), table.row.len(), "no id twice");
    let promises: BTreeSet<&str> = table.row.iter().map(|row| row.promise.as_str()).collect();
    assert_eq!(promises.len(), table.row.len(), "no promise twice");
    for row in &table.row {
        for text in [&row.document, &row.section, &row.when, &row.expected] {
            assert!(!text.is_empty(), "{}", row.id);
        }
        let test = format!("#[test]\nfn {}() {{", row.promise);
        let is_there = TESTS.iter().any(|file| file.contains(&test));
        assert!(is_there, "{}: no test `{}`", row.id, row.promise);
    }
}

fn submit(device: &mut DeviceRecord, now: Timestamp, number: usize, action: Action) {
    let command = NewCommand { id: id(number), action, lifetime: HOUR };
    device.submit(now, command, &Readings::default()).expect("accepted");
}

fn state(device: &DeviceRecord, number: usize) -> CommandState {
    device.command(id(number)).expect("kept").state.clone()
}

fn tell_code(device: &mut DeviceRecord, now: Timestamp, code: &str) {
    let bypass_code = Some(BypassCode::new(code.into()));
    device.token_update(now, TokenUpdate { sequence: 2, unlock_token: None, bypass_code });
}

fn next(device: &mut DeviceRecord, now: Timestamp) -> Command {
    device.next(now, &Readings::default()).expect("a command goes out")
}

fn answer(device: &mut DeviceRecord, now: Timestamp, outcome: Outcome) {
    let Command { head, .. } = next(device, now);
    let settled =
        device.settle(now, &CommandResult { id: head.id, attempt: head.attempt, outcome });
    assert_eq!(settled, Settled::Closed);
}

fn done() -> Outcome {
    Outcome::Acknowledged(Answer::Done)
}

fn refused() -> Outcome {
    let error =
        ErrorItem { domain: "MCMDMErrorDomain".into(), code: 12_021, description: "no".into() };
    Outcome::Error(vec![error])
}
