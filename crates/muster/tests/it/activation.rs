//! The vendor's activation service between a server and a fleet, as processes of their own.

use std::path::Path;

use serde_json::Value;

use crate::process::{Place, Running, json, muster, run, until};

const BYPASS: &str = "bypass-activation-lock";

/// A server that gives bypass codes to the service of this folder.
async fn server(place: &Place, vendor: &Path) -> Running {
    let server = place.server_with(&["--activation-folder", plain(vendor)]);
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    server
}

/// A fleet that survives its end, with its vendor.
async fn fleet(place: &Place, folder: &Path) -> Running {
    let (state, vendor) = (folder.join("fleet"), folder.join("vendor"));
    let service = ["--activation-service", "127.0.0.1:0", "--activation-folder", plain(&vendor)];
    let args = [&["--devices", "4", "--state", plain(&state)][..], &service].concat();
    let fleet = place.fleet(&args);
    until("all devices are here", async || place.connected() == 4).await;
    fleet
}

fn plain(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn state(place: &Place, serial: &str) -> Value {
    let shown = json(&place.ask(&["device", "show", serial]));
    shown["deviceActionResults"][0]["actionState"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bypass_waits_for_the_vendor_and_not_for_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&folder.path().join("server"));
    let _server = server(&place, &folder.path().join("vendor")).await;
    let running = fleet(&place, folder.path()).await;
    let devices = place.devices();
    let supervised = devices.iter().find(|device| device["isSupervised"] == true).unwrap();
    let serial = supervised["serialNumber"].as_str().unwrap();
    let done = place.ask(&["action", BYPASS, serial, "--wait"]);
    assert_eq!(json(&done)["result"]["actionState"], "done", "{done:?}");

    running.kill();
    let other = devices.iter().rfind(|device| device["isSupervised"] == true).unwrap();
    let serial = other["serialNumber"].as_str().unwrap();
    place.ask(&["action", BYPASS, serial]);
    assert_eq!(state(&place, serial), "pending");
    let _running = fleet(&place, folder.path()).await;
    until("the vendor is back", async || state(&place, serial) == "done").await;
}

#[test]
fn a_service_without_a_folder_is_an_error_of_usage() {
    let without_folder = run(&["fleet", "--activation-service", "127.0.0.1:0"]);
    assert_eq!(without_folder.status.code(), Some(64));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_machines_are_never_served() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&folder.path().join("server"));
    let vendor = folder.path().join("vendor");
    let _server = server(&place, &vendor).await;
    let args = ["fleet", "--devices", "1", "--activation-service", "0.0.0.0:0"];
    let mut fleet = muster(&args);
    let data = folder.path().join("server");
    let fleet = fleet.args(["--data", plain(&data), "--activation-folder", plain(&vendor)]);
    let refused = fleet.output().unwrap();
    assert_eq!(refused.status.code(), Some(64));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("not a loopback address"), "{said}");
    assert!(!vendor.exists());
}
