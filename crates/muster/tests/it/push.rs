//! Woken devices, their server and their vendor's push services, as processes of their own.

use std::path::Path;

use serde_json::Value;

use crate::process::{Place, Running, json, run, until};

fn plain(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn server(place: &Place, vendor: &Path) -> Running {
    let server = place.server_with(&["--push-folder", plain(vendor)]);
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    server
}

/// A fleet whose devices have all come once and left.
async fn fleet(place: &Place, folder: &Path, devices: usize) -> Running {
    let (count, vendor) = (devices.to_string(), folder.join("vendor"));
    let fleet = place.fleet(&[
        "--devices",
        &count,
        "--connectivity",
        "woken",
        "--activation-service",
        "127.0.0.1:0",
        "--activation-folder",
        plain(&vendor),
    ]);
    until("all devices are enrolled", async || place.devices().len() == devices).await;
    until("all devices have left", async || place.connected() == 0).await;
    fleet
}

/// The devices that do what they are asked at once: an iPhone may have its screen locked.
fn willing(place: &Place) -> Vec<Value> {
    let devices = place.devices().into_iter();
    devices.filter(|device| device["operatingSystem"] == "Android").collect()
}

fn sync(place: &Place, device: &Value, args: &[&str]) -> Value {
    let serial = device["serialNumber"].as_str().unwrap();
    json(&place.ask(&[&["action", "sync", serial], args].concat()))
}

fn state(place: &Place, device: &Value) -> Value {
    let shown = json(&place.ask(&["device", "show", device["serialNumber"].as_str().unwrap()]));
    shown["deviceActionResults"][0]["actionState"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_woken_device_is_fetched_by_a_push_also_after_its_server_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (place, vendor) = (Place::new(&folder.path().join("server")), folder.path().join("vendor"));
    let first = server(&place, &vendor).await;
    let running = fleet(&place, folder.path(), 8).await;
    let devices = willing(&place);
    let done = sync(&place, &devices[0], &["--wait"]);
    assert_eq!(done["result"]["actionState"], "done", "{done}");

    // A server that has nobody to push for it accepts the command, and is killed.
    first.kill();
    let nowhere = folder.path().join("nowhere");
    let second = server(&place, &nowhere).await;
    sync(&place, &devices[1], &[]);
    assert_eq!(state(&place, &devices[1]), "pending");
    second.kill();
    let _third = server(&place, &vendor).await;
    until("the push is made up for", async || state(&place, &devices[1]) == "done").await;

    let told = json(&running.interrupt());
    assert_eq!((&told["pushes"], &told["executed_twice"]), (&2.into(), &0.into()), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_woken_device_is_fetched_by_a_broadcast() {
    let folder = tempfile::tempdir().unwrap();
    let (place, vendor) = (Place::new(&folder.path().join("server")), folder.path().join("vendor"));
    let _server = server(&place, &vendor).await;
    let running = fleet(&place, folder.path(), 30).await;
    let devices = willing(&place);
    assert!(devices.len() >= 8, "{}", devices.len());
    for device in &devices {
        sync(&place, device, &[]);
    }
    for device in &devices {
        until("each is fetched", async || state(&place, device) == "done").await;
    }
    let told = json(&running.interrupt());
    let pushes = (told["pushes"].as_u64(), told["connect_failures"].as_u64());
    assert_eq!(pushes, (Some(devices.len() as u64), Some(0)), "{told}");
}

#[test]
fn woken_devices_nobody_can_wake_are_an_error_of_usage() {
    for how in ["woken", "30%", "sometimes"] {
        let refused = run(&["fleet", "--connectivity", how]);
        assert_eq!(refused.status.code(), Some(64), "{how}");
    }
}
