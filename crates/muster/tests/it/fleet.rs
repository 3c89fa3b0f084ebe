//! `muster server`, `muster fleet` and the verbs about devices, as processes of their own.

use std::collections::BTreeSet;

use crate::process::{Place, Running, json, muster, until};

const DEVICES: usize = 10;

/// Ids of all enrolled devices.
fn ids(place: &Place) -> BTreeSet<String> {
    place.devices().iter().map(|device| device["id"].as_str().unwrap().to_owned()).collect()
}

/// When the devices were seen last, earliest first.
fn last_syncs(place: &Place) -> Vec<String> {
    let mut seen: Vec<String> = place
        .devices()
        .iter()
        .map(|device| device["lastSyncDateTime"].as_str().unwrap().to_owned())
        .collect();
    seen.sort();
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_with_a_state_folder_comes_back_as_the_same_devices() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("fleet");
    let args = ["--devices", "10", "--state", state.to_str().unwrap()];
    let place = Place::new(&folder.path().join("server"));
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let fleet = place.fleet(&args);
    until("all devices are here", async || place.connected() == DEVICES).await;
    let (before, seen) = (ids(&place), last_syncs(&place));

    fleet.kill();
    let fleet = place.fleet(&args);
    // The server does not know yet that the first fleet is gone: only a new hello tells.
    until("all devices are back", async || last_syncs(&place).first() > seen.last()).await;
    assert_eq!(ids(&place), before);

    let stopped = fleet.interrupt();
    assert!(stopped.status.success(), "{stopped:?}");
    assert_eq!(json(&stopped)["connected"], DEVICES);
    until("the server has noticed", async || place.connected() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_followed_to_its_end_and_a_refusal_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let _fleet = place.fleet(&["--devices", "60"]);
    until("all devices are here", async || place.connected() == 60).await;
    let devices = place.devices();
    let of_mode = |mode: &str| {
        let found = devices.iter().find(|device| device["x-muster-mode"] == mode);
        found.unwrap()["serialNumber"].as_str().unwrap().to_owned()
    };

    let cleared = place.ask(&["action", "reset-passcode", &of_mode("automated-device"), "--wait"]);
    assert_eq!(json(&cleared)["result"]["actionState"], "done");
    let refused =
        place.ask(&["action", "bypass-activation-lock", &of_mode("user-enrollment"), "--wait"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(json(&refused)["status"], 400);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("refused with HTTP 400"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_token_enrols_one_device() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let made = place.ask(&["token", "new", "--one-time", "--expires-in", "10m"]);
    let token = folder.path().join("one-time");
    std::fs::write(&token, json(&made)["token"].as_str().unwrap()).unwrap();
    let args = ["--devices", "3", "--token-file", token.to_str().unwrap(), "--run-for", "5s"];
    let fleet = place.fleet(&args);
    until("one device is here", async || place.connected() == 1).await;
    let summary = json(&fleet.interrupt());
    assert_eq!((&summary["enrolled"], &summary["enrolments_refused"]), (&1.into(), &2.into()));
}

/// The serial number of the first device of a list.
fn serial_of(place: &Place, args: &[&str]) -> String {
    let listed = json(&place.ask(&[&["device", "list"], args].concat()));
    listed[0]["serialNumber"].as_str().expect("a device of this kind").to_owned()
}

/// A place with sixty devices, a few of every mode.
async fn peopled(place: &Place) -> (Running, Running) {
    let server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let fleet = place.fleet(&["--devices", "60"]);
    until("all devices are here", async || place.connected() == 60).await;
    (server, fleet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_device_is_locked_listed_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _running = peopled(&place).await;
    let serial = serial_of(&place, &["--mode", "automated-device"]);

    let lost = ["action", "enable-lost-mode", &serial, "--message", "please call", "--wait"];
    assert_eq!(json(&place.ask(&lost))["result"]["actionState"], "done");
    let listed = json(&place.ask(&["device", "list", "--lost"]));
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0]["serialNumber"], serial.as_str());

    let found = json(&place.ask(&["action", "locate", &serial, "--wait"]));
    assert!(found["result"]["deviceLocation"]["latitude"].is_f64(), "{found}");
    let place_shown = muster(&["device", "show", &serial, "--data"]).arg(folder.path()).output();
    let text = String::from_utf8(place_shown.unwrap().stdout).unwrap();
    assert!(text.contains("lostModeState") && text.contains(" within "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_of_the_devices_that_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _running = peopled(&place).await;
    let ids = |args: &[&str]| -> BTreeSet<String> {
        let listed = json(&place.ask(&[&["device", "list"], args].concat()));
        let ids = listed.as_array().unwrap().iter().map(|device| device["id"].to_string());
        ids.collect()
    };
    let (apple, android) = (ids(&["--platform", "apple"]), ids(&["--platform", "android"]));
    assert_eq!(apple.len() + android.len(), 60);
    let (on, off) = (ids(&["--activation-lock", "on"]), ids(&["--activation-lock", "off"]));
    assert_eq!(&on | &off, apple);
    assert!(on.is_disjoint(&off));
    assert!(ids(&["--mode", "dedicated", "--platform", "apple"]).is_empty());
    let said = place.ask(&["device", "list", "--mode", "kiosk"]);
    assert_eq!(said.status.code(), Some(64));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_device_is_off_the_list_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let _running = peopled(&place).await;
    let serial = serial_of(&place, &["--mode", "automated-device"]);
    let before = ids(&place);
    let deleted = json(&place.ask(&["action", "delete", &serial]));
    let id = deleted["device"].as_str().unwrap();
    assert!(before.contains(id) && !ids(&place).contains(id));
    let shown = place.ask(&["device", "show", id]);
    assert_eq!(shown.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&shown.stderr).contains("muster device list"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_to_a_device_over_a_bad_link_is_cut_out_and_replays() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&folder.path().join("server"));
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let run = folder.path().join("run");
    let run = run.to_str().unwrap();
    let faults = ["--fault", "loss rate=5%", "--fault", "crash rate=50%"];
    let fleet = place.fleet(&[&["--devices", "3", "--record", run], &faults[..]].concat());
    until("all devices are here", async || place.connected() == 3).await;
    let serial = place.devices()[0]["serialNumber"].as_str().unwrap().to_owned();
    let locked = place.ask(&["action", "lock", &serial, "--wait=60s"]);
    assert!(locked.status.success(), "{locked:?}");
    let stopped = json(&fleet.interrupt());
    assert_eq!(stopped["executed_twice"], 0);
    assert!(stopped["faulty_links"]["datagrams"].as_u64() > Some(0));

    let case = folder.path().join("one.muster");
    let case = case.to_str().unwrap();
    let cut = ["--json", "case", "cut", run, "--device", &serial, "-o", case];
    let cut = muster(&cut).output().unwrap();
    assert!(cut.status.success(), "{cut:?}");
    assert!(json(&cut)["server_facts"].as_u64() > Some(3), "{cut:?}");
    let replayed = muster(&["--json", "case", "replay", case]).output().unwrap();
    assert!(replayed.status.success(), "{replayed:?}");
    let replayed = &json(&replayed)["replayed"][0];
    assert_eq!(replayed["device"].as_str(), Some(serial.as_str()));
    assert_eq!(replayed["same_outputs"], true);

    let shrunk = muster(&["case", "shrink", case]).output().unwrap();
    assert!(String::from_utf8_lossy(&shrunk.stderr).contains("nothing to shrink"), "{shrunk:?}");
    let drawn = muster(&["case", "timeline", case]).output().unwrap();
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    assert!(drawn.contains("▶          │ Send(") && drawn.contains("◀"), "{drawn}");
    assert!(drawn.contains("●          │ takes Acknowledged to attempt"), "{drawn}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_fleet_and_its_server_give_a_device_to_whoever_names_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("server");
    let place = Place::new(&data);
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let fleet = place.fleet(&["--devices", "3", "--black-box", "4"]);
    until("all devices are here", async || place.connected() == 3).await;
    let serial = place.devices()[1]["serialNumber"].as_str().unwrap().to_owned();

    let case = folder.path().join("one.muster");
    let case = case.to_str().unwrap();
    let cut = ["--json", "case", "cut", data.to_str().unwrap(), "--device", &serial, "-o", case];
    let told = json(&muster(&cut).output().unwrap());
    assert_eq!(told["manifest"]["entries"].as_u64(), Some(4), "{told}");
    assert!(told["manifest"]["left_out"].as_u64() > Some(0) && !told["server_facts"].is_null());
    assert!(muster(&["case", "replay", case]).status().unwrap().success());

    let stopped = json(&fleet.interrupt());
    assert_eq!(stopped["case_files"], serde_json::json!([]));
    let nobody = ["case", "cut", data.to_str().unwrap(), "--device", "NOBODY", "-o", case];
    assert_eq!(muster(&nobody).status().unwrap().code(), Some(65));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_gives_its_devices_though_it_keeps_a_run_and_another_fleet_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("server"), folder.path().join("run"));
    let place = Place::new(&data);
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let first = place.fleet(&["--devices", "2"]);
    until("the first devices are here", async || place.connected() == 2).await;
    let second = ["--devices", "1", "--seed", "2", "--record", run.to_str().unwrap()];
    // Its device is the hardware of the first fleet's first, and takes its place.
    let _second = place.fleet(&second);
    until("the second fleet keeps its run", async || run.exists()).await;
    drop(first.interrupt());
    until("one device is here", async || place.connected() == 1).await;
    let here = |device: &&serde_json::Value| device["x-muster-connected"] == true;
    let serial = place.devices().iter().find(here).unwrap()["serialNumber"].clone();

    let case = folder.path().join("one.muster");
    let case = case.to_str().unwrap();
    for named in [&data, &run] {
        let (named, serial) = (named.to_str().unwrap(), serial.as_str().unwrap());
        let cut = ["case", "cut", named, "--device", serial, "-o", case];
        until(named, async || muster(&cut).output().unwrap().status.success()).await;
        assert!(muster(&["case", "replay", case]).output().unwrap().status.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_black_box_is_off_if_that_is_wanted_and_never_without_bound() {
    let refused = muster(&["fleet", "--black-box", "1000"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(64));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("neither off nor a number of inputs from 1 to 256"), "{told}");

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("server");
    let place = Place::new(&data);
    let _server = place.server();
    until("the server answers", async || place.ask(&["device", "list"]).status.success()).await;
    let _fleet = place.fleet(&["--devices", "1", "--black-box", "off"]);
    until("the device is here", async || place.connected() == 1).await;
    let serial = place.devices()[0]["serialNumber"].as_str().unwrap().to_owned();
    let cut = muster(&["case", "cut", data.to_str().unwrap(), "--device", &serial]).output();
    assert_eq!(cut.unwrap().status.code(), Some(65));
}

#[test]
fn a_fault_that_is_none_is_refused_with_what_would_do() {
    let refused = muster(&["fleet", "--fault", "los rate=5%"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(64));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("no fault is called") && told.contains("burst-loss"), "{told}");
}
