//! What administrators write on devices.

use axum::body::Body;
use axum::http::Request;
use muster_admin::{AdminOptions, Backend as _, DocumentKind, DocumentPage};
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Client, Fake, TOKEN, id, record};

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleAutomatedDevice), record(2, Mode::AppleDevice)])
}

fn device(version: &str) -> String {
    format!("/{version}/deviceManagement/managedDevices/{}", id(1))
}

async fn patch(fake: &Fake, version: &str, body: Value) -> Answer {
    fake.send("PATCH", &device(version), &body.to_string()).await
}

async fn kept(fake: &Fake, kind: DocumentKind) -> Vec<Value> {
    let kept = fake.documents(kind, DocumentPage::After(None), 9).await.expect("documents");
    let bodies = kept.into_iter().filter_map(|document| document.body);
    bodies.map(|body| serde_json::from_str(&body).expect("JSON")).collect()
}

#[tokio::test]
async fn what_is_written_is_durable_and_comes_back() {
    let fake = fleet();
    let written = json!({ "managedDeviceName": "front desk", "notes": "lent to reception",
                          "managedDeviceOwnerType": "personal" });
    let answer = patch(&fake, "v1.0", written.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["managedDeviceName"], "front desk");
    assert_eq!(answer.json()["managedDeviceOwnerType"], "personal");
    let labels = kept(&fake, DocumentKind::DeviceLabels).await;
    assert_eq!(labels.len(), 1);
    assert_eq!(labels[0]["notes"], "lent to reception");
}

#[tokio::test]
async fn beta_has_another_name_for_the_owner_and_v1_does_not_know_it() {
    let fake = fleet();
    assert_eq!(patch(&fake, "beta", json!({ "ownerType": "personal" })).await.status, 200);
    let refused = patch(&fake, "v1.0", json!({ "ownerType": "company" })).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_and_nothing_is() {
    for (body, reason) in [
        (json!({ "notes": "x", "serialNumber": "F1" }), "serialNumber cannot be written"),
        (json!({ "complianceState": "compliant" }), "complianceState cannot be written"),
        (json!({ "nonsense": 1 }), "no property of managedDevice"),
        (json!({ "notes": 1 }), "notes has to be"),
        (json!({ "notes": "x".repeat(8193) }), "notes has to be"),
        (json!({ "managedDeviceOwnerType": "mine" }), "managedDeviceOwnerType has to be"),
        (json!([]), "not a JSON object"),
        (json!({ "deviceCategory@odata.bind": "x" }), "deviceCategory/$ref"),
    ] {
        let fake = fleet();
        let answer = patch(&fake, "v1.0", body).await;
        assert_eq!(answer.status, 400, "{reason}");
        assert!(answer.reason().contains(reason), "{}", answer.reason());
        assert!(kept(&fake, DocumentKind::DeviceLabels).await.is_empty());
        assert!(kept(&fake, DocumentKind::AuditEvent).await.is_empty());
    }
}

#[tokio::test]
async fn the_audit_log_says_what_was_changed_but_not_the_notes() {
    let fake = fleet();
    let body = json!({ "@odata.type": "#microsoft.graph.managedDevice", "notes": "private",
                       "managedDeviceName": "front desk" });
    patch(&fake, "v1.0", body).await;
    patch(&fake, "v1.0", json!({})).await;
    let log = kept(&fake, DocumentKind::AuditEvent).await;
    assert_eq!(log.len(), 1, "to change nothing leaves no entry");
    let changed = &log[0]["resources"][0]["modifiedProperties"];
    assert_eq!(changed[0]["newValue"], "front desk");
    assert_eq!(changed[1]["displayName"], "Notes");
    assert!(!log[0].to_string().contains("private"));
    assert_eq!(log[0]["activityOperationType"], "Patch");
}

#[tokio::test]
async fn who_writes_at_the_same_time_loses_nothing_of_what_others_write() {
    let fake = fleet();
    let client = Client::new(&fake, AdminOptions::default());
    let write = |body: Value| {
        let request = Request::patch(device("v1.0"));
        let request = request.header("authorization", format!("Bearer {TOKEN}"));
        client.call(request.body(Body::from(body.to_string())).expect("a request"))
    };
    let answers = tokio::join!(
        write(json!({ "notes": "lent" })),
        write(json!({ "managedDeviceName": "front desk" })),
        write(json!({ "managedDeviceOwnerType": "personal" })),
    );
    for answer in [answers.0, answers.1, answers.2] {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let labels = kept(&fake, DocumentKind::DeviceLabels).await;
    let all =
        json!({ "managedDeviceName": "front desk", "notes": "lent", "ownerType": "personal" });
    assert_eq!(labels, [all]);
}

#[tokio::test]
async fn a_server_that_was_restarted_still_knows() {
    let fake = fleet();
    patch(&fake, "v1.0", json!({ "notes": "lent" })).await;
    // Each request of the fake is served by an API that has just begun.
    let shown = fake.get(&format!("{}?$select=notes", device("v1.0"))).await;
    assert_eq!(shown.json()["notes"], "lent");
    let taken_back = patch(&fake, "v1.0", json!({ "notes": null })).await;
    assert_eq!(taken_back.status, 200);
    let shown = fake.get(&format!("{}?$select=notes", device("v1.0"))).await;
    assert_eq!(shown.json()["notes"], Value::Null);
}
