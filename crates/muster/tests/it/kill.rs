//! A server that is killed in the middle of its work loses nothing, repeats nothing and keeps its
//! audit log.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use muster_protocol::CommandId;
use muster_store::Store;
use reqwest::{Certificate, Client};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::process::{Place, until};

/// Devices of the fleet.
const DEVICES: usize = 40;

/// Commands accepted over the whole test, at least.
const COMMANDS: usize = 1_000;

/// How often the server is killed while commands are accepted, delivered and answered.
const KILLS: usize = 5;

/// Submitters at work at once.
const SUBMITTERS: usize = 16;

/// Commands whose acceptance an administrator has seen.
type Accepted = Arc<Mutex<BTreeSet<CommandId>>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_amid_a_thousand_commands_loses_none_and_repeats_none() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let mut server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let fleet = place.fleet(&["--devices", &DEVICES.to_string()]);
    until("all devices are here", async || place.connected() == DEVICES).await;

    let accepted = Accepted::default();
    let submitting = submit(folder.path(), &place, &accepted);
    for kill in 1..=KILLS {
        let goal = COMMANDS * kill / (KILLS + 1);
        until("enough commands are accepted", async || accepted.lock().unwrap().len() >= goal)
            .await;
        server.kill();
        server = place.server();
    }
    submitting.join_all().await;

    let store = Store::sqlite(&folder.path().join("muster.db")).unwrap();
    until("nothing accepted is open", async || {
        let counts = store.counts().await.unwrap();
        counts.accepted == counts.terminal
    })
    .await;
    assert_all_ended(&store, &accepted).await;
    let summary: Value = serde_json::from_slice(&fleet.interrupt().stdout).unwrap();
    assert_eq!(summary["executed_twice"], 0, "{summary}");
    assert_eq!(summary["executed"], store.counts().await.unwrap().by_state.done, "{summary}");
    store.close().await;
}

async fn assert_all_ended(store: &Store, accepted: &Accepted) {
    let ids: Vec<CommandId> = accepted.lock().unwrap().iter().copied().collect();
    assert!(ids.len() >= COMMANDS);
    for id in ids {
        let command = store.command(id).await.unwrap();
        let command = command.unwrap_or_else(|| panic!("{id} was accepted and is lost"));
        assert!(command.state.is_terminal(), "{command:?}");
        let entry = store.document("auditEvent", &id.to_string()).await.unwrap();
        assert!(entry.is_some(), "{id} was accepted and is not in the audit log");
    }
}

/// Starts submitters that go on until enough commands are accepted, whatever happens to the
/// server meanwhile.
fn submit(data: &std::path::Path, place: &Place, accepted: &Accepted) -> JoinSet<()> {
    let ca = std::fs::read(data.join("ca.pem")).unwrap();
    let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
    let endpoints = std::fs::read(data.join("endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_slice(&endpoints).unwrap();
    let base = format!(
        "https://{}/v1.0/deviceManagement/managedDevices",
        endpoints["admin"].as_str().unwrap()
    );
    let urls: Vec<String> = place
        .devices()
        .iter()
        .map(|device| format!("{base}/{}/remoteLock", device["id"].as_str().unwrap()))
        .collect();
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let trusted = Certificate::from_pem(&ca).unwrap();
    let client = Client::builder().tls_certs_only([trusted]).build().unwrap();
    let mut submitters = JoinSet::new();
    for first in 0..SUBMITTERS {
        let urls = urls.clone().into_iter().cycle().skip(first * 3);
        submitters.spawn(submit_all(client.clone(), token.clone(), urls, accepted.clone()));
    }
    submitters
}

async fn submit_all(
    client: Client,
    token: String,
    urls: impl Iterator<Item = String>,
    accepted: Accepted,
) {
    for url in urls {
        if accepted.lock().unwrap().len() >= COMMANDS {
            return;
        }
        // A server that is away refuses at once; a full queue says so. Either way: the next.
        let Ok(answer) = client.post(url).bearer_auth(&token).send().await else {
            tokio::task::yield_now().await;
            continue;
        };
        if let Some(id) = answer.headers().get("x-muster-command-id") {
            let id = id.to_str().unwrap().parse().unwrap();
            accepted.lock().unwrap().insert(id);
        }
    }
}
