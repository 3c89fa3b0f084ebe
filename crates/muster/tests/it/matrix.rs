//! `muster conform matrix`: targets side by side.

use std::fs;
use std::path::Path;

use muster_transport::RunCa;
use serde_json::Value;

use crate::process::{json, run};

/// What `conform` says, which must have ended like this.
fn said(args: &[&str], code: i32) -> Value {
    let output = run(&[&["conform"], args, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn reports_made_before_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("1"), folder.path().join("2"));
    let _run = said(&["server", "MDM-ACK-00", "--sim", "--out", text(&first)], 0);
    let _run = said(&["server", "MDM-ACK-001", "--sim", "--out", text(&second)], 0);
    let (first, second) = (first.join("report.json"), second.join("report.json"));
    let out = folder.path().join("out");
    let matrix = said(&["matrix", text(&first), text(&second), "--out", text(&out)], 0);
    assert_eq!(matrix["format"], "muster.matrix/1");
    assert_eq!(matrix["columns"][1]["name"], "muster (2)");
    assert_eq!(matrix["rows"][0]["verdicts"], serde_json::json!(["pass", "pass"]));
    assert_eq!(matrix["rows"][1]["verdicts"], serde_json::json!(["pass", null]));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 3);
    let page = fs::read_to_string(out.join("matrix.html")).unwrap();
    assert!(page.contains("id=\"2-MDM-ACK-001\"") && !page.contains("<script"));
    assert!(fs::read_to_string(out.join("matrix.md")).unwrap().contains("| ACK | 9/9 | 1/1 |"));
}

#[test]
fn a_target_that_is_not_there_has_a_column_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, RunCa::ephemeral().unwrap().certificate_pem()).unwrap();
    let targets = folder.path().join("targets.toml");
    let own = "[[target]]\nown = \"sim\"\n";
    // A port nobody listens on: the discard service's.
    let away = "[[target]]\nname = \"away\"\nserver = \"127.0.0.1:9\"\nca = \"ca.pem\"\nhook = \"exec:true\"\n";
    fs::write(&targets, format!("{own}{away}")).unwrap();
    let matrix = said(&["matrix", text(&targets), "--profile", "push"], 69);
    assert_eq!(matrix["columns"][0]["standing"], "conforms");
    assert_eq!(matrix["columns"][1]["standing"], "unreachable");
    assert!(matrix["columns"][1]["why"].as_str().unwrap().contains("127.0.0.1:9"));
}

#[test]
fn what_names_no_target_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        run(&["conform", "matrix", text(&path)]).status.code()
    };
    assert_eq!(refused("a.toml", "[[target]]\nown = \"sim\"\nhook = \"a\"\n"), Some(65));
    assert_eq!(refused("a.json", "{}"), Some(65));
    let far = "[[target]]\nserver = \"192.0.2.1:4433\"\nca = \"ca.pem\"\nhook = \"exec:true\"\n";
    assert_eq!(refused("far.toml", far), Some(64), "not on this machine");
    let late = "[[target]]\nown = \"live\"\n[[target]]\nreport = \"a.json\"\n";
    assert_eq!(refused("late.toml", late), Some(65), "before anything is played");
    assert_eq!(run(&["conform", "matrix"]).status.code(), Some(64));
}
