//! What the command line says when it cannot do what it was told.

use std::path::Path;
use std::process::{Command, Output};

use crate::process::{Place, Running, json, muster, run, until};

/// Exit code and stderr of a run.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = run(args);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_unknown_verb_is_an_error_of_usage() {
    let (code, said) = refused(&["demp"]);
    assert_eq!(code, Some(64));
    assert!(said.contains("demo"), "the nearest verb is named: {said}");
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [&["--help"][..], &["--version"], &["action", "--help"]] {
        assert_eq!(run(args).status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_verb_without_a_server_says_how_to_start_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for args in [&["device", "list", "--data", data][..], &["fleet", "--data", data]] {
        let (code, said) = refused(args);
        assert_eq!(code, Some(69), "{args:?} {said}");
        assert!(said.contains("muster server"), "{said}");
    }
}

#[test]
fn other_machines_are_refused_without_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let server = ["server", "--quic", "0.0.0.0:0", "--admin", "127.0.0.1:0", "--data", data];
    let fleet = ["fleet", "--server", "192.0.2.1:4433", "--data", data];
    for args in [&server[..], &fleet] {
        let (code, said) = refused(args);
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains("--allow-non-loopback"), "{said}");
    }
}

#[test]
fn an_address_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = folder.path().to_str().unwrap();
    let args = ["server", "--quic", "127.0.0.1:0", "--admin", &address, "--data", data];
    let (code, said) = refused(&args);
    assert_eq!(code, Some(70));
    assert!(said.contains(&address) && said.contains("another server"), "{said}");
}

#[tokio::test]
async fn an_unknown_device_is_an_error_of_usage() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let shown = place.ask(&["device", "show", "NOSUCH"]);
    assert_eq!(shown.status.code(), Some(64));
}

/// A server that answers.
async fn serving(place: &Place) -> Running {
    let server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    server
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn plain(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn a_fleet_that_is_let_in_nowhere_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = serving(&place).await;
    let token = folder.path().join("unknown");
    std::fs::write(&token, "nobody issued this").unwrap();
    let args = ["fleet", "--devices", "3", "--token-file", plain(&token), "--run-for", "2s"];
    let fleet = place.ask(&args);
    assert_eq!(fleet.status.code(), Some(69));
    assert!(said(&fleet).contains("enrolment token unknown"), "{}", said(&fleet));
}

#[tokio::test]
async fn a_fleet_with_more_sockets_than_files_names_the_limit_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = serving(&place).await;
    let mut limited = Command::new("sh");
    let script = "ulimit -n 64; exec \"$0\" fleet --devices 100 --sockets per-device --data \"$1\"";
    let binary = muster(&[]).get_program().to_owned();
    let fleet = limited.args(["-c", script]).arg(binary).arg(folder.path()).output().unwrap();
    assert_eq!(fleet.status.code(), Some(64));
    let said = said(&fleet);
    assert!(said.contains("the limit is 64") && said.contains("ulimit -n 132"), "{said}");
}

#[tokio::test]
async fn more_devices_than_one_server_keeps_are_an_error_of_usage() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = serving(&place).await;
    let fleet = place.ask(&["fleet", "--devices", "4294967296"]);
    assert_eq!(fleet.status.code(), Some(64));
    assert!(said(&fleet).contains("2000000"), "{}", said(&fleet));
}

#[tokio::test]
async fn waiting_in_vain_says_that_the_command_stays_in_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = serving(&place).await;
    let fleet = place.fleet(&["--devices", "1"]);
    until("the device is here", async || place.connected() == 1).await;
    fleet.interrupt();
    let serial = place.devices()[0]["serialNumber"].as_str().unwrap().to_owned();
    let waited = place.ask(&["action", "sync", &serial, "--wait=100ms"]);
    assert_eq!(waited.status.code(), Some(1));
    assert_eq!(json(&waited)["result"]["actionState"], "pending");
    assert!(said(&waited).contains("stays in the queue"), "{}", said(&waited));
}

#[test]
fn a_flag_that_belongs_to_another_action_is_an_error_of_usage() {
    for (args, hint) in [
        (&["action", "retire", "X", "--persist-esim"][..], "--persist-esim goes with wipe"),
        (&["action", "enable-lost-mode", "X"], "--phone-number"),
        (&["action", "play-lost-mode-sound", "X", "--minutes", "9"], "1..=5"),
        (&["action", "delete", "X", "--wait"], "leave out --wait"),
    ] {
        let (code, said) = refused(args);
        assert_eq!(code, Some(64), "{args:?} {said}");
        assert!(said.contains(hint), "{said}");
    }
}

#[tokio::test]
async fn log_lines_that_no_terminal_shows_have_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = serving(&place).await;
    let mut listing = muster(&["device", "list", "--data", plain(folder.path())]);
    let listed = listing.env("RUST_LOG", "trace").output().unwrap();
    assert!(!listed.stderr.is_empty());
    assert!(!listed.stderr.contains(&0x1b), "{}", said(&listed));
}

#[test]
fn the_doctor_says_what_to_do_about_a_fleet_that_does_not_fit() {
    let output = run(&["doctor", "--devices", "1000000000", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let said = json(&output);
    assert_eq!(said["ok"], false);
    let checks = said["checks"].as_array().unwrap();
    let memory = checks.iter().find(|check| check["name"] == "memory").unwrap();
    assert!(memory["fix"].as_str().unwrap().starts_with("run at most"), "{memory}");
}

#[test]
fn completions_and_manual_pages_know_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    assert_eq!(run(&["man", "--dir", dir]).status.code(), Some(0));
    let completions = run(&["completions", "bash"]);
    let script = String::from_utf8_lossy(&completions.stdout);
    for verb in ["demo", "server", "fleet", "device", "action", "case", "sim", "doctor"] {
        assert!(script.contains(&format!("muster,{verb})")), "{verb}");
        assert!(folder.path().join(format!("muster-{verb}.1")).exists(), "{verb}");
    }
}
