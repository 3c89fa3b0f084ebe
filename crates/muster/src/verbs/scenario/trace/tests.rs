use std::path::PathBuf;

use clap::Parser as _;
use muster_scenario::{Run, Scenario, What};
use serde_json::Value;

use super::*;
use crate::cli::{Cli, ScenarioVerb, Verb};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/traces").join(name)
}

/// The flags as they are read from a command line.
fn asked(file: &Path, flags: &[&str]) -> ScenarioTraceArgs {
    let line = ["muster", "scenario", "trace", file.to_str().unwrap()];
    let cli = Cli::try_parse_from(line.iter().chain(flags)).unwrap();
    let Verb::Scenario(ScenarioVerb::Trace(args)) = cli.verb else { panic!("another verb") };
    args
}

/// What was told, and the scenario.
fn converted(file: &str, flags: &[&str]) -> (Value, Scenario) {
    let args = asked(&fixture(file), flags);
    let rows = source::rows(&args).unwrap();
    let taken = taken(&args, &rows).unwrap();
    let told = Told::of(&args, &rows, &taken);
    let text = trace(&args, &taken, &told).scenario(takes).unwrap();
    let right = check::check(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    assert_eq!(right.hints, Vec::<String>::new(), "{text}");
    (told.data(), Scenario::parse(&text).unwrap())
}

/// Microsecond and name of every command of the plan, in order.
fn planned(scenario: &Scenario) -> Vec<(u64, &'static str)> {
    let plan = scenario.plan(Run::of(scenario)).unwrap();
    let submits = plan.moments().filter_map(|moment| {
        let What::Submit { command, .. } = moment.what else { return None };
        Some((moment.at.as_micros(), command.name()))
    });
    let mut planned: Vec<(u64, &'static str)> = submits.collect();
    planned.sort_unstable();
    planned
}

/// The same straight from an export of an audit log, without any of the code under test.
fn recorded(file: &str) -> Vec<(u64, &'static str)> {
    let text = std::fs::read_to_string(fixture(file)).unwrap();
    let export: Value = serde_json::from_str(&text).unwrap();
    let spelled = [
        ("syncDevice ManagedDevice", "sync"),
        ("resetPasscode ManagedDevice", "reset-passcode"),
        ("remoteLock ManagedDevice", "lock"),
        ("wipe ManagedDevice", "wipe"),
        ("retire ManagedDevice", "retire"),
        ("rebootNow ManagedDevice", "reboot"),
        ("enableLostMode ManagedDevice", "enable-lost-mode"),
    ];
    let entries = export["value"].as_array().unwrap().iter().filter_map(|entry| {
        let activity = entry["activityType"].as_str().unwrap();
        let (_, name) = spelled.iter().find(|(spelled, _)| *spelled == activity)?;
        let at: jiff::Timestamp = entry["activityDateTime"].as_str().unwrap().parse().unwrap();
        Some((at.as_microsecond(), *name))
    });
    let mut entries: Vec<(i64, &'static str)> = entries.collect();
    entries.sort_unstable();
    let first = entries[0].0;
    entries.into_iter().map(|(at, name)| (u64::try_from(at - first).unwrap(), name)).collect()
}

#[test]
fn an_exported_audit_log_is_planned_at_its_instants_and_no_others() {
    let (told, scenario) = converted("help-desk.json", &[]);
    assert_eq!(planned(&scenario), recorded("help-desk.json"));
    assert_eq!((&told["rows"], &told["taken"]), (&29.into(), &26.into()));
    assert_eq!(told["left_out"]["unknown_action"], 3);
    assert_eq!(told["unknown_actions"][0]["action"], "Patch DeviceCompliancePolicy");
    assert_eq!(scenario.name, "help-desk");
    assert_eq!(u64::from(scenario.devices), told["devices_in_trace"].as_u64().unwrap());
    assert!(!scenario.thresholds.is_empty());
}

#[test]
fn a_table_of_ones_own_is_played_by_the_names_of_its_columns() {
    let flags = ["--time-column", "when", "--action-column", "what", "--map", "inventory=sync"];
    let (told, scenario) = converted("night-shift.csv", &flags);
    let text = std::fs::read_to_string(fixture("night-shift.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<&str>>());
    let mut rows: Vec<(u64, String)> = rows
        .map(|cells| {
            let millis: u64 = cells[0].replace('.', "").parse().unwrap();
            (millis * 1_000, cells[2].replace("inventory", "sync"))
        })
        .collect();
    let first = rows[0].0;
    rows.iter_mut().for_each(|(at, _)| *at -= first);
    rows.sort_unstable();
    let planned: Vec<(u64, String)> =
        planned(&scenario).into_iter().map(|(at, name)| (at, name.to_owned())).collect();
    assert_eq!(planned, rows);
    assert_eq!(told["devices_in_trace"], u64::from(scenario.devices));
}

#[test]
fn a_window_counts_from_its_beginning_and_lasts_until_its_end() {
    let window = ["--from", "10s", "--to", "2026-03-02T08:01:00Z"];
    let (told, scenario) = converted("help-desk.json", &window);
    assert_eq!(told["begins"], "2026-03-02T08:00:12.189639Z");
    assert_eq!(scenario.length().as_micros(), 47_810_361);
    let all = recorded("help-desk.json");
    let within = all.iter().filter(|(at, _)| (10_000_000..57_810_361).contains(at));
    let within: Vec<(u64, &str)> = within.map(|(at, name)| (at - 10_000_000, *name)).collect();
    assert_eq!(planned(&scenario), within);
}

#[test]
fn a_thinned_trace_keeps_its_share_of_every_command() {
    let (told, scenario) = converted("help-desk.json", &["--thin", "50%", "--devices", "40"]);
    let all = recorded("help-desk.json");
    for (command, kept) in told["commands"].as_object().unwrap() {
        let recorded = all.iter().filter(|(_, name)| name == command).count();
        assert_eq!(kept.as_u64(), u64::try_from(recorded.div_ceil(2)).ok(), "{command}");
    }
    assert_eq!(scenario.devices, 40);
}

#[test]
fn a_date_is_no_bound_of_a_trace_of_seconds() {
    let columns = ["--time-column", "when", "--action-column", "what"];
    let args =
        asked(&fixture("night-shift.csv"), &[&columns[..], &["--from", "2026-01-01"]].concat());
    let rows = source::rows(&args).unwrap();
    let refused = taken(&args, &rows).unwrap_err();
    assert!(refused.to_string().contains("give a span"), "{refused}");
}

#[test]
fn a_part_of_a_part_is_told_in_percent() {
    let percent = |text| Percent::parse(text).unwrap();
    assert_eq!(of(percent("76%"), percent("83%")), percent("63%"));
    assert_eq!(of(percent("50%"), percent("0.5%")), percent("0.25%"));
}

#[test]
fn the_name_of_a_file_becomes_one_of_a_scenario() {
    for (file, expected) in [
        ("logs/Audit Export (2).json", "audit-export-2"),
        ("a.b.csv", "a-b"),
        ("-", "trace"),
        ("日誌.csv", "trace"),
    ] {
        assert_eq!(name(Some(&file)), expected);
    }
}
