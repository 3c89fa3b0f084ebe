//! What it means to delete a device.

use muster_control::Lifecycle;
use muster_protocol::{Command, Mode};
use serde_json::{Value, json};

use crate::fake::{Fake, id, record};

const LIST: &str = "/v1.0/deviceManagement/managedDevices";

fn device(rest: &str) -> String {
    format!("{LIST}/{}{rest}", id(1))
}

/// A fleet of two, the first of which has just been deleted.
async fn after_the_deletion(mode: Mode) -> Fake {
    let fake = Fake::new([record(1, mode), record(2, mode)]);
    assert_eq!(fake.send("DELETE", &device(""), "").await.status, 204);
    fake
}

#[tokio::test]
async fn a_deleted_device_is_gone_from_the_list_and_by_its_id_at_once() {
    let fake = after_the_deletion(Mode::AppleAutomatedDevice).await;
    let page = fake.get(LIST).await.json();
    let ids: Vec<&Value> = page["value"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&json!(id(2).to_string())]);
    assert_eq!(page["@odata.count"], 1);
    let gone = fake.get(&device("")).await;
    assert_eq!((gone.status.as_u16(), gone.reason().as_str()), (404, "no device has this id"));
}

#[tokio::test]
async fn nothing_more_can_be_asked_of_a_deleted_device() {
    let fake = after_the_deletion(Mode::AppleDevice).await;
    for (method, rest) in [("POST", "/syncDevice"), ("POST", "/wipe"), ("DELETE", "")] {
        assert_eq!(fake.send(method, &device(rest), "").await.status, 404, "{method} {rest}");
    }
}

#[tokio::test]
async fn a_deletion_tells_the_command_that_carries_it_out() {
    let fake = Fake::new([record(1, Mode::AppleDevice)]);
    let deleted = fake.send("DELETE", &device(""), "").await;
    assert!(!deleted.header("x-muster-command-id").is_empty());
    assert_eq!(deleted.text, "");
}

#[tokio::test]
async fn the_device_is_still_managed_and_gets_its_retire_or_wipe() {
    for (mode, request) in [
        (Mode::AppleAutomatedDevice, "RemoveProfile"),
        (Mode::AndroidPersonallyOwnedWorkProfile, "RELINQUISH_OWNERSHIP"),
        (Mode::AndroidCorporateOwnedWorkProfile, "WIPE"),
        (Mode::AndroidDedicated, "WIPE"),
    ] {
        let fake = after_the_deletion(mode).await;
        assert_eq!(fake.kept(1).lifecycle, Lifecycle::Enrolled, "{mode}");
        let Command { request: Some(sent), .. } = fake.next_command(1).expect("a command") else {
            panic!("a command without a request");
        };
        assert_eq!(sent.name(), request, "{mode}");
    }
}
