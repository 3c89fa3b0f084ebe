//! `muster load`: scenarios played to their verdict.

mod control;
mod elsewhere;
mod errors;
mod events;
mod interrupted;
mod told;
mod workers;

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{json, muster, run};

/// Commands all the time, and one for everybody.
const TRAFFIC: &str = r#"
[[phase]]
name = "all"
lasts = "2s"

[[arrivals]]
rate = "40/s"
commands = "sync"

[[broadcast]]
name = "everybody"
at = "500ms"
command = "sync"

[limits]
drain = "60s"
deadline = "60s"
"#;

/// Commands that nobody waits for.
const SHORT: &str = r#"
[[phase]]
name = "all"
lasts = "1s"

[[arrivals]]
phase = "all"
rate = "20/s"
commands = "sync"

[limits]
drain = "1s"
"#;

/// A scenario of twenty devices with these tables.
fn scenario(tables: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.toml");
    let head = "name = \"tried\"\nquestion = \"Is what is said true?\"\ndevices = 20\n";
    std::fs::write(&file, format!("{head}{tables}")).unwrap();
    (folder, file)
}

fn play(tables: &str, flags: &[&str]) -> Output {
    let (_folder, file) = scenario(tables);
    let file = file.display().to_string();
    muster(&["load", &file, "--json", "--quiet"]).args(flags).output().unwrap()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

#[test]
fn a_run_tells_what_became_of_every_command_and_how_long_each_stage_took() {
    let report = json(&play(TRAFFIC, &[]));
    let commands = &report["commands"];
    assert!(count(&commands["planned"]) >= 60, "{commands}");
    assert_eq!(commands["accepted"], commands["planned"]);
    assert_eq!(commands["terminal"], commands["planned"]);
    assert_eq!((count(&commands["lost"]), count(&commands["executed_twice"])), (0, 0));
    for stage in ["queued", "delivered", "acknowledged", "stored", "total", "service"] {
        assert_eq!(report["latency_ms"][stage]["count"], commands["terminal"], "{stage}");
    }
    let event = &report["events"][0];
    assert_eq!((count(&event["devices"]), count(&event["through"])), (20, 20), "{event}");
    assert!(event["to_100_s"].as_f64().is_some());
}

#[test]
fn a_run_that_misses_its_threshold_does_not_pass() {
    let missed = "[[threshold]]\nrequire = \"p50(total) < 1us\"\n";
    let output = play(&format!("{TRAFFIC}{missed}"), &[]);
    let report = json(&output);
    let expected = match report["verdict"].as_str().unwrap() {
        "fail" => 1,
        // Where the tests leave no processor for a generator, nobody can tell.
        "inconclusive" => 2,
        other => panic!("{other}: {}", report["reason"]),
    };
    assert_eq!(output.status.code(), Some(expected));
}

#[test]
fn no_command_is_lost_when_the_server_restarts() {
    let away = "[[fault]]\nserver = \"restart\"\nat = \"1s\"\naway = \"200ms\"\n";
    let report = json(&play(&format!("{TRAFFIC}{away}"), &[]));
    let commands = &report["commands"];
    assert_eq!(commands["accepted"], commands["planned"], "{report:#}");
    assert_eq!(commands["terminal"], commands["planned"], "{report:#}");
    assert_eq!((count(&commands["lost"]), count(&commands["executed_twice"])), (0, 0));
}

#[test]
fn the_shares_of_a_plan_are_the_plan() {
    let planned = |flags: &[&str]| count(&json(&play(TRAFFIC, flags))["commands"]["planned"]);
    let shares = planned(&["--shard", "1/2"]) + planned(&["--shard", "2/2"]);
    assert_eq!(shares, planned(&[]));
}

#[test]
fn a_run_over_https_counts_every_command_once() {
    let report = json(&play(TRAFFIC, &["--through", "graph"]));
    let commands = &report["commands"];
    assert_eq!(report["run"]["through"], "graph");
    assert_eq!(commands["terminal"], commands["planned"], "{commands}");
    assert_eq!(report["latency_ms"]["queued"]["count"], commands["planned"]);
}

#[test]
fn a_run_that_is_written_down_has_its_report_in_every_form() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    json(&play(TRAFFIC, &["--out", &folder]));
    let last = out.path().join("latest");
    for name in ["report.json", "report.html", "junit.xml", "latency.hlog", "scenario.toml"] {
        assert!(last.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    let report: Value =
        serde_json::from_slice(&std::fs::read(last.join("report.json")).unwrap()).unwrap();
    let slowest = &report["slowest"][0];
    for link in ["timeline", "case_file"] {
        let told = slowest[link].as_str().unwrap_or_else(|| panic!("{slowest}"));
        assert!(last.join(told).exists(), "{told}");
    }
}

#[test]
fn a_command_that_was_slow_long_before_the_end_is_in_the_timeline_of_its_device() {
    let slow = "[[phase]]\nname = \"all\"\nlasts = \"4s\"\n\
                [[arrivals]]\nrate = \"200/s\"\ncommands = \"sync\"\n\
                [[fault]]\nfleet = \"slow rate=100% by=1500ms device=3\"\nlasts = \"700ms\"\n\
                [limits]\ndrain = \"60s\"\ndeadline = \"60s\"\n";
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    let report = json(&play(slow, &["--out", &folder]));
    let slowest = report["slowest"].as_array().unwrap();
    let slow = slowest.iter().find(|slow| slow["device"] == 3).unwrap();
    assert!(slow["took_ms"].as_f64().unwrap() >= 1_500.0, "{slow}");
    assert_eq!(slow["lacks"], Value::Null, "{slow}");
    let timeline = out.path().join("latest").join(slow["timeline"].as_str().unwrap());
    let timeline = std::fs::read_to_string(timeline).unwrap();
    assert!(timeline.contains(slow["command_id"].as_str().unwrap()), "{timeline}");
}

#[test]
fn a_change_that_makes_the_scenario_wrong_is_named() {
    let (_folder, file) = scenario(TRAFFIC);
    let file = file.display().to_string();
    let refused = run(&["load", &file, "--set", "seed=3", "--set", "limits.drain=soon"]);
    assert_eq!(refused.status.code(), Some(64));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("--set limits.drain=soon: "), "{said}");
}

#[test]
fn a_scenario_that_is_wrong_is_told_apart_from_a_failed_verdict() {
    let (_folder, file) = scenario("[[phase]]\nname = \"all\"\nlast = \"2s\"\n");
    let refused = run(&["load", &file.display().to_string()]);
    assert_eq!(refused.status.code(), Some(65));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("lasts"), "{said}");
}

#[test]
fn a_server_that_is_killed_while_it_is_away_is_killed_again_once_it_is_back() {
    let kills = "[[fault]]\nserver = \"kill\"\nat = \"300ms\"\naway = \"100ms\"\n\
                 every = \"400ms\"\n[[phase]]\nname = \"rest\"\nlasts = \"1s\"\n";
    let output = play(&format!("{SHORT}{kills}"), &["--time-scale", "0.5"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("stays away"), "{said}");
    let commands = &json(&output)["commands"];
    assert_eq!((count(&commands["lost"]), count(&commands["executed_twice"])), (0, 0));
}
