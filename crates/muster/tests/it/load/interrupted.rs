//! A run of one process that somebody interrupts.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{count, scenario};
use crate::process::muster;

/// Commands for as long as anybody waits, and a line now and then.
const LONG: &str = r#"
[[phase]]
name = "all"
lasts = "2m"

[[arrivals]]
rate = "20/s"
commands = "sync"

[limits]
drain = "60s"
"#;

/// Starts a run, interrupts it once it says this, and tells its exit code and what it printed.
fn interrupted_at(line: &str) -> (Option<i32>, Vec<u8>) {
    let (_folder, file) = scenario(LONG);
    let mut command = muster(&["load", &file.display().to_string(), "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|said| said.contains(line)), "it never says {line:?}");
    interrupt(&run);
    // Read to its end, so that it can say what it likes.
    said.for_each(drop);
    let output = run.wait_with_output().unwrap();
    (output.status.code(), output.stdout)
}

fn interrupt(run: &Child) {
    let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", run.id())]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn an_interrupt_ends_a_run_with_what_was_played_of_it() {
    let (code, printed) = interrupted_at(" open");
    let report: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!((code, report["verdict"].as_str()), (Some(130), Some("interrupted")));
    assert_eq!(report["run"]["ending"], "interrupted");
    assert!(count(&report["commands"]["planned"]) > 0, "{}", report["commands"]);
}
