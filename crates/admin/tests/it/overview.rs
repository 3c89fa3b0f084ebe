//! Devices counted, and the people they belong to.

use muster_protocol::Mode;
use serde_json::json;

use crate::fake::{Fake, id, record};

fn fleet() -> Fake {
    let modes = [
        Mode::AppleDevice,
        Mode::AppleUser,
        Mode::AndroidDedicated,
        Mode::AndroidFullyManaged,
        Mode::AospUserless,
    ];
    Fake::new((1..).zip(modes).map(|(number, mode)| record(number, mode)))
}

#[tokio::test]
async fn the_overview_counts_every_device_once_by_its_system() {
    let overview = fleet().get("/v1.0/deviceManagement/managedDeviceOverview").await.json();
    assert_eq!(overview["enrolledDeviceCount"], 5);
    let systems = &overview["deviceOperatingSystemSummary"];
    assert_eq!((&systems["iosCount"], &systems["androidCount"]), (&json!(2), &json!(3)));
    assert_eq!(systems["androidDedicatedCount"], 1);
    assert_eq!(systems["androidFullyManagedCount"], 1);
    assert_eq!(systems["macOSCount"], 0);
    let access = &overview["deviceExchangeAccessStateSummary"];
    assert_eq!(access["unavailableDeviceCount"], 5);
    assert!(overview["managedDeviceModelsAndManufacturers"].is_null());
}

#[tokio::test]
async fn in_beta_the_overview_names_models_too() {
    let overview = fleet().get("/beta/deviceManagement/managedDeviceOverview").await.json();
    let named = &overview["managedDeviceModelsAndManufacturers"];
    assert_eq!(named["deviceModels"], json!(["Pixel 8", "iPhone15,2"]));
    assert_eq!(named["deviceManufacturers"], json!(["Apple", "Google"]));
    assert_eq!(overview["deviceOperatingSystemSummary"]["aospUserlessCount"], 1);
    assert_eq!(
        fleet().get("/beta/deviceManagement/managedDeviceOverview?$top=1").await.status,
        400
    );
}

#[tokio::test]
async fn the_users_of_a_device_are_its_primary_user_or_nobody() {
    let fake = fleet();
    let device = |number| format!("/v1.0/deviceManagement/managedDevices/{}", id(number));
    let place = format!("/v1.0/deviceManagement/managedDevices/{}", id(1));
    let shown = fake.get(&place).await.json();
    let users = fake.get(&format!("{}/users", device(1))).await.json();
    assert_eq!(users["value"].as_array().unwrap().len(), 1);
    assert_eq!(users["value"][0]["id"], shown["userId"]);
    assert_eq!(users["value"][0]["userPrincipalName"], shown["userPrincipalName"]);
    let selected = fake.get(&format!("{}/users?$select=id", device(1))).await.json();
    assert_eq!(selected["value"], json!([{ "id": shown["userId"] }]));
    let dedicated = fake.get(&format!("{}/users", device(3))).await.json();
    assert_eq!(dedicated["value"], json!([]));
    assert_eq!(fake.get(&format!("{}/users", device(9))).await.status, 404);
}

/// Gives a device to the user with this key.
async fn give(fake: &Fake, number: u8, key: &str) -> u16 {
    let target = format!("/beta/deviceManagement/managedDevices/{}/users/$ref", id(number));
    let body = json!({ "@odata.id": format!("https://graph.microsoft.com/beta/users/{key}") });
    fake.send("POST", &target, &body.to_string()).await.status.as_u16()
}

#[tokio::test]
async fn a_device_given_to_somebody_is_theirs_wherever_it_is_shown() {
    let fake = fleet();
    for upn in ["greta.hansen@muster.example", "hiro.ito@muster.example"] {
        let user = fake.get(&format!("/v1.0/users/{upn}")).await.json();
        assert_eq!(give(&fake, 1, user["id"].as_str().expect("an id")).await, 204);
        let place = format!("/v1.0/deviceManagement/managedDevices/{}", id(1));
        let shown = fake.get(&place).await.json();
        assert_eq!((&shown["userId"], &shown["userPrincipalName"]), (&user["id"], &json!(upn)));
        let theirs = fake.get(&format!("/v1.0/users/{upn}/managedDevices")).await.json();
        let theirs = theirs["value"].as_array().expect("a page").clone();
        assert!(theirs.iter().any(|device| device["id"] == shown["id"]), "{theirs:?}");
    }
    let log = fake.get("/v1.0/deviceManagement/auditEvents").await.json();
    let change = &log["value"][0]["resources"][0]["modifiedProperties"][0];
    assert_eq!(change["displayName"], "PrimaryUser");
}

#[tokio::test]
async fn a_device_is_given_to_nobody_unknown_and_a_shared_one_to_nobody() {
    let fake = fleet();
    assert_eq!(give(&fake, 1, "nobody@nowhere").await, 404);
    assert_eq!(give(&fake, 1, "").await, 400);
    assert_eq!(give(&fake, 3, "hiro.ito@muster.example").await, 400);
    assert_eq!(give(&fake, 9, "hiro.ito@muster.example").await, 404);
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_name() {
    let fake = fleet();
    let target = format!("/v1.0/deviceManagement/managedDevices/{}", id(1));
    let device = fake.get(&target).await.json();
    for key in ["userId", "userPrincipalName"] {
        let key = device[key].as_str().expect("a user");
        let user = fake.get(&format!("/v1.0/users/{key}")).await.json();
        assert_eq!(user["id"], device["userId"], "{user}");
        assert_eq!(user["displayName"], device["userDisplayName"]);
        let context = user["@odata.context"].as_str().unwrap();
        assert!(context.ends_with("/v1.0/$metadata#users/$entity"), "{context}");
        let selected = fake.get(&format!("/v1.0/users/{key}?$select=mail")).await.json();
        assert_eq!(selected["id"], json!(null));
        assert_eq!(selected["mail"], device["userPrincipalName"]);
    }
    assert_eq!(fake.get("/v1.0/users/nobody@nowhere").await.status, 404);
    assert_eq!(fake.get("/v1.0/users/delta?$top=1").await.status, 404);
}

#[tokio::test]
async fn an_application_has_no_me() {
    for target in ["/v1.0/me", "/v1.0/me/managedDevices", "/beta/me/managedDevices"] {
        let refused = fleet().get(target).await;
        assert_eq!(refused.status, 400, "{target}");
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("delegated authentication flow"), "{message}");
    }
}
