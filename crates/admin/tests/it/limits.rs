//! What is held back, what is taken once, and what a strict server says.

use axum::body::Body;
use axum::http::Request;
use muster_admin::{AdminOptions, Filters, Strictness, SubmitError, Throttling};
use muster_protocol::Mode;

use crate::fake::{Answer, Client, Fake, Mood, TOKEN, id, record};

fn fleet() -> Fake {
    Fake::new([record(1, Mode::AppleAutomatedDevice), record(2, Mode::AppleAutomatedDevice)])
}

const THROTTLED: AdminOptions = AdminOptions {
    strictness: Strictness::Explained,
    throttling: Throttling::Documented,
    filters: Filters::Generous,
};

const STRICT: AdminOptions = AdminOptions {
    strictness: Strictness::Strict,
    throttling: Throttling::Off,
    filters: Filters::Generous,
};

fn device(number: u8, rest: &str) -> String {
    format!("/v1.0/deviceManagement/managedDevices/{}{rest}", id(number))
}

fn request(method: &str, target: &str, client_request_id: &str) -> Request<Body> {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("client-request-id", client_request_id);
    request.body(Body::empty()).expect("a request")
}

/// Asks for an action under an id of the client's own.
async fn ask(client: &Client, target: &str, client_request_id: &str) -> Answer {
    client.call(request("POST", target, client_request_id)).await
}

#[tokio::test]
async fn the_201st_write_waits_and_nothing_was_queued_for_it() {
    let fake = fleet();
    let client = Client::new(&fake, THROTTLED);
    for number in 0..200 {
        let answer = ask(&client, &device(1, "/remoteLock"), &number.to_string()).await;
        // The queue of one device holds fewer; the limits count all the same.
        assert!([204, 429].contains(&answer.status.as_u16()), "{}", answer.text);
    }
    let refused = ask(&client, &device(2, "/wipe"), "one-more").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "20");
    assert_eq!(refused.json()["error"]["code"], "TooManyRequests");
    assert!(fake.next_command(2).is_none());
    let read = client.call(request("GET", &device(1, ""), "read")).await;
    assert_eq!(read.status, 200, "reads have limits of their own");
}

#[tokio::test]
async fn a_throttled_request_that_comes_again_later_is_taken_once() {
    let fake = fleet();
    let client = Client::new(&fake, THROTTLED);
    for number in 0..200 {
        ask(&client, &device(1, "/remoteLock"), &number.to_string()).await;
    }
    assert_eq!(ask(&client, &device(2, "/wipe"), "w").await.status, 429);
    let later = Client::new(&fake, THROTTLED);
    let first = ask(&later, &device(2, "/wipe"), "w").await;
    let again = ask(&later, &device(2, "/wipe"), "w").await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (204, 204));
    assert_eq!(fake.kept(2).commands().count(), 1);
}

#[tokio::test]
async fn what_a_device_can_never_do_is_told_without_being_counted() {
    let fake = Fake::new([
        record(1, Mode::AndroidPersonallyOwnedWorkProfile),
        record(2, Mode::AppleDevice),
    ]);
    let client = Client::new(&fake, THROTTLED);
    for number in 0..250 {
        let refused = ask(&client, &device(1, "/rebootNow"), &number.to_string()).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
    }
    assert_eq!(ask(&client, &device(2, "/syncDevice"), "after").await.status, 204);
}

#[tokio::test]
async fn a_request_that_was_taken_is_taken_again_when_the_device_has_gone() {
    let fake = fleet();
    let client = Client::new(&fake, AdminOptions::default());
    let first = client.call(request("DELETE", &device(1, ""), "sdk-1")).await;
    assert_eq!(client.call(request("GET", &device(1, ""), "read")).await.status, 404);
    let again = client.call(request("DELETE", &device(1, ""), "sdk-1")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (204, 204));
    assert_eq!(again.header("x-muster-command-id"), first.header("x-muster-command-id"));
    let other = client.call(request("DELETE", &device(1, ""), "sdk-2")).await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn in_a_batch_each_request_counts_for_itself() {
    let fake = fleet();
    let client = Client::new(&fake, THROTTLED);
    for number in 0..199 {
        ask(&client, &device(1, "/remoteLock"), &number.to_string()).await;
    }
    let url = format!("/deviceManagement/managedDevices/{}/syncDevice", id(2));
    let one = |id: &str| serde_json::json!({ "id": id, "method": "POST", "url": url });
    let batch = serde_json::json!({ "requests": [one("a"), one("b")] }).to_string();
    let request = Request::post("/v1.0/$batch").header("authorization", format!("Bearer {TOKEN}"));
    let answer = client.call(request.body(Body::from(batch)).unwrap()).await.json();
    assert_eq!(answer["responses"][0]["status"], 204);
    assert_eq!(answer["responses"][1]["status"], 429);
    assert_eq!(answer["responses"][1]["headers"]["retry-after"], "20");
}

#[tokio::test]
async fn the_same_request_again_is_the_same_command() {
    let fake = fleet();
    let client = Client::new(&fake, AdminOptions::default());
    let first = ask(&client, &device(1, "/wipe"), "sdk-1").await;
    let again = ask(&client, &device(1, "/wipe"), "sdk-1").await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (204, 204));
    assert_eq!(again.header("x-muster-command-id"), first.header("x-muster-command-id"));
    assert_eq!(fake.kept(1).commands().count(), 1);
    for (target, client_request_id) in [
        (device(1, "/wipe"), "sdk-2"),
        (device(1, "/remoteLock"), "sdk-1"),
        (device(2, "/wipe"), "sdk-1"),
    ] {
        let other = ask(&client, &target, client_request_id).await;
        assert_eq!(other.status, 204);
        let (other, first) = (other.header("x-muster-command-id"), &first);
        assert_ne!(other, first.header("x-muster-command-id"), "{target} {client_request_id}");
    }
}

