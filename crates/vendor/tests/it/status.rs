//! The truth about a lock.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{OURS, UNKNOWN, World};

async fn attributes(world: &World) -> Value {
    let answer = world.fetch(&format!("/v1/orgDevices/{OURS}/activationLockStatus")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<Value>().await.unwrap()["data"]["attributes"].clone()
}

#[tokio::test]
async fn the_status_follows_the_lock() {
    let world = World::new();
    assert_eq!(attributes(&world).await, json!({ "isLocked": false, "lockType": "NONE" }));
    world.books.find_my(OURS);
    assert_eq!(attributes(&world).await, json!({ "isLocked": true, "lockType": "USER" }));
    let order = json!({ "device": OURS }).to_string();
    let locking = world.post("/device/activationlock").header("user-agent", "a-test");
    let refused: Value = locking.body(order).send().await.unwrap().json().await.unwrap();
    assert_eq!(refused["response_status"], "DEVICE_ALREADY_LOCKED");
}

#[tokio::test]
async fn a_device_nobody_knows_has_no_status() {
    let world = World::new();
    for path in [UNKNOWN, "lower", "%00", "%FF"] {
        let answer = world.fetch(&format!("/v1/orgDevices/{path}/activationLockStatus")).await;
        assert!(answer.status().is_client_error(), "{path}");
    }
    assert_eq!(world.fetch("/nothing").await.status(), StatusCode::NOT_FOUND);
}
