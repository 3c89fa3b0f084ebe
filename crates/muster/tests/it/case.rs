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
fn cases_are_found_by_the_words_in_them() {
    let found = json(&run(&["case", "list", "bypass", "rotated", "--json"]));
    let names: Vec<_> = found.as_array().unwrap().iter().map(|case| &case["name"]).collect();
    assert_eq!(names, ["bypass-code-rotated"]);
}

#[test]
fn a_case_that_goes_otherwise_is_a_failed_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text = "title = 'mine'\nstory = 'A kiosk wipes.'\nsource = 'mine'\n\
        [device]\nmodel = 'TC52'\nmode = 'dedicated'\nos = '13'\n\
        [[step]]\ndo = 'ask'\naction = 'wipe'\nexpect = 'refused'\n";
    std::fs::write(&file, text).unwrap();
    let played = run(&["case", "run", file.to_str().unwrap(), "--json"]);
    assert_eq!(played.status.code(), Some(1));
    assert_eq!(json(&played)["played"][0]["rows"][0]["actual"], "done");
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
}
