//! `muster case`

use crate::process::{json, run};

#[test]
fn every_case_ends_as_its_file_says() {
    let report = json(&run(&["case", "run", "--all", "--json"]));
    assert_eq!(report["failed"], serde_json::json!([]), "{report}");
    assert_eq!(report["passed"], report["cases"]);
    assert!(report["cases"].as_u64().unwrap() >= 129, "a case has gone missing");
    assert_eq!(report["executed_twice"], 0);
}

#[test]
fn in_virtual_time_every_case_comes_to_what_it_comes_to_live() {
    let live = json(&run(&["case", "run", "--all", "--json"]));
    let rehearsed = json(&run(&["case", "run", "--all", "--sim", "--json"]));
    assert_eq!(rehearsed["cases"], live["cases"]);
    for (live, rehearsed) in played(&live).iter().zip(played(&rehearsed)) {
        assert_eq!(live["case"], rehearsed["case"]);
        let name = &live["case"];
        assert_eq!(verdicts(live), verdicts(rehearsed), "{name}");
        assert_eq!(moments(live), moments(rehearsed), "{name}");
    }
}

#[test]
fn in_virtual_time_every_case_passes_keeps_every_promise_and_is_the_same_twice() {
    let told = || json(&run(&["case", "run", "--all", "--sim", "--json"]));
    let (mut first, mut second) = (told(), told());
    assert_eq!(first["failed"], serde_json::json!([]), "{first}");
    assert_eq!(first["passed"], first["cases"]);
    assert_eq!(first["violations"], serde_json::json!([]));
    assert_eq!(first["executed_twice"], 0);
    assert!(first["virtual_s"].as_f64().unwrap() > 86_400.0);
    for told in [&mut first, &mut second] {
        let wall = told.as_object_mut().unwrap().remove("wall_s").unwrap();
        assert!(wall.as_f64().unwrap() < 5.0, "{wall}");
    }
    assert_eq!(first.to_string(), second.to_string());
}

fn played(report: &serde_json::Value) -> &Vec<serde_json::Value> {
    report["played"].as_array().expect("a list of cases")
}

/// What each step had to come to and came to.
fn verdicts(case: &serde_json::Value) -> Vec<[&serde_json::Value; 4]> {
    let rows = case["rows"].as_array().expect("a list of rows");
    rows.iter().map(|row| [&row["action"], &row["expected"], &row["actual"], &row["ok"]]).collect()
}

/// Who did or saw what, in order.
fn moments(case: &serde_json::Value) -> Vec<[&serde_json::Value; 2]> {
    let moments = case["timeline"].as_array().expect("a list of moments");
    moments.iter().map(|moment| [&moment["lane"], &moment["what"]]).collect()
}

#[test]
fn cases_are_found_by_the_words_in_them() {
    let found = json(&run(&["case", "list", "bypass", "rotated", "--json"]));
    let names: Vec<_> = found.as_array().unwrap().iter().map(|case| &case["name"]).collect();
    assert_eq!(names, ["bypass-code-rotated"]);
}

#[test]
fn a_case_that_goes_otherwise_is_a_failed_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text = "title = 'mine'\nstory = 'A kiosk locks.'\nsource = 'mine'\n\
        [device]\nmodel = 'TC52'\nmode = 'dedicated'\nos = '13'\n\
        [[step]]\ndo = 'ask'\naction = 'remoteLock'\nexpect = 'refused'\n";
    std::fs::write(&file, text).unwrap();
    let files = folder.path().join("files");
    let to_files = ["--case-dir", files.to_str().unwrap(), "--json"];
    let played = run(&[&["case", "run", file.to_str().unwrap()], &to_files[..]].concat());
    assert_eq!(played.status.code(), Some(1));
    let played = json(&played);
    assert_eq!(played["played"][0]["rows"][0]["actual"], "done");

    let left = played["case_files"][0].as_str().unwrap();
    assert_eq!((left, &played["played"][0]["case_file"]), (left, &left.into()));
    let replayed = run(&["case", "replay", left, "--json"]);
    assert!(replayed.status.success(), "{replayed:?}");
    assert_eq!(json(&replayed)["replayed"][0]["same_outputs"], true);
    let told = run(&["case", "replay", left]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("because  mine: remoteLock: expected refused (400), but done"), "{told}");
    let drawn = String::from_utf8(run(&["case", "timeline", left]).stdout).unwrap();
    assert!(
        drawn.contains("command 1 (") && drawn.contains(") is in flight, attempt 1"),
        "{drawn}"
    );
    assert!(drawn.contains("command 1 is done, attempt 1"), "{drawn}");
}

#[test]
fn an_unknown_case_and_a_bad_file_are_told_apart() {
    assert_eq!(run(&["case", "run", "nosuch"]).status.code(), Some(64));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, "titel = 'bad'").unwrap();
    let refused = run(&["case", "run", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(65));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("titel") && said.contains("line 1"), "{said}");
    assert_eq!(run(&["case", "run", "/no/such.toml"]).status.code(), Some(65));
}
