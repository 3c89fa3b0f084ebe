//! Several requests in one.

use axum::body::Body;
use axum::http::Request;
use muster_admin::AdminOptions;
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Client, Fake, TOKEN, id, record};

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleAutomatedDevice), record(2, Mode::AppleUser)])
}

async fn send(fake: &Fake, requests: Value) -> Answer {
    fake.send("POST", "/v1.0/$batch", &json!({ "requests": requests }).to_string()).await
}

/// The statuses, under the ids of their requests.
async fn statuses(requests: Value) -> Vec<(String, u64)> {
    let answer = send(&fleet(), requests).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answers = answer.json()["responses"].as_array().expect("answers").clone();
    let status = |one: &Value| {
        (one["id"].as_str().expect("an id").to_owned(), one["status"].as_u64().expect("a status"))
    };
    answers.iter().map(status).collect()
}

fn wipe(device: u8) -> String {
    format!("/deviceManagement/managedDevices/{}/wipe", id(device))
}

fn expected(statuses: &[(&str, u64)]) -> Vec<(String, u64)> {
    statuses.iter().map(|(id, status)| ((*id).to_owned(), *status)).collect()
}

#[tokio::test]
async fn each_request_has_its_own_answer_with_headers_and_body() {
    let show = format!("/deviceManagement/managedDevices/{}?$select=id", id(1));
    let answer = send(
        &fleet(),
        json!([
            { "id": "show", "method": "GET", "url": show },
            { "id": "wipe", "method": "post", "url": wipe(1) },
        ]),
    )
    .await;
    let answers = answer.json();
    let [show, wipe] = answers["responses"].as_array().unwrap().as_slice() else {
        panic!("not two answers: {answers}");
    };
    assert_eq!(show["body"]["id"], id(1).to_string());
    assert_eq!(wipe["status"], 204);
    assert_eq!(wipe.get("body"), None);
    assert_ne!(show["headers"]["request-id"], wipe["headers"]["request-id"]);
    assert!(wipe["headers"]["x-muster-command-id"].is_string());
}

#[tokio::test]
async fn urls_are_relative_or_lead_here() {
    let path = format!("/deviceManagement/managedDevices/{}", id(1));
    let found = statuses(json!([
        { "id": "1", "method": "GET", "url": path },
        { "id": "2", "method": "GET", "url": &path[1..] },
        { "id": "3", "method": "GET", "url": format!("https://127.0.0.1:8443/beta{path}") },
        { "id": "4", "method": "GET", "url": format!("https://localhost:8443/v1.0//{path}") },
        { "id": "5", "method": "GET", "url": format!("https://graph.microsoft.com/v1.0{path}") },
        { "id": "6", "method": "GET", "url": format!("https://example.org/v1.0{path}") },
        { "id": "7", "method": "GET", "url": format!("https://graph.microsoft.com.example/v1.0{path}") },
        { "id": "8", "method": "GET", "url": "/nowhere?a=b c" },
    ]))
    .await;
    let wanted = [
        ("1", 200),
        ("2", 200),
        ("3", 200),
        ("4", 200),
        ("5", 200),
        ("6", 400),
        ("7", 400),
        ("8", 404),
    ];
    assert_eq!(found, expected(&wanted));
}

#[tokio::test]
async fn who_depends_on_a_failure_fails_too_in_either_spelling() {
    let found = statuses(json!([
        { "id": "c", "method": "POST", "url": wipe(1), "depends_on": ["b"] },
        { "id": "b", "method": "POST", "url": wipe(1), "dependsOn": ["a"] },
        { "id": "a", "method": "POST", "url": wipe(2), "depends_on": [] },
        { "id": "d", "method": "POST", "url": wipe(1), "dependsOn": null },
        { "id": "e", "method": "POST", "url": wipe(1), "dependsOn": ["d"] },
    ]))
    .await;
    let wanted = [("a", 400), ("b", 424), ("c", 424), ("d", 204), ("e", 204)];
    assert_eq!(found, expected(&wanted));
}

#[tokio::test]
async fn a_batch_that_is_no_good_is_refused_whole_with_a_reason() {
    let get = |id: &str| json!({ "id": id, "method": "GET", "url": "/x" });
    let many = |count: usize| (0..count).map(|number| get(&number.to_string())).collect::<Value>();
    assert_eq!(send(&fleet(), many(20)).await.status, 200);
    for (requests, reason) in [
        (many(21), "1 to 20"),
        (json!([]), "1 to 20"),
        (json!("x"), "1 to 20"),
        (json!([get("a"), get("a")]), "'a' stands in the batch twice"),
        (json!([{ "method": "GET", "url": "/x" }]), "no id"),
        (json!([{ "id": 1, "method": "GET", "url": "/x" }]), "no id"),
        (json!([{ "id": "a", "url": "/x" }]), "no method"),
        (json!([{ "id": "a", "method": "G T", "url": "/x" }]), "no method"),
        (json!([{ "id": "a", "method": "GET" }]), "no url"),
        (json!([{ "id": "a", "method": "GET", "url": "/", "headers": [] }]), "no headers"),
        (json!([{ "id": "a", "method": "GET", "url": "/", "dependsOn": "b" }]), "no dependsOn"),
        (json!([{ "id": "a", "method": "GET", "url": "/", "dependsOn": ["b"] }]), "does not have"),
        (json!([{ "id": "a", "method": "GET", "url": "/", "dependsOn": ["a"] }]), "itself"),
        (json!([null]), "no id"),
    ] {
        let answer = send(&fleet(), requests).await;
        assert_eq!(answer.status, 400, "{reason}");
        assert!(answer.reason().contains(reason), "{}", answer.reason());
    }
    assert_eq!(fleet().send("POST", "/v1.0/$batch", "").await.status, 400);
    assert_eq!(fleet().send("GET", "/v1.0/$batch", "").await.header("allow"), "POST");
}

#[tokio::test]
async fn a_batch_in_a_batch_and_a_body_without_its_type_are_refused_alone() {
    let json_type = json!({ "content-type": "application/json" });
    let found = statuses(json!([
        { "id": "1", "method": "POST", "url": "/$batch", "headers": json_type, "body": {} },
        { "id": "2", "method": "POST", "url": wipe(1), "body": { "keepUserData": true } },
        { "id": "3", "method": "POST", "url": wipe(1), "headers": json_type,
          "body": { "keepUserData": true } },
        { "id": "4", "method": "POST", "url": wipe(1), "headers": json_type, "body": "text" },
    ]))
    .await;
    assert_eq!(found, expected(&[("1", 400), ("2", 400), ("3", 204), ("4", 400)]));
}

#[tokio::test]
async fn a_request_of_a_batch_has_the_token_of_the_batch_and_no_other() {
    let path = "/deviceManagement/managedDevices";
    let found = statuses(json!([
        { "id": "1", "method": "GET", "url": path, "headers": { "Authorization": "Bearer no" } },
    ]));
    assert_eq!(found.await, expected(&[("1", 200)]));
    let batch = json!({ "requests": [
        { "id": "1", "method": "GET", "url": path,
          "headers": { "Authorization": format!("Bearer {TOKEN}") } },
    ] });
    let request = Request::post("/v1.0/$batch").body(Body::from(batch.to_string()));
    let client = Client::new(&fleet(), AdminOptions::default());
    assert_eq!(client.call(request.unwrap()).await.status, 401);
}
