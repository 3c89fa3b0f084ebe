//! The faults of a live fleet: their names, and what a server and its fleet make of them together.

use std::path::Path;

use muster_agent::{FaultError, FleetFault};
use muster_store::Store;
use reqwest::{Certificate, Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::process::{Place, json, until};

/// Devices of the fleet.
const DEVICES: usize = 12;

/// Commands accepted while everything fails.
const COMMANDS: usize = 60;

/// What fails, each for the first seconds of the fleet.
const FAULTS: [&str; 5] = [
    "loss rate=10% lasts=6s",
    "jitter below=40ms lasts=6s",
    "duplicate rate=5% lasts=6s",
    "crash rate=20% lasts=6s",
    "rebind at=3s",
];

/// A network that is blocked at first, then slow, narrow and forgetful; and agents and connections
/// that end at the worst moments.
const NETWORK_AND_MOMENTS: [&str; 6] = [
    "udp-blocked lasts=1s",
    "rate-limit bytes-per-second=200000 queue=64",
    "mtu-shrinks bytes=1200 after=connected",
    "mapping-forgotten idle=100ms",
    "crash after=executed nth=2",
    "cut after=command-arrives nth=3",
];

#[tokio::test(flavor = "multi_thread")]
async fn commands_accepted_while_everything_fails_all_end_and_none_takes_effect_twice() {
    let summary = all_end(&FAULTS).await;
    for done in ["lost", "delayed", "duplicated", "new_ports"] {
        assert!(summary["faulty_links"][done].as_u64() > Some(0), "{done}: {summary}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_end_over_a_poor_network_and_whatever_happens_at_the_worst_moment() {
    let summary = all_end(&NETWORK_AND_MOMENTS).await;
    // Whether a mapping is forgotten just when something comes is a matter of luck here; the link's own
    // tests see to it.
    for done in ["blocked", "delayed"] {
        assert!(summary["faulty_links"][done].as_u64() > Some(0), "{done}: {summary}");
    }
}

/// Lives through these faults with a fleet that is asked for something all the time; returns what
/// the fleet tells at its end.
async fn all_end(faults: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let faults = faults.iter().flat_map(|fault| ["--fault", fault]);
    let fleet = place.fleet(&["--devices", "12"].into_iter().chain(faults).collect::<Vec<_>>());
    until("all devices have enrolled", async || place.devices().len() == DEVICES).await;

    submit_all(folder.path(), &place).await;
    let store = Store::sqlite(&folder.path().join("muster.db")).unwrap();
    until("nothing accepted is open", async || {
        let counts = store.counts().await.unwrap();
        counts.accepted == counts.terminal
    })
    .await;
    assert_eq!(store.counts().await.unwrap().terminal, u64::try_from(COMMANDS).unwrap());
    store.close().await;
    let summary = json(&fleet.interrupt());
    assert_eq!(summary["executed_twice"], 0, "{summary}");
    assert!(summary["reconnects"].as_u64() > Some(0), "{summary}");
    summary
}

/// Asks all devices at once, each for its share of the commands.
async fn submit_all(data: &Path, place: &Place) {
    let ca = std::fs::read(data.join("ca.pem")).unwrap();
    let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
    let endpoints = std::fs::read(data.join("endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_slice(&endpoints).unwrap();
    let base = format!(
        "https://{}/v1.0/deviceManagement/managedDevices",
        endpoints["admin"].as_str().unwrap()
    );
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let trusted = Certificate::from_pem(&ca).unwrap();
    let client = Client::builder().tls_certs_only([trusted]).build().unwrap();
    let mut asking = JoinSet::new();
    for device in place.devices() {
        let url = format!("{base}/{}", device["id"].as_str().unwrap());
        asking.spawn(submit(client.clone(), token.clone(), url));
    }
    asking.join_all().await;
}

/// A lock where the device can be locked, a sync where it cannot.
async fn submit(client: Client, token: String, url: String) {
    let post = async |action: &str| -> Response {
        let request = client.post(format!("{url}/{action}")).bearer_auth(&token);
        request.send().await.unwrap()
    };
    for _ in 0..COMMANDS / DEVICES {
        let mut answer = post("remoteLock").await;
        if answer.status() == StatusCode::BAD_REQUEST {
            answer = post("syncDevice").await;
        }
        assert!(answer.status().is_success(), "{answer:?}");
        assert!(answer.headers().contains_key("x-muster-command-id"), "{answer:?}");
    }
}

/// `fixtures/faults.toml`, as far as it matters here.
#[derive(Deserialize)]
struct Vocabulary {
    fault: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(rename = "where")]
    place: String,
    live: Option<String>,
    how: Option<String>,
}

impl Row {
    fn is_live(&self) -> bool {
        ["live", "both"].contains(&self.place.as_str())
    }
}

fn vocabulary() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/faults.toml");
    let text = std::fs::read_to_string(path).unwrap();
    toml::from_str::<Vocabulary>(&text).unwrap().fault
}

/// The shortest text of a fault with this name: what it says it needs, and nothing else.
fn shortest(name: &str) -> FleetFault {
    let mut text = name.to_owned();
    loop {
        let key = match text.parse() {
            Ok(fault) => return fault,
            Err(FaultError::Missing { key, .. }) => key,
            Err(error) => panic!("{text}: {error}"),
        };
        let value = match key {
            "rate" => "5%",
            "by" | "below" => "40ms",
            "direction" => "up",
            "bytes" | "bytes-per-second" => "1200",
            "idle" => "40ms",
            other => panic!("{name} needs {other}"),
        };
        text = format!("{text} {key}={value}");
    }
}

#[test]
fn every_fault_of_a_fleet_stands_in_the_vocabulary_as_one_that_can_be_had_live() {
    let rows = vocabulary();
    for name in FleetFault::names() {
        assert_eq!(shortest(name).what.name(), name);
        let row = rows.iter().find(|row| row.name == name);
        assert!(row.is_some_and(Row::is_live), "{name} has no row that says it is live");
        let words = row.and_then(|row| row.live.as_deref()).unwrap_or_default();
        assert!(words.split(' ').next() == Some(name), "{name} is made by {words:?}");
    }
}

#[test]
fn the_live_words_of_the_vocabulary_are_read_as_faults_of_a_fleet() {
    for row in vocabulary() {
        if let Some(Err(error)) = row.live.as_deref().map(str::parse::<FleetFault>) {
            panic!("{}: {error}", row.name);
        }
    }
}

#[test]
fn what_the_vocabulary_calls_live_is_a_fault_of_a_fleet_or_says_how_else_it_is_made() {
    for row in vocabulary().iter().filter(|row| row.is_live()) {
        assert!(
            row.live.is_some() || row.how.is_some(),
            "{} is live, and nothing says how",
            row.name
        );
    }
}
