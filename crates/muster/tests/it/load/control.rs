//! A run that is watched and changed over HTTP while it goes.

use std::process::Output;

use serde_json::{Value, json};

use super::elsewhere::server;
use super::scenario;
use crate::process::{Running, json as report, muster, until};

/// More than anybody waits for: the run ends because somebody says so.
const LONG: &str = r#"
[[phase]]
name = "all"
lasts = "10m"

[[arrivals]]
rate = "40/s"
commands = "sync"

[limits]
drain = "30s"
deadline = "60s"
"#;

/// A run with its control.
struct Controlled {
    running: Running,
    client: reqwest::Client,
    url: String,
    token: String,
    _folder: tempfile::TempDir,
}

impl Controlled {
    async fn start(flags: &[&str]) -> Self {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let (folder, file) = scenario(LONG);
        let (file, token) = (file.display().to_string(), folder.path().join("token"));
        let (address, words) = (free(), token.display().to_string());
        let control = ["--control", &address, "--control-token-file", &words];
        let mut command = muster(&["load", &file, "--json", "--quiet"]);
        command.args(control).args(flags);
        let running = Running::start(command);
        let url = format!("http://{address}/v1/run");
        until("the token is there", async || token.exists()).await;
        let token = std::fs::read_to_string(&token).unwrap().trim().to_owned();
        let client = reqwest::Client::new();
        Self { running, client, url, token, _folder: folder }
    }

    /// The numbers, once they are as wanted.
    async fn shows(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut now = Value::Null;
        until(what, async || {
            now = self.look().await.unwrap_or_default();
            is_so(&now)
        })
        .await;
        now
    }

    async fn look(&self) -> Option<Value> {
        let asked = self.client.get(&self.url).bearer_auth(&self.token).send().await.ok()?;
        serde_json::from_str(&asked.text().await.ok()?).ok()
    }

    async fn wish(&self, verb: &str, body: Value) {
        let (status, told) = self.ask(verb, body).await;
        assert_eq!(status, 202, "{verb}: {told}");
    }

    /// What is answered to a wish.
    async fn ask(&self, verb: &str, body: Value) -> (u16, String) {
        let asked = self.client.post(format!("{}/{verb}", self.url)).bearer_auth(&self.token);
        let told = asked.body(body.to_string()).send().await.unwrap();
        (told.status().as_u16(), told.text().await.unwrap())
    }

    fn end(self) -> Output {
        self.running.ends()
    }
}

/// What was changed by hand, by a report.
fn changed(report: &Value) -> Vec<&str> {
    let changed = report["interventions"].as_array().unwrap().iter();
    changed.map(|it| it["what"].as_str().unwrap()).collect()
}

fn free() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

