//! Load on a server that runs already.

use std::path::Path;
use std::process::Stdio;

use super::{TRAFFIC, count, scenario};
use crate::process::{Place, Running, json, muster, run, until};

/// Half of the devices are wiped, the others retired.
const LEAVING: &str = r#"
[[cohort]]
name = "wiped"
share = "50%"
mode = "dedicated"

[[cohort]]
name = "retired"
share = "50%"
platform = "ios"

[[phase]]
name = "all"
lasts = "2s"

[[mass-wipe]]
name = "wipe"
at = "500ms"
devices = { cohorts = ["wiped"] }

[[broadcast]]
name = "retire"
at = "500ms"
devices = { cohorts = ["retired"] }
command = "retire"

[limits]
drain = "30s"
deadline = "60s"
"#;

/// Commands until somebody stops it.
const CUT_OFF: &str = r#"
[[phase]]
name = "all"
lasts = "4s"

[[arrivals]]
rate = "200/s"
commands = "sync"

[limits]
drain = "1s"
deadline = "60s"
"#;

/// A server with its data folder, and the flag that names it.
pub(super) async fn server(folder: &Path) -> (Running, String) {
    let data = folder.join("data");
    let running = Place::new(&data).server();
    until("the server says where it is", async || data.join("endpoints.json").exists()).await;
    (running, data.display().to_string())
}

#[tokio::test]
async fn every_command_on_a_server_that_runs_already_is_seen_to_its_end() {
    let home = tempfile::tempdir().unwrap();
    let (_server, data) = server(home.path()).await;
    let (_folder, file) = scenario(TRAFFIC);
    let file = file.display().to_string();
    let report =
        json(&muster(&["load", &file, "--json", "--quiet", "--data", &data]).output().unwrap());
    let commands = &report["commands"];
    assert!(count(&commands["planned"]) >= 60, "{commands}");
    assert_eq!(commands["accepted"], commands["planned"], "{report:#}");
    assert_eq!(commands["terminal"], commands["planned"], "{report:#}");
    assert_eq!((count(&commands["lost"]), count(&commands["executed_twice"])), (0, 0));
    assert_eq!(report["latency_ms"]["queued"]["count"], commands["planned"]);
    assert_eq!(report["funnel"]["delivered"], commands["planned"], "{}", report["funnel"]);
}

#[tokio::test]
async fn a_server_that_goes_takes_neither_the_report_nor_what_was_planned_with_it() {
    let home = tempfile::tempdir().unwrap();
    let (server, data) = server(home.path()).await;
    let (_folder, file) = scenario(CUT_OFF);
    let file = file.display().to_string();
    let mut load = muster(&["load", &file, "--json", "--quiet", "--data", &data]);
    let load = load.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let list = || run(&["device", "list", "--json", "--data", &data]).stdout;
    let shows = |words: &str| String::from_utf8_lossy(&list()).contains(words);
    until("a command is over", async || shows("\"actionState\": \"done\"")).await;
    server.kill();
    let report = json(&load.wait_with_output().unwrap());
    let commands = &report["commands"];
    assert!(count(&commands["accepted"]) > 0, "{report:#}");
    // What was planned for the time without a server is counted, and has taken its time so far.
    assert!(count(&commands["planned"]) > 600, "{report:#}");
    let told = count(&report["latency_ms"]["total"]["count"]) + count(&commands["refused"]);
    assert_eq!(told, count(&commands["planned"]), "{report:#}");
    let unseen = report["run"]["not_observed"].to_string();
    assert!(unseen.contains("still being handed in"), "{unseen}");
}

#[tokio::test]
async fn a_device_that_leaves_takes_no_command_with_it_unseen() {
    let home = tempfile::tempdir().unwrap();
    let (_server, data) = server(home.path()).await;
    let (_folder, file) = scenario(LEAVING);
    let file = file.display().to_string();
    let report =
        json(&muster(&["load", &file, "--json", "--quiet", "--data", &data]).output().unwrap());
    let commands = &report["commands"];
    assert!(count(&commands["accepted"]) >= 10, "{commands}");
    assert_eq!(commands["terminal"], commands["accepted"], "{report:#}");
    assert_eq!(count(&commands["lost"]), 0);
}

