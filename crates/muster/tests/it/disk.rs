//! Servers that are told to have a slow or a full disk.

use crate::process::{Place, json, until};

#[tokio::test]
async fn nobody_enrols_at_a_server_whose_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server_with(&["--disk-full", "1h"]);
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let summary = json(&place.ask(&["fleet", "--devices", "3", "--run-for", "2s"]));
    assert_eq!(summary["enrolled"], 0, "{summary}");
    assert!(place.devices().is_empty());
}

#[tokio::test]
async fn devices_enrol_at_a_server_whose_disk_is_slow() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server_with(&["--slow-disk", "20ms"]);
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let _fleet = place.fleet(&["--devices", "3"]);
    until("three devices are connected", async || place.connected() == 3).await;
}
