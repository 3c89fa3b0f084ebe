//! What the command line says when it cannot do what it was told.

use crate::process::{Place, run};

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
    crate::process::until("the server answers", async || {
        place.ask(&["device", "list"]).status.success()
    })
    .await;
    let shown = place.ask(&["device", "show", "NOSUCH"]);
    assert_eq!(shown.status.code(), Some(64));
}
