//! A live run with a planted fault, taken apart afterwards.

use std::path::Path;

use serde_json::Value;

use crate::process::{Place, json, muster, until};

/// An agent that dies four times out of five before it answers has died once by then: the chance
/// of another course is one in fifteen thousand.
const LOCKS: usize = 6;

/// Enrolling, connecting, the command, dying, coming back, the command again.
const INPUTS_MAX: u64 = 10;

/// Lets the agent of a device that forgets its journal die, and returns the device's number and the
/// recording that its fleet leaves.
async fn broken_run(folder: &Path, run: &str) -> (String, String) {
    let place = Place::new(&folder.join("server"));
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let planted = ["--plant", "journal-forgets", "--fault", "crash rate=80%"];
    let fleet = place.fleet(&[&["--devices", "1", "--record", run], &planted[..]].concat());
    until("the device is here", async || place.connected() == 1).await;
    let serial = place.devices()[0]["serialNumber"].as_str().unwrap().to_owned();
    for _ in 0..LOCKS {
        let locked = place.ask(&["action", "lock", &serial, "--wait=60s"]);
        assert!(locked.status.success(), "{locked:?}");
    }
    let stopped = fleet.interrupt();
    assert_eq!(stopped.status.code(), Some(1));
    let stopped = json(&stopped);
    assert!(stopped["executed_twice"].as_u64() > Some(0));
    (serial, stopped["case_files"][0].as_str().unwrap().to_owned())
}

/// A failed replay of a recording.
fn replayed(file: &str) -> Value {
    let replayed = muster(&["--json", "case", "replay", file]).output().unwrap();
    assert_eq!(replayed.status.code(), Some(1), "{replayed:?}");
    json(&replayed)["replayed"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_effect_in_a_live_run_replays_and_shrinks_to_a_few_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (run, file, small) = (path("run"), path("one.muster"), path("small.muster"));
    let (serial, left) = broken_run(folder.path(), &run).await;
    assert_eq!(replayed(&left)["took_effect_twice"].as_array().unwrap().len(), 1);
    let drawn = muster(&["case", "timeline", &left]).output().unwrap();
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    assert!(drawn.contains("session") && drawn.contains("is in flight, attempt"), "{drawn}");

    let cut = muster(&["case", "cut", &run, "--device", &serial, "-o", &file]).output().unwrap();
    assert!(cut.status.success(), "{cut:?}");
    let whole = replayed(&file);
    assert_eq!(whole["same_outputs"], true);
    assert_eq!(whole["took_effect_twice"].as_array().unwrap().len(), 1);

    let shrunk = muster(&["--json", "case", "shrink", &file, "-o", &small]).output().unwrap();
    assert!(shrunk.status.success(), "{shrunk:?}");
    let shrunk = json(&shrunk);
    let after = shrunk["inputs"]["after"].as_u64();
    assert!(after.is_some_and(|inputs| inputs <= INPUTS_MAX), "{shrunk}");
    let again = replayed(&small);
    assert_eq!((&again["signature"], &again["expected"]), (&"occurs".into(), &shrunk["expected"]));
}
