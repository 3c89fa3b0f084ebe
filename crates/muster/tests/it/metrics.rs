//! What server and fleet export is what the board, the alerts and the documentation speak of.

mod board;
mod exposition;
mod promql;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;

use exposition::{Exported, exported};

use crate::process::{Place, Running, muster, until};

/// Names and labels that Prometheus adds by itself.
const PROMETHEUS_METRICS: [&str; 1] = ["up"];
const PROMETHEUS_LABELS: [&str; 2] = ["job", "instance"];

/// A page that a process shows, or is about to.
struct Page(String);

impl Page {
    fn somewhere() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        Self(free.local_addr().unwrap().to_string())
    }

    /// The page once it says this.
    async fn saying(&self, words: &str) -> String {
        let mut text = String::new();
        until(&format!("{} says {words:?}", self.0), async || {
            text = self.read().await.unwrap_or_default();
            text.contains(words)
        })
        .await;
        text
    }

    async fn read(&self) -> Option<String> {
        reqwest::get(format!("http://{}/metrics", self.0)).await.ok()?.text().await.ok()
    }
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn file(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// What a server and its fleet export once three devices are connected, and what a load run does.
async fn everything() -> BTreeMap<String, Exported> {
    install_crypto();
    let data = tempfile::tempdir().unwrap();
    let place = Place::new(data.path());
    let [server, fleet, load] = [Page::somewhere(), Page::somewhere(), Page::somewhere()];
    let _server = place.server_with(&["--metrics", &server.0]);
    server.saying("muster_server_devices_connected 0\n").await;
    let _fleet = place.fleet(&["--devices", "3", "--metrics", &fleet.0]);
    let _load = run(&load);
    let text = [
        fleet.saying("muster_fleet_devices_connected 3\n").await,
        server.saying("muster_server_devices_connected 3\n").await,
        load.saying("muster_load_commands_total").await,
    ];
    exported(&text.concat())
}

/// A load run of a minute, of which only the beginning is looked at.
fn run(page: &Page) -> Running {
    let scenario = repository().join("fixtures/scenarios/steady-half-load.toml");
    let scenario = scenario.to_str().unwrap();
    Running::start(muster(&["load", scenario, "--devices", "3", "--metrics", &page.0]))
}

fn install_crypto() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}

#[tokio::test]
async fn what_board_and_alerts_ask_for_is_exported_and_documented() {
    let exported = everything().await;
    let rules = file("fixtures/prometheus/rules.yml");
    let recorded: BTreeSet<&str> = promql::values(&rules, "record").collect();
    let mut asked = board::expressions(&file("fixtures/grafana/muster.json"));
    for file in [&rules, &file("fixtures/prometheus/alerts.yml")] {
        asked.extend(promql::values(file, "expr").map(str::to_owned));
    }
    assert!(asked.len() > 40, "{} expressions", asked.len());
    for expression in &asked {
        check(expression, &exported, &recorded);
    }
    check_documentation(&exported);
}

/// Every metric of an expression is exported, with the labels and the label values it asks for.
fn check(expression: &str, exported: &BTreeMap<String, Exported>, recorded: &BTreeSet<&str>) {
    let asked = promql::read(expression);
    assert!(!asked.metrics.is_empty(), "nothing is asked for: {expression}");
    let mut known: BTreeSet<&str> = PROMETHEUS_LABELS.into();
    for (metric, matchers) in &asked.metrics {
        if PROMETHEUS_METRICS.contains(&metric.as_str()) || recorded.contains(metric.as_str()) {
            continue;
        }
        let found = exported.get(metric);
        let found = found.unwrap_or_else(|| panic!("{metric} is not exported: {expression}"));
        known.extend(found.labels.keys().map(String::as_str));
        for (label, value) in matchers {
            if PROMETHEUS_LABELS.contains(&label.as_str()) {
                continue;
            }
            let values = found.labels.get(label);
            let known = values.is_some_and(|values| values.contains(value));
            assert!(known, "{metric} has no {label}={value:?}: {expression}");
        }
    }
    for label in &asked.grouped_by {
        assert!(known.contains(label.as_str()), "nothing has the label {label}: {expression}");
    }
}

/// Every metric has a row of its own, which says what the page says of it.
fn check_documentation(exported: &BTreeMap<String, Exported>) {
    let page = file("docs/metrics.md");
    let documented: BTreeSet<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let rows: BTreeSet<String> = exported.values().map(Exported::row).collect();
    let missing: Vec<&String> =
        rows.iter().filter(|row| !documented.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "docs/metrics.md lacks these rows:\n{missing:#?}");
    let stale: Vec<&&str> = documented.iter().filter(|row| !rows.contains(**row)).collect();
    assert!(stale.is_empty(), "docs/metrics.md has rows of nothing:\n{stale:#?}");
}

#[test]
fn a_page_is_shown_to_other_machines_only_if_that_is_wanted() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let run = crate::process::run(&[
        "server",
        "--quic",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--data",
        data,
        "--metrics",
        "0.0.0.0:0",
    ]);
    assert_eq!(run.status.code(), Some(64));
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(told.contains("--allow-non-loopback"), "{told}");
}
