//! What errors look like.

use axum::body::Body;
use axum::http::Request;
use muster_protocol::Mode;

use crate::fake::{Answer, Fake, TOKEN, id, record};

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleUser)])
}

fn device(rest: &str) -> String {
    format!("/beta/deviceManagement/managedDevices/{}{rest}", id(1))
}

/// The answer with its random parts replaced.
fn shown(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .keys()
        .filter(|name| *name != "content-length")
        .map(|name| format!("{name}: {}", answer.header(name.as_str())))
        .collect();
    headers.sort();
    let body = serde_json::to_string_pretty(&answer.json()).expect("JSON");
    let text = format!("{}\n{}\n\n{body}", answer.status, headers.join("\n"));
    text.replace(answer.header("request-id"), "[request-id]")
}

#[tokio::test]
async fn a_missing_token() {
    let request = Request::get(device("")).body(Body::empty()).unwrap();
    insta::assert_snapshot!(shown(&fleet().call(request).await));
}

#[tokio::test]
async fn a_device_nobody_knows() {
    let path = format!("/v1.0/deviceManagement/managedDevices/{}", id(9));
    insta::assert_snapshot!(shown(&fleet().get(&path).await));
}

#[tokio::test]
async fn a_path_nobody_knows() {
    insta::assert_snapshot!(shown(&fleet().get("/v1.0/users").await));
}

#[tokio::test]
async fn a_wrong_verb() {
    insta::assert_snapshot!(shown(&fleet().get(&device("/wipe")).await));
}

#[tokio::test]
async fn an_option_not_served() {
    insta::assert_snapshot!(shown(&fleet().get(&device("?$expand=users")).await));
}

#[tokio::test]
async fn an_action_the_device_cannot_do() {
    insta::assert_snapshot!(shown(&fleet().send("POST", &device("/resetPasscode"), "").await));
}

#[tokio::test]
async fn the_nested_message_is_json_with_the_members_of_intune() {
    let answer = fleet().get("/v1.0/deviceManagement/managedDevices/7").await;
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    let inner: serde_json::Value = serde_json::from_str(&message).unwrap();
    assert_eq!(inner["_version"], 3);
    assert!(inner["Message"].as_str().unwrap().contains(answer.header("request-id")));
    assert!(message.starts_with("{\r\n  \"_version\": 3,\r\n  \"Message\": "));
}

#[tokio::test]
async fn a_client_request_id_comes_back_if_it_is_harmless() {
    for (sent, comes_back) in [("my-id-1", true), ("two words", false), (&"x".repeat(200), false)] {
        let request = Request::get("/nowhere")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("client-request-id", sent);
        let answer = fleet().call(request.body(Body::empty()).unwrap()).await;
        let expected = if comes_back { sent } else { answer.header("request-id") };
        assert_eq!(answer.header("client-request-id"), expected);
        assert_eq!(answer.json()["error"]["innerError"]["client-request-id"], expected);
    }
}
