//! `muster demo`

use serde_json::Value;

use crate::process::{json, run};

/// What a run with this seed came to, without what depends on the clock.
fn outcomes(seed: &str) -> Vec<Value> {
    let output = run(&["demo", "--devices", "60", "--seed", seed, "--json"]);
    let report = json(&output);
    assert!(output.status.success(), "{report}");
    let rows = report["tour"].as_array().unwrap().iter();
    rows.map(|row| {
        let mut row = row.clone();
        row.as_object_mut().unwrap().remove("ms");
        row
    })
    .collect()
}

#[test]
fn the_same_seed_gives_the_same_outcomes() {
    assert_eq!(outcomes("7"), outcomes("7"));
}

#[test]
fn a_demo_loses_nothing_and_executes_nothing_twice() {
    let report = json(&run(&["demo", "--devices", "80", "--json"]));
    assert_eq!(report["verdict"], "pass", "{report}");
    assert_eq!(report["devices"]["connected"], 80);
    assert_eq!(report["totals"]["lost"], 0);
    assert_eq!(report["totals"]["executed_twice"], 0);
    assert_eq!(report["totals"]["accepted"], report["totals"]["terminal"]);
}

#[test]
fn a_kept_run_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("run");
    let kept = kept.to_str().unwrap();
    assert!(run(&["demo", "--devices", "1", "--keep", kept]).status.success());
    let again = run(&["demo", "--devices", "1", "--keep", kept]);
    assert_eq!(again.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&again.stderr).contains("holds a run already"));
}