#[tokio::test]
async fn what_cannot_be_seen_of_a_server_elsewhere_is_said_and_not_made_up() {
    let home = tempfile::tempdir().unwrap();
    let (_server, data) = server(home.path()).await;
    let memory = "[[threshold]]\nrequire = \"rss < 1GB\"\n";
    let (_folder, file) = scenario(&format!("{TRAFFIC}{memory}"));
    let file = file.display().to_string();
    let output = muster(&["load", &file, "--json", "--quiet", "--data", &data]).output().unwrap();
    let report = json(&output);
    assert_eq!(report["server"], serde_json::json!({}), "{report:#}");
    assert_eq!(report["thresholds"][0]["outcome"], "inconclusive", "{}", report["thresholds"]);
    assert_ne!(report["run"]["server"], "embedded");
    assert_eq!(report["run"]["through"], "graph");
    let unseen = report["run"]["not_observed"].to_string();
    assert!(unseen.contains("memory and processor"), "{unseen}");
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_server_elsewhere_that_shows_metrics_is_judged_by_what_it_takes() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let page = free.local_addr().unwrap().to_string();
    drop(free);
    let _server = Place::new(&data).server_with(&["--metrics", &page]);
    until("the server says where it is", async || data.join("endpoints.json").exists()).await;
    until("its page is there", async || std::net::TcpStream::connect(&page).is_ok()).await;
    let memory = "[[threshold]]\nrequire = \"rss < 1GB\"\n";
    let (_folder, file) = scenario(&format!("{TRAFFIC}{memory}"));
    let (file, data) = (file.display().to_string(), data.display().to_string());
    let page = format!("http://{page}/metrics");
    let flags = ["load", &file, "--json", "--quiet", "--data", &data, "--server-metrics", &page];
    let report = json(&muster(&flags).output().unwrap());
    // Whether it passes is up to the machine: it may be busy.
    assert!(report["server"]["cpu_percent_most"].as_f64().unwrap() > 0.0, "{}", report["server"]);
    let (server, both) = (&report["server"]["rss_bytes_most"], &report["thresholds"][0]["value"]);
    assert!(server.as_f64().unwrap() > 1e6 && both.as_f64() > server.as_f64(), "{server} {both}");
    let unseen = report["run"]["not_observed"].to_string();
    assert!(!unseen.contains("memory and processor"), "{unseen}");
}

#[tokio::test]
async fn a_page_of_metrics_that_is_not_there_is_said_before_anything_enrols() {
    let home = tempfile::tempdir().unwrap();
    let (_server, data) = server(home.path()).await;
    let (_folder, file) = scenario(TRAFFIC);
    let file = file.display().to_string();
    let nowhere = "http://127.0.0.1:9/metrics";
    let refused = run(&["load", &file, "--data", &data, "--server-metrics", nowhere]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(69), "{said}");
    assert!(said.contains("--server-metrics http://127.0.0.1:9/metrics"), "{said}");
}

#[test]
fn faults_of_a_server_that_is_not_the_runs_own_are_refused_with_their_line() {
    let home = tempfile::tempdir().unwrap();
    let (_folder, file) =
        scenario("[[phase]]\nname = \"all\"\nlasts = \"2s\"\n[[fault]]\nserver = \"kill\"\n");
    let folder = papers(home.path());
    let mut flags = vec!["load".to_owned(), file.display().to_string()];
    flags.extend(folder.iter().cloned());
    flags.extend(["--server", "127.0.0.1:9", "--admin", "https://127.0.0.1:9"].map(str::to_owned));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let refused = run(&flags);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(64), "{said}");
    assert!(said.contains("line 8") && said.contains("kill"), "{said}");
}

#[test]
fn another_machine_is_left_alone_unless_somebody_says_that_it_is_theirs() {
    let home = tempfile::tempdir().unwrap();
    let (_folder, file) = scenario(TRAFFIC);
    let papers = papers(home.path());
    let refused = |server: &str, admin: &str, metrics: &str| {
        let file = file.display().to_string();
        let mut command = muster(&["load", &file, "--server", server, "--admin", admin]);
        command.args(["--server-metrics", metrics]);
        let refused = command.args(&papers).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(64), "{said}");
        assert!(said.contains("--i-own-this-target"), "{said}");
    };
    let [quic, admin, page] = ["127.0.0.1:9", "https://127.0.0.1:9", "http://127.0.0.1:9/"];
    refused("192.0.2.7:4433", admin, page);
    refused(quic, "https://192.0.2.7", page);
    refused(quic, admin, "http://192.0.2.7/metrics");
}

#[test]
fn a_server_that_is_not_there_cannot_be_reached() {
    let home = tempfile::tempdir().unwrap();
    let (_folder, file) = scenario(TRAFFIC);
    let nothing = home.path().join("nothing").display().to_string();
    let refused = run(&["load", &file.display().to_string(), "--data", &nothing]);
    assert_eq!(refused.status.code(), Some(69));
}

#[tokio::test]
async fn who_is_up_after_the_common_start_does_not_play() {
    let home = tempfile::tempdir().unwrap();
    let (_server, data) = server(home.path()).await;
    let (_folder, file) = scenario(TRAFFIC);
    let file = file.display().to_string();
    let late = ["--shard", "1/2", "--start-at", "2026-01-02T03:04:05Z"];
    let refused = muster(&["load", &file, "--quiet", "--data", &data]).args(late).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("after the instant"), "{said}");
}

/// Files that nobody gets to read further than their first line, and the flags that name them.
fn papers(folder: &Path) -> Vec<String> {
    let flags = ["--ca", "--token-file", "--admin-token-file"];
    let flags = flags.into_iter().flat_map(|flag| {
        let file = folder.join(flag.trim_start_matches('-'));
        std::fs::write(&file, "nothing").unwrap();
        [flag.to_owned(), file.display().to_string()]
    });
    flags.collect()
}
