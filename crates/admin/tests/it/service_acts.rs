//! What the service does about a device by itself, without asking the device.

use muster_admin::{Backend as _, DocumentKind, DocumentPage};
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Fake, id, record};

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleAutomatedDevice), record(2, Mode::AndroidDedicated)])
}

fn device(number: u8, rest: &str) -> String {
    format!("/beta/deviceManagement/managedDevices/{}{rest}", id(number))
}

async fn override_compliance(fake: &Fake, state: &str) -> Answer {
    let body = json!({
        "administratorConfiguredDeviceComplianceState": state,
        "remediationUrl": "https://example.org/help",
    });
    fake.send("POST", &device(2, "/overrideComplianceState"), &body.to_string()).await
}

/// The ids of the devices with a compliance of this name.
async fn with_compliance(fake: &Fake, state: &str) -> usize {
    let list = "/beta/deviceManagement/managedDevices?$select=id&$filter=";
    let page = fake.get(&format!("{list}complianceState%20eq%20'{state}'")).await.json();
    page["value"].as_array().expect("a page").len()
}

async fn results(fake: &Fake, number: u8) -> Value {
    let shown = fake.get(&device(number, "?$select=deviceActionResults")).await.json();
    shown["deviceActionResults"].clone()
}

/// The activities of the audit log, oldest first.
async fn activities(fake: &Fake) -> Vec<Value> {
    let page = DocumentPage::After(None);
    let kept = fake.documents(DocumentKind::AuditEvent, page, 100).await.expect("documents");
    let bodies = kept.into_iter().filter_map(|document| document.body);
    let entries = bodies.map(|body| serde_json::from_str::<Value>(&body).expect("JSON"));
    entries.map(|entry| entry["activity"].clone()).collect()
}

#[tokio::test]
async fn a_device_declared_noncompliant_is_found_as_such_until_it_is_taken_back() {
    let fake = fleet();
    let before = with_compliance(&fake, "noncompliant").await;
    assert_eq!(override_compliance(&fake, "nonCompliant").await.status, 204);
    assert_eq!(with_compliance(&fake, "noncompliant").await, before + 1);
    let shown = fake.get(&device(2, "")).await.json();
    assert_eq!(shown["complianceState"], "noncompliant");
    assert_eq!(override_compliance(&fake, "basedOnDeviceComplianceStatus").await.status, 204);
    assert_eq!(with_compliance(&fake, "noncompliant").await, before);
    let deed = json!("overrideComplianceState ManagedDevice");
    assert_eq!(activities(&fake).await, [deed.clone(), deed]);
    assert_eq!(override_compliance(&fake, "compliant").await.status, 400);
}

#[tokio::test]
async fn a_notification_is_done_and_audited_and_asks_nothing_of_the_device() {
    let fake = fleet();
    let path = device(1, "/sendCustomNotificationToCompanyPortal");
    let body = json!({ "notificationTitle": "Lost?", "notificationBody": "Call 555 0100" });
    assert_eq!(fake.send("POST", &path, &body.to_string()).await.status, 204);
    let results = results(&fake, 1).await;
    let result = &results.as_array().expect("results")[0];
    assert_eq!(result["actionName"], "customTextNotification");
    assert_eq!(result["actionState"], "done");
    assert!(fake.next_command(1).is_none());
    let deed = "sendCustomNotificationToCompanyPortal ManagedDevice";
    assert_eq!(activities(&fake).await, [json!(deed)]);
    assert_eq!(fake.send("POST", &path, "{}").await.status, 400);
}

#[tokio::test]
async fn a_notification_to_many_tells_each_device_apart() {
    let fake = fleet();
    let devices = [id(1), id(2), id(9)].map(|id| id.to_string());
    let body = json!({
        "actionName": "customTextNotification",
        "deviceIds": devices,
        "notificationTitle": "t",
        "notificationBody": "b",
    });
    let path = "/beta/deviceManagement/managedDevices/executeAction";
    let lists = fake.send("POST", path, &body.to_string()).await.json();
    assert_eq!(lists["successfulDeviceIds"], json!([devices[0], devices[1]]));
    assert_eq!(lists["notFoundDeviceIds"], json!([devices[2]]));
    assert_eq!(results(&fake, 2).await[0]["actionName"], "customTextNotification");
}

#[tokio::test]
async fn licences_are_taken_back_from_apple_devices_only_and_there_are_none() {
    let fake = fleet();
    let answer = fake.send("POST", &device(1, "/revokeAppleVppLicenses"), "").await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let result = &results(&fake, 1).await[0];
    assert_eq!(result["@odata.type"], "#microsoft.graph.revokeAppleVppLicensesActionResult");
    assert_eq!(
        (&result["actionState"], &result["totalLicensesCount"]),
        (&json!("done"), &json!(0))
    );
    assert_eq!(fake.send("POST", &device(2, "/revokeAppleVppLicenses"), "").await.status, 400);
}

#[tokio::test]
async fn what_is_for_other_platforms_is_refused_for_many_devices_too() {
    let body = json!({ "deviceIds": [id(1).to_string()], "organizationalUnitPath": "/x" });
    let path = "/beta/deviceManagement/managedDevices/moveDevicesToOU";
    let answer = fleet().send("POST", path, &body.to_string()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.reason().contains("ChromeOS"), "{}", answer.text);
}
