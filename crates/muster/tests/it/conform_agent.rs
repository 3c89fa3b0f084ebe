//! `muster conform agent`: the suite as a server, held against muster's own agent.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::process::{json, run};

/// What a fleet of one device offers that nobody holds: its seed makes it an iPhone of automated
/// enrolment.
const FLEET: &str = "name = \"a fleet of one\"\nprofiles = [\"core\"]\nmodes = [\"automated-device\"]\noffers = [\"power\"]\n";
const FLEET_ARGS: [&str; 5] = ["fleet", "--devices", "1", "--seed", "3"];

/// The report of a run, which must have ended like this.
fn report(args: &[&str], code: i32) -> Value {
    let output = run(&[&["conform", "agent"], args, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    json(&output)
}

fn names(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn our_agent_keeps_every_promise_in_virtual_time() {
    let run = report(&["--sim", "--strict", "--seed", "1"], 0);
    assert_eq!((names(&run["fail"]), names(&run["warn"])), (vec![], vec![]));
    assert_eq!(run["stamp"]["complete"], true, "{}", run["stamp"]);
    assert!(run["pass"].as_u64().unwrap() > 175, "{}", run["verdicts"]);
    assert_eq!(run["target"]["side"], "device");
}

#[test]
fn our_agent_keeps_every_promise_over_udp() {
    let run = report(&["--strict"], 0);
    assert_eq!((names(&run["fail"]), names(&run["warn"])), (vec![], vec![]));
    let skipped = run["results"].as_array().unwrap().iter().filter(|it| it["verdict"] == "skipped");
    for result in skipped {
        assert!(result["reason"].as_str().unwrap().contains("--sim"), "{result}");
    }
}

#[test]
fn the_same_seed_gives_the_same_agents_and_transcripts() {
    let run = || report(&["MDM-ACK", "--sim", "--seed", "7"], 0)["results"].clone();
    assert_eq!(run(), run());
}

#[test]
fn a_program_is_started_for_each_device() {
    let folder = tempfile::tempdir().unwrap();
    let capabilities = folder.path().join("capabilities.toml");
    std::fs::write(&capabilities, FLEET).unwrap();
    let line = format!(
        "{} {} --server {{server}} --ca {{ca}} --token-file {{token-file}} --state {{state}}",
        env!("CARGO_BIN_EXE_muster"),
        FLEET_ARGS.join(" ")
    );
    let capabilities = capabilities.to_str().unwrap();
    let cases = ["MDM-ENROL-101", "MDM-ACK-102", "MDM-ROBUST-101", "MDM-SECURITY-101"];
    let options = ["--exec", &line, "--capabilities", capabilities];
    let run = report(&[&cases[..], &options].concat(), 0);
    assert_eq!(run["pass"], 4, "{}", run["results"]);
}

#[test]
fn an_agent_is_started_by_whatever_takes_the_trigger() {
    let folder = tempfile::tempdir().unwrap();
    let capabilities = folder.path().join("capabilities.toml");
    std::fs::write(&capabilities, FLEET).unwrap();
    let url = trigger();
    let capabilities = capabilities.to_str().unwrap();
    let run = report(&["MDM-ACK-102", "--trigger", &url, "--capabilities", capabilities], 0);
    assert_eq!(run["pass"], 1, "{}", run["results"]);
}

#[test]
fn an_agent_that_cannot_be_started_speaks_against_nobody() {
    let run = report(&["MDM-ACK-101", "--exec", "no-such-agent"], 2);
    assert_eq!(run["verdicts"]["error"], 1, "{}", run["verdicts"]);
}

#[test]
fn nobody_listens_for_other_machines_unasked() {
    let output = run(&["conform", "agent", "--wait", "0.0.0.0:4433", "--brief", "no-such-folder"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--i-own-this-network"));
}

#[test]
fn no_trigger_on_another_machine_is_told_a_token_unasked() {
    let output = run(&["conform", "agent", "MDM-ACK-102", "--trigger", "http://192.0.2.7:9000"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--i-own-this-target"));
}

/// Starts a fleet when it is told to, and ends it.
fn trigger() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut fleet: Option<Child> = None;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let order = body(&mut BufReader::new(stream.try_clone().unwrap()));
            match order["verb"].as_str() {
                Some("start") => fleet = Some(start(&order)),
                _ => end(fleet.take()),
            }
            let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

fn end(fleet: Option<Child>) {
    if let Some(mut fleet) = fleet {
        fleet.kill().unwrap();
        fleet.wait().unwrap();
    }
}

fn start(order: &Value) -> Child {
    let word = |name: &str| order[name].as_str().unwrap().to_owned();
    let token_file = format!("{}.of-the-trigger", word("state"));
    std::fs::write(&token_file, word("token")).unwrap();
    let arguments = ["--server", &word("server"), "--ca", &word("ca"), "--token-file", &token_file]
        .map(str::to_owned);
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.args(FLEET_ARGS).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn body(request: &mut impl BufRead) -> Value {
    let mut length = 0;
    for line in request.by_ref().lines() {
        let line = line.unwrap().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut bytes = vec![0; length];
    request.read_exact(&mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
