//! `muster scenario trace`: a recorded log becomes a scenario, and the scenario a run.

use std::path::{Path, PathBuf};

use crate::process::{json, muster, run};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/traces").join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A fixture as a scenario file.
fn converted(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let (file, scenario) = (fixture(name), folder.join("recorded.toml"));
    let args = [&["scenario", "trace", text(&file), "-o", text(&scenario)][..], flags].concat();
    let made = run(&args);
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    scenario
}

#[test]
fn a_recorded_shift_is_played_against_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let columns = ["--time-column", "when", "--action-column", "what"];
    let scenario = converted(folder.path(), "night-shift.csv", &columns);
    let flags = ["load", text(&scenario), "--time-scale", "0.1", "--json", "--quiet"];
    let report = json(&muster(&flags).output().unwrap());
    let commands = &report["commands"];
    assert_eq!((&commands["planned"], &commands["accepted"]), (&60.into(), &60.into()));
    assert_eq!((&commands["terminal"], &commands["lost"]), (&60.into(), &0.into()));
}

#[test]
fn a_recorded_log_is_played_in_virtual_time() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = converted(folder.path(), "help-desk.json", &["--devices", "200"]);
    assert_eq!(run(&["scenario", "check", text(&scenario)]).status.code(), Some(0));
    let played = run(&["sim", text(&scenario), "--json"]);
    assert_eq!(played.status.code(), Some(0));
    let report = json(&played);
    assert_eq!((&report["commands"]["planned"], &report["devices"]), (&26.into(), &200.into()));
}

#[test]
fn what_is_left_out_is_named_and_a_trace_of_nothing_is_a_wrong_file() {
    let folder = tempfile::tempdir().unwrap();
    let told = run(&["scenario", "trace", text(&fixture("help-desk.json"))]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(said.contains("\"Create RoleAssignment\" (1)"), "{said}");
    assert!(told.stdout.starts_with(b"# Made of a trace"));
    let file = folder.path().join("nothing.csv");
    std::fs::write(&file, "at,action\n0,frob\n").unwrap();
    let refused = run(&["scenario", "trace", text(&file)]);
    assert_eq!(refused.status.code(), Some(65));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("\"frob\" (1)") && said.contains("--map"), "{said}");
    assert_eq!(run(&["scenario", "trace", "/no/such.csv"]).status.code(), Some(64));
}