fn ended(now: &Value) -> u64 {
    now["recent_terminal"].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn a_run_without_a_terminal_is_paused_sped_up_broken_and_ended_over_http() {
    let run = Controlled::start(&[]).await;
    run.shows("commands come to their end", |now| ended(now) > 0).await;
    run.wish("pause", json!({})).await;
    run.shows("the plan stands", |now| now["clock"] == "stands").await;
    run.shows("nothing is asked any more", |now| now["open"] == 0 && ended(now) == 0).await;
    run.wish("pace", json!({ "factor": 2 })).await;
    run.wish("resume", json!({})).await;
    run.shows("the plan goes on, faster", |now| {
        now["clock"] == "plays" && now["factor"] == 2.0 && ended(now) > 0
    })
    .await;
    run.wish("inject", json!({ "fault": "restart" })).await;
    let happened = |now: &Value| now["happened"].to_string().contains("the server stops");
    run.shows("the server goes", happened).await;
    run.shows("everybody is back", |now| now["connected"] == 20 && ended(now) > 0).await;
    run.wish("stop", json!({})).await;
    let output = run.end();
    assert_eq!(output.status.code(), Some(130));
    let report = report(&output);
    assert_eq!(report["run"]["ending"], "interrupted");
    let changed = changed(&report);
    assert_eq!(changed.len(), 4, "{changed:?}");
    assert_eq!((changed[0], changed[2]), ("paused", "resumed"));
    assert_eq!(report["faults"][0]["name"], "restart by hand");
    assert_eq!(report["events"][0]["name"], "restart by hand");
    assert_eq!(report["events"][0]["through"], report["events"][0]["devices"]);
    assert_eq!(report["commands"]["lost"], 0, "{}", report["commands"]);
    assert_eq!(report["commands"]["executed_twice"], 0, "{}", report["commands"]);
}

#[tokio::test]
async fn a_run_of_several_processes_is_looked_at_and_changed_like_one() {
    let page = free();
    let run = Controlled::start(&["--workers", "2", "--metrics", &page]).await;
    run.shows("commands come to their end", |now| ended(now) > 0).await;
    run.wish("pause", json!({})).await;
    run.shows("the plan stands", |now| now["clock"] == "stands").await;
    let quiet = |now: &Value| now["open"] == 0 && ended(now) == 0;
    let now = run.shows("nothing is asked any more", quiet).await;
    assert_eq!((&now["devices"], &now["connected"]), (&json!(20), &json!(20)), "{now}");
    let planned = now["commands"]["planned"].clone();
    let metrics =
        reqwest::get(format!("http://{page}/metrics")).await.unwrap().text().await.unwrap();
    for shown in [
        format!("muster_load_commands_total{{step=\"planned\"}} {planned}\n"),
        "muster_server_devices_connected 20\n".to_owned(),
    ] {
        assert!(metrics.contains(&shown), "no {shown} in {metrics}");
    }
    run.wish("inject", json!({ "fault": "restart" })).await;
    run.shows("everybody goes", |now| now["connected"] != 20).await;
    run.shows("everybody is back", |now| now["connected"] == 20).await;
    run.wish("inject", json!({ "fault": "outage", "percent": 50 })).await;
    run.shows("half of the devices of both are cut off", |now| now["connected"] == 10).await;
    run.wish("stop", json!({})).await;
    let output = run.end();
    assert_eq!(output.status.code(), Some(130));
    let report = report(&output);
    assert_eq!(report["funnel"]["planned"], planned, "what was shown is what is reported");
    let (changed, event) = (changed(&report), &report["events"][0]);
    assert_eq!(changed[0], "paused");
    assert!(changed[1].starts_with("the server stops") && changed[2].starts_with("50 %"));
    assert_eq!(changed.len(), 3, "each stands once: {changed:?}");
    let faults: Vec<_> = report["faults"].as_array().unwrap().iter().collect();
    let names: Vec<_> = faults.iter().map(|fault| fault["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["restart by hand", "outage by hand"]);
    assert_eq!((&event["name"], &event["devices"]), (&json!("restart by hand"), &json!(20)));
    assert_eq!(event["through"], event["devices"], "{event}");
    assert_eq!(report["commands"]["lost"], 0, "{}", report["commands"]);
}

#[tokio::test]
async fn several_processes_do_not_stop_the_server_of_somebody_else() {
    let home = tempfile::tempdir().unwrap();
    let (_server, data) = server(home.path()).await;
    let run = Controlled::start(&["--workers", "2", "--data", &data]).await;
    run.shows("commands come to their end", |now| ended(now) > 0).await;
    let (status, told) = run.ask("inject", json!({ "fault": "kill" })).await;
    assert_eq!(status, 409, "{told}");
    run.wish("stop", json!({})).await;
    assert_eq!(run.end().status.code(), Some(130));
}

#[test]
fn a_run_is_changed_from_its_own_machine_only() {
    let (_folder, file) = scenario(LONG);
    let file = file.display().to_string();
    let refused = muster(&["load", &file, "--control", "0.0.0.0:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(64), "{said}");
    assert!(said.contains("not a loopback address"), "{said}");
}