#[tokio::test]
async fn requests_without_an_id_of_their_own_are_all_different() {
    let fake = fleet();
    fake.send("POST", &device(1, "/remoteLock"), "").await;
    fake.send("POST", &device(1, "/remoteLock"), "").await;
    assert_eq!(fake.kept(1).commands().count(), 2);
}

#[tokio::test]
async fn a_refused_request_may_come_again_under_the_same_id() {
    let refusing = fleet().in_mood(Mood::Refusing(|| SubmitError::ShuttingDown));
    let client = Client::new(&refusing, AdminOptions::default());
    assert_eq!(ask(&client, &device(1, "/wipe"), "x").await.status, 503);
    assert_eq!(ask(&client, &device(1, "/wipe"), "x").await.status, 503);
    assert_eq!(refusing.kept(1).commands().count(), 0);
}

fn preferring(method: &str, target: &str) -> Request<Body> {
    let mut request = request(method, target, "x");
    let wish = "return=minimal, include-muster".parse().expect("a value");
    request.headers_mut().insert("prefer", wish);
    request
}

#[tokio::test]
async fn a_strict_server_shows_what_is_its_own_only_to_who_asks_for_it() {
    let client = Client::new(&fleet(), STRICT);
    let taken = client.call(request("POST", &device(1, "/wipe"), "x")).await;
    assert_eq!((taken.status.as_u16(), taken.header("x-muster-command-id")), (204, ""));
    for target in [device(1, ""), "/beta/deviceManagement/managedDevices".to_owned()] {
        let plain = client.call(request("GET", &target, "x")).await;
        assert!(plain.text.contains("actionState"), "{}", plain.text);
        assert!(!plain.text.contains("x-muster"), "{}", plain.text);
        let all = client.call(preferring("GET", &target)).await;
        for name in ["x-muster-connected", "x-muster-mode", "x-muster-command-id"] {
            assert!(all.text.contains(name), "{name} {}", all.text);
        }
    }
    let named = client.call(request("GET", &device(1, "?$select=x-muster-mode"), "x")).await;
    assert_eq!(named.json()["x-muster-mode"], Mode::AppleAutomatedDevice.name());
    let preferred = client.call(preferring("POST", &device(2, "/wipe"))).await;
    assert_ne!(preferred.header("x-muster-command-id"), "");
    let refused = client.call(preferring("GET", &device(9, ""))).await;
    assert_eq!(refused.reason(), "no device has this id");
}

#[tokio::test]
async fn a_strict_server_gives_no_reasons() {
    let client = Client::new(&fleet(), STRICT);
    for (method, target, status, message) in [
        ("PUT", device(1, ""), 405, "The OData request is not supported."),
        ("GET", device(9, ""), 404, "An error has occurred - "),
        ("GET", "/v1.0/users".to_owned(), 404, "Resource not found for the segment 'users'."),
        ("POST", device(1, "/cleanWindowsDevice"), 400, "An error has occurred - "),
        ("POST", device(1, "/requestRemoteAssistance"), 400, "An error has occurred - "),
        ("POST", device(1, "/wipe?$top=1"), 400, "An error has occurred - "),
    ] {
        let answer = client.call(request(method, &target, "x")).await;
        assert_eq!(answer.status, status, "{method} {target}");
        let error = &answer.json()["error"];
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert!(!answer.text.contains("x-muster"), "{}", answer.text);
    }
}
