//! Locking for the organisation.

use muster_device::activation::{BypassKey, EscrowHash, LockType};
use muster_vendor::BODY_BYTES_MAX;
use reqwest::header::USER_AGENT;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::world::{OURS, PRIVATE, UNKNOWN, World};

const PATH: &str = "/device/activationlock";

async fn lock(world: &World, body: String) -> Response {
    world.post(PATH).header(USER_AGENT, "a-test/1.0").body(body).send().await.unwrap()
}

fn order(serial: &str) -> Value {
    let escrow_key = EscrowHash::of(&BypassKey::from_bytes([9; 16])).to_string();
    json!({ "device": serial, "escrow_key": escrow_key, "lost_message": "bring me back" })
}

async fn status(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    response.json::<Value>().await.unwrap()
}

#[tokio::test]
async fn a_device_of_the_organisation_is_locked_once() {
    let world = World::new();
    let first = status(lock(&world, order(OURS).to_string()).await).await;
    assert_eq!(first, json!({ "serial_number": OURS, "response_status": "SUCCESS" }));
    assert_eq!(world.books.lock_type(OURS), LockType::Mdm);
    let again = status(lock(&world, order(OURS).to_string()).await).await;
    assert_eq!(again["response_status"], "DEVICE_ALREADY_LOCKED");
}

#[tokio::test]
async fn a_device_that_is_not_the_organisations_is_not_accessible() {
    let world = World::new();
    for serial in [PRIVATE, UNKNOWN, "no serial number"] {
        let answer = status(lock(&world, order(serial).to_string()).await).await;
        let expected = json!({ "serial_number": serial, "response_status": "NOT_ACCESSIBLE" });
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn a_malformed_order_is_refused_by_name_and_locks_nothing() {
    let world = World::new();
    let with = |member: &str, value: Value| {
        let mut order = order(OURS);
        order[member] = value;
        order.to_string()
    };
    let bad = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        json!({ "escrow_key": null }).to_string(),
        with("device", json!(1)),
        with("escrow_key", json!("ab")),
        with("lost_message", json!("x".repeat(2_000))),
    ];
    for body in bad {
        let answer = lock(&world, body.clone()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.text().await.unwrap(), "MALFORMED_REQUEST_BODY", "{body}");
    }
    assert_eq!(world.books.lock_type(OURS), LockType::None);
}

#[tokio::test]
async fn who_does_not_say_which_software_it_is_gets_no_answer() {
    let world = World::new();
    for (agent, word) in [(None, "USER_AGENT_MISSING"), (Some("(x)"), "USER_AGENT_INVALID")] {
        let request = world.post(PATH).body(order(OURS).to_string());
        let request = match agent {
            None => request,
            Some(agent) => request.header(USER_AGENT, agent),
        };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.text().await.unwrap(), word);
    }
}

#[tokio::test]
async fn an_order_above_the_limit_is_refused_unread() {
    let world = World::new();
    let answer = lock(&world, "x".repeat(BODY_BYTES_MAX + 1)).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let answer = lock(&world, " ".repeat(BODY_BYTES_MAX)).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}
