//! Device categories, and the devices in them.

use muster_admin::{Backend as _, DocumentKind, DocumentPage};
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Fake, id, record};

const CATEGORIES: &str = "/v1.0/deviceManagement/deviceCategories";

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleAutomatedDevice), record(2, Mode::AppleDevice)])
}

fn device(rest: &str) -> String {
    format!("/v1.0/deviceManagement/managedDevices/{}{rest}", id(1))
}

/// A category of this name; its id.
async fn category(fake: &Fake, name: &str) -> String {
    let made = fake.send("POST", CATEGORIES, &json!({ "displayName": name }).to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["id"].as_str().expect("an id").to_owned()
}

async fn sort_into(fake: &Fake, category: &str) -> Answer {
    let address = format!("https://graph.microsoft.com{CATEGORIES}/{category}");
    let body = json!({ "@odata.id": address }).to_string();
    fake.send("PUT", &device("/deviceCategory/$ref"), &body).await
}

/// The names of the devices of a category.
async fn devices_of(fake: &Fake, name: &str) -> Vec<Value> {
    let list = "/v1.0/deviceManagement/managedDevices?$select=deviceName&$filter=";
    let filter = format!("deviceCategoryDisplayName%20eq%20'{name}'");
    let page = fake.get(&format!("{list}{filter}")).await.json();
    page["value"].as_array().expect("a page").clone()
}

#[tokio::test]
async fn a_device_is_found_by_its_category() {
    let fake = fleet();
    let kiosks = category(&fake, "Kiosks").await;
    assert_eq!(sort_into(&fake, &kiosks).await.status, 204);
    assert_eq!(devices_of(&fake, "kiosks").await, [json!({ "deviceName": "F17-1" })]);
    let own = fake.get(&device("/deviceCategory")).await.json();
    assert_eq!((&own["id"], &own["displayName"]), (&json!(kiosks), &json!("Kiosks")));
}

#[tokio::test]
async fn a_new_name_of_a_category_is_the_name_its_devices_show() {
    let fake = fleet();
    let kiosks = category(&fake, "Kiosks").await;
    sort_into(&fake, &kiosks).await;
    let place = format!("{CATEGORIES}('{kiosks}')");
    let renamed = fake.send("PATCH", &place, r#"{"displayName":"Till","description":"x"}"#).await;
    assert_eq!((renamed.status.as_u16(), &renamed.json()["description"]), (200, &json!("x")));
    assert_eq!(devices_of(&fake, "Till").await.len(), 1);
    assert!(devices_of(&fake, "Kiosks").await.is_empty());
}

#[tokio::test]
async fn a_device_leaves_its_category_and_is_in_none_that_is_gone() {
    let fake = fleet();
    let kiosks = category(&fake, "Kiosks").await;
    sort_into(&fake, &kiosks).await;
    let left = fake.send("DELETE", &device("/deviceCategory/$ref"), "").await;
    assert_eq!(left.status, 204);
    assert_eq!(fake.get(&device("/deviceCategory")).await.status, 204);
    sort_into(&fake, &kiosks).await;
    assert_eq!(fake.send("DELETE", &format!("{CATEGORIES}/{kiosks}"), "").await.status, 204);
    assert_eq!(fake.get(&device("/deviceCategory")).await.status, 204);
    assert_eq!(sort_into(&fake, &kiosks).await.status, 404);
}

#[tokio::test]
async fn categories_and_their_devices_are_durable_and_audited() {
    let fake = fleet();
    let kiosks = category(&fake, "Kiosks").await;
    sort_into(&fake, &kiosks).await;
    let page = DocumentPage::After(None);
    let kept = fake.documents(DocumentKind::DeviceCategory, page, 9).await.expect("documents");
    assert_eq!(kept.len(), 1);
    let log = fake.get("/v1.0/deviceManagement/auditEvents").await.json();
    let activities: Vec<&Value> =
        log["value"].as_array().expect("a log").iter().map(|entry| &entry["activity"]).collect();
    assert!(activities.contains(&&json!("Create DeviceCategory")), "{activities:?}");
    assert!(activities.contains(&&json!("Patch ManagedDevice")), "{activities:?}");
}

#[tokio::test]
async fn what_is_no_category_is_refused() {
    let fake = fleet();
    for body in ["{}", r#"{"displayName":""}"#, r#"{"displayName":1}"#, "[]"] {
        assert_eq!(fake.send("POST", CATEGORIES, body).await.status, 400, "{body}");
    }
    for body in ["{}", r#"{"@odata.id":1}"#, r#"{"@odata.id":"https://x/y"}"#] {
        let refused = fake.send("PUT", &device("/deviceCategory/$ref"), body).await;
        assert_eq!(refused.status, 400, "{body}");
    }
    let long = json!({ "displayName": "x".repeat(129) }).to_string();
    assert_eq!(fake.send("POST", CATEGORIES, &long).await.status, 400);
    assert_eq!(fake.get(&format!("{CATEGORIES}/x")).await.status, 404);
}
