//! Writes that readers see late, because somebody asked for it.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use muster_admin::AdminOptions;
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Client, Fake, TOKEN, id, record};

const LIST: &str = "/v1.0/deviceManagement/managedDevices";
const LAG: Duration = Duration::from_millis(2000);

/// A server of three devices, its client, and the fault that every write is seen late.
async fn slow() -> (Fake, Late) {
    let fake = Fake::new((1..=3).map(|number| record(number, Mode::AppleAutomatedDevice)));
    let late = Late(Client::new(&fake, AdminOptions::default()));
    late.fault(json!({ "lagMs": 2000 })).await;
    (fake, late)
}

struct Late(Client);

impl Late {
    async fn ask(&self, method: &str, target: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(target);
        let request = request.header("authorization", format!("Bearer {TOKEN}"));
        self.0.call(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    async fn fault(&self, fault: Value) {
        let body = json!({ "faults": [fault] }).to_string();
        let answer = self.ask("POST", "/_muster/faults", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn note(&self, number: u8, notes: &str) {
        let body = json!({ "notes": notes }).to_string();
        assert_eq!(self.ask("PATCH", &device(number, ""), &body).await.status, 200);
    }

    async fn notes(&self, number: u8) -> Value {
        self.ask("GET", &device(number, "?$select=notes"), "").await.json()["notes"].clone()
    }

    /// How many actions a device tells of.
    async fn actions(&self, number: u8) -> usize {
        let shown = self.ask("GET", &device(number, "?$select=deviceActionResults"), "").await;
        shown.json()["deviceActionResults"].as_array().expect("a list").len()
    }

    async fn act(&self, number: u8, action: &str) {
        let answer = self.ask("POST", &device(number, action), "").await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    /// The ids of a list of all devices.
    async fn listed(&self) -> Vec<String> {
        let page = self.ask("GET", &format!("{LIST}?$select=id&$count=true"), "").await.json();
        let rows = page["value"].as_array().expect("a page");
        assert_eq!(page["@odata.count"], rows.len());
        rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    }
}

fn device(number: u8, rest: &str) -> String {
    format!("{LIST}/{}{rest}", id(number))
}

#[tokio::test]
async fn an_action_is_seen_once_the_lag_is_over_and_taken_at_once() {
    let (fake, late) = slow().await;
    late.act(1, "/remoteLock").await;
    assert!(fake.next_command(1).is_some());
    assert_eq!(late.actions(1).await, 0);
    fake.wait(LAG - Duration::from_millis(1));
    assert_eq!(late.actions(1).await, 0);
    fake.wait(Duration::from_millis(1));
    assert_eq!(late.actions(1).await, 1);
}

#[tokio::test]
async fn what_is_written_on_a_device_is_seen_late_too() {
    let (fake, late) = slow().await;
    late.note(1, "first").await;
    assert_eq!(late.notes(1).await, Value::Null);
    fake.wait(LAG);
    assert_eq!(late.notes(1).await, "first");
    late.note(1, "second").await;
    assert_eq!((late.notes(1).await, late.notes(2).await), (json!("first"), Value::Null));
}

#[tokio::test]
async fn a_write_on_a_device_that_lags_keeps_the_older_past_for_longer() {
    let (fake, late) = slow().await;
    late.note(1, "first").await;
    fake.wait(LAG / 2);
    late.note(1, "second").await;
    fake.wait(LAG / 2);
    assert_eq!(late.notes(1).await, Value::Null);
    fake.wait(LAG / 2);
    assert_eq!(late.notes(1).await, "second");
}

#[tokio::test]
async fn a_deleted_device_stays_in_its_place_of_the_list_until_the_lag_is_over() {
    let (fake, late) = slow().await;
    let before = late.listed().await;
    assert_eq!(late.ask("DELETE", &device(2, ""), "").await.status, 204);
    assert_eq!(late.listed().await, before);
    assert_eq!(late.ask("GET", &device(2, ""), "").await.status, 200);
    fake.wait(LAG);
    assert_eq!(late.listed().await, [id(1), id(3)].map(|id| id.to_string()));
    assert_eq!(late.ask("GET", &device(2, ""), "").await.status, 404);
}

#[tokio::test]
async fn writes_know_what_readers_do_not_see_yet() {
    let (_fake, late) = slow().await;
    assert_eq!(late.ask("DELETE", &device(2, ""), "").await.status, 204);
    assert_eq!(late.ask("PATCH", &device(2, ""), r#"{"notes":"x"}"#).await.status, 404);
}

#[tokio::test]
async fn only_the_writes_a_fault_is_about_are_seen_late_and_counted() {
    let (_fake, late) = slow().await;
    late.fault(json!({ "operation": "remoteLock", "lagMs": 2000, "count": 1 })).await;
    late.note(1, "seen").await;
    assert_eq!(late.notes(1).await, "seen");
    late.act(1, "/remoteLock").await;
    late.act(2, "/remoteLock").await;
    assert_eq!((late.actions(1).await, late.actions(2).await), (0, 1));
    let told = late.ask("GET", "/_muster/faults", "").await.json();
    assert_eq!(told["faults"][0]["struck"], 1);
    assert_eq!(told["faults"][0]["lagMs"], 2000);
}

#[tokio::test]
async fn everything_is_seen_when_the_faults_end() {
    let (_fake, late) = slow().await;
    late.note(1, "here").await;
    assert_eq!(late.notes(1).await, Value::Null);
    assert_eq!(late.ask("DELETE", "/_muster/faults", "").await.status, 204);
    assert_eq!(late.notes(1).await, "here");
}

#[tokio::test]
async fn the_actions_of_a_batch_are_seen_late_one_by_one() {
    let (fake, late) = slow().await;
    let act = |number: u8| {
        json!({
            "id": number.to_string(),
            "method": "POST",
            "url": format!("/deviceManagement/managedDevices/{}/remoteLock", id(number)),
        })
    };
    let body = json!({ "requests": [act(1), act(2)] }).to_string();
    let answer = late.ask("POST", "/v1.0/$batch", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!((late.actions(1).await, late.actions(2).await), (0, 0));
    fake.wait(LAG);
    assert_eq!((late.actions(1).await, late.actions(2).await), (1, 1));
}
