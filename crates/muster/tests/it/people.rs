//! Fleets whose devices come and go with their users.

use crate::process::{Place, json, until};

const DEVICES: usize = 12;

/// States of an action that are its end.
const ENDS: [&str; 3] = ["done", "failed", "notSupported"];

/// Enrols office workers, whose days last six seconds.
const OFFICE: [&str; 6] = ["--devices", "12", "--life", "office-worker", "--day-length", "6s"];

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_of_people_loses_no_command_and_executes_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let fleet = place.fleet(&OFFICE);
    until("everybody has enrolled", async || place.devices().len() == DEVICES).await;
    for device in place.devices() {
        let serial = device["serialNumber"].as_str().unwrap();
        let synced = place.ask(&["action", "sync", serial, "--wait=60s"]);
        assert_eq!(json(&synced)["result"]["actionState"], "done", "{serial}");
        // Some modes of management have no such action, and are told so at once.
        let locked = json(&place.ask(&["action", "lock", serial, "--wait=60s"]));
        let state = locked["result"]["actionState"].as_str();
        assert!(
            locked["status"] == 400 || state.is_some_and(|state| ENDS.contains(&state)),
            "{serial}: {locked}"
        );
    }
    let summary = json(&fleet.interrupt());
    assert_eq!((&summary["executed_twice"], &summary["enrolled"]), (&0.into(), &DEVICES.into()));
    assert!(summary["executed"].as_u64() > Some(0), "{summary}");
    assert!(summary["reconnects"].as_u64() > Some(0), "nobody went through a tunnel: {summary}");
}

#[tokio::test]
async fn a_habit_nobody_has_is_answered_with_those_there_are() {
    let refused = crate::process::run(&["fleet", "--life", "pirate"]);
    assert_eq!(refused.status.code(), Some(64));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("realistic or a habit: office-worker"), "{said}");
}
