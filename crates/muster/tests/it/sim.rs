//! `muster sim`, and what is done with the failures it finds.

use std::path::{Path, PathBuf};

#[cfg(feature = "planted")]
use serde_json::Value;

use crate::process::{json, run};

#[test]
fn worlds_that_keep_every_promise_are_exit_code_nought_and_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let cases = folder.path().join("cases");
    let explored = run(&["sim", "--seeds", "20", "--case-dir", text(&cases), "--json"]);
    assert_eq!(explored.status.code(), Some(0));
    let report = json(&explored);
    assert_eq!(report["seeds"], 20);
    assert_eq!(report["violations"], serde_json::json!([]));
    assert!(report["virtual_s"].as_f64().unwrap() >= 20.0 * 3_600.0);
    assert!(report["ratio"].as_f64().unwrap() > 1.0, "virtual time is faster than ours");
    assert!(!cases.exists());
}

#[test]
fn a_scenario_plays_in_virtual_time_and_names_what_it_cannot_judge() {
    let played = run(&["sim", "first-minute", "--devices", "30", "--json"]);
    assert_eq!(played.status.code(), Some(0));
    let report = json(&played);
    assert_eq!((&report["verdict"], &report["devices"]), (&"pass".into(), &30.into()));
    assert_eq!(report["promises"]["broken"], serde_json::Value::Null);
    assert_eq!(report["not_judged"][0]["threshold"], "p99(total) < 250ms");
    let again = run(&["sim", "first-minute", "--devices", "30", "--json"]);
    assert_eq!(played.stdout, again.stdout, "the same seed, the same bytes");
}

#[test]
fn what_cannot_be_played_in_virtual_time_is_told_apart_from_a_failed_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, "name = 7").unwrap();
    assert_eq!(run(&["sim", text(&file)]).status.code(), Some(65));
    assert_eq!(run(&["sim", "no-such-scenario"]).status.code(), Some(64));
    assert_eq!(run(&["sim", "first-minute", "--seeds", "3"]).status.code(), Some(64));
    let large = run(&["sim", "soak"]);
    assert_eq!(large.status.code(), Some(64));
    let said = String::from_utf8_lossy(&large.stderr).into_owned();
    assert!(said.contains("--devices"), "{said}");
}

#[test]
fn a_fault_that_no_build_has_is_an_error_of_usage() {
    let refused = run(&["sim", "--plant", "nosuch"]);
    assert_eq!(refused.status.code(), Some(64));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("journal-forgets"), "{said}");
}

#[test]
fn what_is_no_recording_is_told_apart_from_a_failed_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.muster");
    std::fs::write(&file, "PK no zip").unwrap();
    for verb in ["replay", "shrink", "timeline", "explain"] {
        let refused = run(&["case", verb, text(&file)]);
        assert_eq!(refused.status.code(), Some(65), "{verb}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("bad.muster") && said.contains("not a recording"), "{said}");
    }
    assert_eq!(run(&["case", "replay", "/no/such.muster"]).status.code(), Some(65));
}

/// Every failure that was mended stays mended; with its fault planted again it comes back.
#[test]
fn every_recorded_failure_replays_as_it_should() {
    let files = regressions();
    assert!(files.len() >= 2, "regressions have gone missing");
    for file in &files {
        let replayed = run(&["case", "replay", text(file), "--json"]);
        let report = json(&replayed);
        let found = &report["replayed"][0];
        let comes_back = cfg!(feature = "planted") && !found["planted"].is_null();
        let expected = if comes_back { "occurs" } else { "gone" };
        assert_eq!(found["signature"], expected, "{found:#}");
        assert_eq!(replayed.status.code(), Some(i32::from(comes_back)));
    }
}

#[test]
fn a_mended_failure_leaves_nothing_to_shrink_or_explain_and_still_has_a_timeline() {
    if cfg!(feature = "planted") {
        return;
    }
    let files = regressions();
    let folder = tempfile::tempdir().unwrap();
    let (small, page) = (folder.path().join("small.muster"), folder.path().join("page.html"));
    let shrunk = run(&["case", "shrink", text(&files[0]), "-o", text(&small)]);
    assert_eq!(shrunk.status.code(), Some(0));
    assert!(!small.exists());
    assert_eq!(run(&["case", "explain", text(&files[0])]).status.code(), Some(0));
    let drawn = run(&["case", "timeline", text(&files[0]), "--html", text(&page)]);
    assert_eq!(drawn.status.code(), Some(0));
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.contains("</html>") && html.contains("<svg"));
    assert!(!html.contains("http://") && !html.contains("https://"), "it needs nothing else");
}

#[cfg(feature = "planted")]
#[test]
fn a_planted_fault_is_found_replayed_shrunk_drawn_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let cases = text(folder.path()).to_owned();
    let args = ["sim", "--plant", "journal-forgets", "--seeds", "200", "--case-dir", &cases];
    let explored = run(&[&args[..], &["--json"]].concat());
    assert_eq!(explored.status.code(), Some(1));
    let violation = json(&explored)["violations"][0].clone();
    assert_eq!(violation["invariant"], "S1");
    let file = violation["case_file"].as_str().unwrap().to_owned();

    let replayed = run(&["case", "replay", &file, "--json"]);
    assert_eq!(replayed.status.code(), Some(1));
    let replayed = json(&replayed)["replayed"][0].clone();
    assert_eq!(replayed["signature"], "occurs");
    assert_eq!(replayed["same_log"], true, "{replayed}");

    let shrunk = json(&run(&["case", "shrink", &file, "--json"]));
    assert!(shrunk["acts"]["after"].as_u64().unwrap() <= 3, "{shrunk}");
    let small = shrunk["case_file"].as_str().unwrap();
    assert!(small.ends_with(".small.muster"));

    let drawn = run(&["case", "timeline", small]);
    let drawn = String::from_utf8_lossy(&drawn.stdout).into_owned();
    assert!(drawn.contains("agent crash") && drawn.contains("device     network"), "{drawn}");

    let explained = json(&run(&["case", "explain", small, "--json"]));
    let odds: &Vec<Value> = explained["odds"].as_array().unwrap();
    assert_eq!(odds.last().unwrap()["broken"], odds.last().unwrap()["of"]);
    assert!(explained["inevitable_at"].is_string());
}

/// The recordings of `fixtures/regressions`.
fn regressions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/regressions");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "muster")).collect();
    files.sort();
    files
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain name")
}
