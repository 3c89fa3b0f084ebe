//! `muster conform`: the suite, held against muster's own server.

use std::fs;

use serde_json::Value;

use crate::process::{Place, json, run, until};

/// The report of a run, which must have ended like this.
fn report(args: &[&str], code: i32) -> Value {
    let output = run(&[&["conform"], args, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    let told = String::from_utf8_lossy(&output.stdout);
    let reasons: Vec<&str> = told.lines().filter(|line| line.contains("\"reason\"")).collect();
    assert_eq!(output.status.code(), Some(code), "{said}\n{}", reasons.join("\n"));
    json(&output)
}

fn names(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn our_server_keeps_every_promise_in_virtual_time() {
    let run = report(&["server", "--sim", "--strict", "--seed", "1"], 0);
    assert_eq!((names(&run["fail"]), names(&run["warn"])), (vec![], vec![]));
    assert_eq!(run["stamp"]["complete"], true, "{}", run["stamp"]);
    assert!(run["cases"].as_u64().unwrap() > 150);
    assert_eq!(run["target"]["simulated"], true);
}

#[test]
fn our_server_keeps_every_promise_over_udp() {
    let run = report(&["server", "--strict"], 0);
    assert_eq!((names(&run["fail"]), names(&run["warn"])), (vec![], vec![]));
    assert_eq!(names(&run["stamp"]["not_run"]), ["MDM-TRANSPORT-008"]);
}

#[tokio::test]
async fn a_server_that_runs_is_tried_through_its_admin_api() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let data = folder.path().to_str().unwrap();
    let run = report(&["server", "MDM-QUEUE", "MDM-ACK", "--data", data], 0);
    assert_eq!(names(&run["fail"]), Vec::<&str>::new());
    let not_applicable = run["not_applicable"].as_u64().unwrap();
    assert!(not_applicable > 0, "nobody can stop or wind this server");
}

#[test]
fn a_pass_nobody_expected_is_a_failure_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (list, first) = (path("expected.toml"), path("first.json"));
    let entry = "[[expected]]\ncase = \"MDM-ACK-005\"\nreason = \"a\"\nlink = \"b\"\nuntil = \"2999-01-01\"\n";
    fs::write(&list, entry).unwrap();
    let run = report(&["server", "MDM-ACK-005", "--sim", "--expected-failures", &list], 1);
    assert_eq!(run["list_faults"].as_array().unwrap().len(), 1, "{}", run["list_faults"]);
    fs::write(&first, run.to_string()).unwrap();
    let again = self::run(&["conform", "server", "--sim", "--failed", &first]);
    assert_eq!(again.status.code(), Some(64), "none failed, so none is left to play");
}

#[test]
fn what_a_target_does_not_claim_is_not_applicable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capabilities.toml");
    fs::write(&path, "name = \"small\"\nprofiles = [\"core\"]\noffers = [\"enqueue\"]\n").unwrap();
    let run = report(&["server", "--sim", "--capabilities", path.to_str().unwrap()], 0);
    assert_eq!(run["target"]["name"], "small");
    assert!(run["not_applicable"].as_u64().unwrap() > 40, "{}", run["verdicts"]);
    assert_eq!(
        run["cases"],
        run["pass"].as_u64().unwrap() + run["not_applicable"].as_u64().unwrap()
    );
}

#[test]
fn a_run_leaves_its_files_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let written = report(&["server", "MDM-LIMIT", "--sim", "--out", out.to_str().unwrap()], 0);
    let text = fs::read_to_string(out.join("report.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), written);
    assert!(fs::read_to_string(out.join("junit.xml")).unwrap().contains("MDM-LIMIT-001"));
    assert!(fs::read_to_string(out.join("report.md")).unwrap().contains("| LIMIT | "));
}

#[test]
fn the_same_seed_gives_the_same_transcripts() {
    let run = || report(&["server", "MDM-ACK", "--sim", "--seed", "7"], 0)["results"].clone();
    assert_eq!(run(), run());
}

#[test]
fn a_stranger_is_refused_and_a_typo_named() {
    let refused = |args: &[&str]| {
        let output = run(&[&["conform", "server"], args].concat());
        assert_eq!(output.status.code(), Some(64), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&["MDM-NONSENSE"]).contains("conform list"));
    let far = ["--target", "192.0.2.1:4433", "--ca", "ca.pem", "--hook", "exec:true"];
    assert!(refused(&far).contains("--i-own-this-target"));
}

#[test]
fn every_case_is_listed_with_what_it_tries_and_needs() {
    let listed = report(&["list"], 0);
    let cases = listed.as_array().unwrap();
    assert!(cases.len() > 150);
    for case in cases {
        assert!(!case["requirements"].as_array().unwrap().is_empty(), "{case}");
    }
}
