//! One action on many devices, and what the audit log says of actions.

use muster_admin::{Backend as _, DocumentKind, DocumentPage};
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Fake, id, record};

const PATH: &str = "/beta/deviceManagement/managedDevices/executeAction";

fn fleet() -> Fake {
    Fake::new([
        record(1, Mode::AppleAutomatedDevice),
        record(2, Mode::AndroidDedicated),
        record(3, Mode::AndroidPersonallyOwnedWorkProfile),
    ])
}

async fn execute(fake: &Fake, body: Value) -> Answer {
    fake.send("POST", PATH, &body.to_string()).await
}

/// The audit log of a server, oldest first.
async fn log(fake: &Fake) -> Vec<Value> {
    let page = DocumentPage::After(None);
    let kept = fake.documents(DocumentKind::AuditEvent, page, 100).await.expect("documents");
    let bodies = kept.into_iter().filter_map(|document| document.body);
    bodies.map(|body| serde_json::from_str(&body).expect("JSON")).collect()
}

#[tokio::test]
async fn each_device_is_told_apart() {
    let fake = fleet();
    let devices = [id(1), id(2), id(3), id(9)].map(|id| id.to_string());
    let mut asked = devices.to_vec();
    asked.push("nonsense".to_owned());
    asked.push(devices[0].to_uppercase());
    let answer = execute(&fake, json!({ "actionName": "wipe", "deviceIds": asked })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let lists = answer.json();
    assert_eq!(lists["successfulDeviceIds"], json!([devices[0], devices[1]]));
    assert_eq!(lists["notSupportedDeviceIds"], json!([devices[2]]));
    assert_eq!(lists["notFoundDeviceIds"], json!([devices[3], "nonsense"]));
    assert_eq!(lists["failedDeviceIds"], json!([]));
    assert!(fake.next_command(2).is_some());
    assert!(fake.next_command(3).is_none());
}

#[tokio::test]
async fn an_action_of_other_platforms_is_supported_by_none() {
    let body = json!({ "actionName": "fullScan", "deviceIds": [id(1).to_string()] });
    let answer = execute(&fleet(), body).await;
    assert_eq!(answer.json()["notSupportedDeviceIds"], json!([id(1).to_string()]));
}

#[tokio::test]
async fn a_request_that_is_no_good_touches_no_device() {
    let one = json!([id(1).to_string()]);
    for (body, reason) in [
        (json!({ "deviceIds": one }), "actionName"),
        (json!({ "actionName": "resetPasscode", "deviceIds": one }), "actionName"),
        (json!({ "actionName": "wipe" }), "deviceIds"),
        (json!({ "actionName": "wipe", "deviceIds": [] }), "deviceIds"),
        (json!({ "actionName": "wipe", "deviceIds": [1] }), "deviceIds"),
        (
            json!({ "actionName": "wipe",
                    "deviceIds": (0..101).map(|number| number.to_string()).collect::<Vec<_>>() }),
            "deviceIds",
        ),
        (
            json!({ "actionName": "wipe", "deviceIds": one, "keepEnrollmentData": 1 }),
            "keepEnrollmentData",
        ),
    ] {
        let fake = fleet();
        let answer = execute(&fake, body).await;
        assert_eq!(answer.status, 400, "{reason}");
        assert!(answer.reason().contains(reason), "{}", answer.reason());
        assert!(fake.next_command(1).is_none());
    }
    assert_eq!(fleet().send("POST", &PATH.replace("beta", "v1.0"), "{}").await.status, 405);
}

#[tokio::test]
async fn every_accepted_action_and_no_other_is_in_the_audit_log() {
    let fake = fleet();
    let wipe = format!("/v1.0/deviceManagement/managedDevices/{}/wipe", id(1));
    let accepted = fake.send("POST", &wipe, "").await;
    fake.send("POST", &wipe.replace(&id(1).to_string(), &id(3).to_string()), "").await;
    fake.send("POST", &wipe, "{").await;
    let log = log(&fake).await;
    let [entry] = log.as_slice() else { panic!("not one entry: {log:?}") };
    assert_eq!(entry["id"], accepted.header("x-muster-command-id"));
    assert_eq!(entry["activityType"], "wipe ManagedDevice");
    assert_eq!(entry["category"], "Device");
    assert_eq!(entry["actor"]["applicationDisplayName"], "muster");
    assert_eq!(entry["correlationId"], accepted.header("request-id"));
    assert_eq!(entry["resources"][0]["resourceId"], id(1).to_string());
}

#[tokio::test]
async fn actions_on_many_devices_carry_the_request_they_came_with() {
    let fake = fleet();
    let devices = [id(1), id(2)].map(|id| id.to_string());
    let answer = execute(&fake, json!({ "actionName": "syncDevice", "deviceIds": devices })).await;
    let log = log(&fake).await;
    assert_eq!(log.len(), 2);
    for entry in log {
        let action = &entry["x-muster-remote-action"];
        assert_eq!(action["bulkDeviceActionId"], answer.header("request-id"));
        assert_eq!(action["action"], "syncDevice");
    }
}
