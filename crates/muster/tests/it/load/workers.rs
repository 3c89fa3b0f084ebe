//! One run of several processes.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{TRAFFIC, count, scenario};
use crate::process::{json, muster};

/// Traffic for long enough that something can happen to a run in the middle of it.
const LONGER: &str = r#"
[[phase]]
name = "all"
lasts = "20s"

[[arrivals]]
rate = "20/s"
commands = "sync"

[limits]
drain = "10s"
deadline = "60s"
"#;

fn play(tables: &str) -> Value {
    let (_folder, file) = scenario(tables);
    let file = file.display().to_string();
    json(&muster(&["load", &file, "--workers", "2", "--json", "--quiet"]).output().unwrap())
}

#[test]
fn the_reports_of_all_workers_are_one_of_the_whole_plan() {
    let report = play(TRAFFIC);
    let (commands, run) = (&report["commands"], &report["run"]);
    assert_eq!((count(&run["merged_from"]), run["server"].as_str()), (2, Some("embedded")));
    assert!(run.get("shard").is_none(), "{run}");
    assert_eq!(count(&report["devices"]), 20);
    assert!(count(&commands["planned"]) >= 60, "{commands}");
    assert_eq!(commands["accepted"], commands["planned"], "{report:#}");
    assert_eq!(commands["terminal"], commands["planned"], "{report:#}");
    assert_eq!((count(&commands["lost"]), count(&commands["executed_twice"])), (0, 0));
    let event = &report["events"][0];
    assert_eq!((count(&event["devices"]), count(&event["through"])), (20, 20), "{event}");
}

#[test]
fn a_server_of_several_workers_goes_and_comes_back_as_planned() {
    let away = "[[fault]]\nserver = \"restart\"\nat = \"1s\"\naway = \"200ms\"\n";
    // A device that has nothing to do comes back too, but nobody waits for it at the end; one whose
    // handshake nobody finished tries again after ten seconds.
    let after = "[[phase]]\nname = \"after\"\nlasts = \"14s\"\n";
    let report = play(&format!("{TRAFFIC}{away}{after}"));
    let commands = &report["commands"];
    assert_eq!(commands["terminal"], commands["accepted"], "{report:#}");
    assert_eq!((count(&commands["lost"]), count(&commands["executed_twice"])), (0, 0));
    let event = report["events"].as_array().unwrap().iter();
    let event = event.clone().find(|event| event["kind"] == "server-away").unwrap();
    assert_eq!((count(&event["devices"]), count(&event["through"])), (20, 20), "{event}");
}

#[test]
fn a_run_of_which_a_worker_has_died_is_inconclusive_and_names_it() {
    let mut run = Playing::begin(LONGER);
    signal("KILL", &run.workers[1]);
    let (code, report) = run.end();
    assert_eq!((code, report["verdict"].as_str()), (Some(2), Some("inconclusive")));
    let reasons = report["generator"]["inconclusive_reasons"].to_string();
    let named = format!("worker 2 of 2 (process {})", run.workers[1]);
    assert!(reasons.contains(&named), "{reasons}");
}

#[test]
fn an_interrupt_ends_all_workers_and_tells_what_there_is() {
    let mut run = Playing::begin(LONGER);
    signal("INT", &run.process.id().to_string());
    let (code, report) = run.end();
    assert_eq!((code, report["verdict"].as_str()), (Some(130), Some("interrupted")));
    assert_eq!(count(&report["run"]["merged_from"]), 2);
    assert_eq!(report["run"]["hosts"].as_array().map(Vec::len), Some(1));
    run.has_no_workers();
}

#[test]
fn an_interrupt_before_the_beginning_leaves_no_worker_behind() {
    let mut run = Playing::until(LONGER, "the workers are processes");
    signal("INT", &run.process.id().to_string());
    assert_eq!(run.process.wait().unwrap().code(), Some(130));
    run.has_no_workers();
}

/// A run of two workers.
struct Playing {
    process: Child,
    workers: Vec<String>,
    /// Where its scenario is.
    _folder: TempDir,
    /// Open for as long as it may say something.
    _said: BufReader<ChildStderr>,
}

impl Playing {
    /// Starts it and waits until its plan begins.
    fn begin(tables: &str) -> Self {
        Self::until(tables, "the plan begins")
    }

    /// Starts it and waits until it says this.
    fn until(tables: &str, last: &str) -> Self {
        let (folder, file) = scenario(tables);
        let file = file.display().to_string();
        let mut command = muster(&["load", &file, "--workers", "2", "--json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let mut workers = Vec::new();
        for line in said.by_ref().lines().map_while(Result::ok) {
            if let Some((_, processes)) = line.split_once("the workers are processes ") {
                workers = processes.split(", ").map(str::to_owned).collect();
            }
            if line.contains(last) {
                break;
            }
        }
        assert_eq!(workers.len(), 2);
        Self { process, workers, _folder: folder, _said: said }
    }

    /// Waits for its end; tells its exit code and its report.
    fn end(&mut self) -> (Option<i32>, Value) {
        let output = self.process.stdout.take().unwrap();
        let report = serde_json::from_reader(output).unwrap();
        (self.process.wait().unwrap().code(), report)
    }

    fn has_no_workers(&self) {
        for worker in &self.workers {
            assert!(!Path::new("/proc").join(worker).exists(), "worker {worker} still runs");
        }
    }
}

fn signal(name: &str, process: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status();
    assert!(sent.unwrap().success());
}
