//! The push services, asked as a server asks them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use muster_protocol::PushService;
use muster_vendor::{
    Collapse, Keep, PAYLOAD_BYTES_MAX, Push, PushDesk, PushRefusal, Urgency, push_router,
};
use proptest::prelude::*;
use reqwest::{RequestBuilder, Response, Version};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{World, customer};

/// The one device there is.
const TOKEN: &str = "a1b2c3d4";

/// One that has been.
const GONE: &str = "dead";

const TOPIC: &str = "com.apple.mgmt.External.muster";

/// Push services that know one device and keep what was sent to it.
#[derive(Clone, Default)]
pub(crate) struct Post(Arc<Mutex<Vec<Push>>>);

impl PushDesk for Post {
    fn push(&self, push: Push) -> Result<(), PushRefusal> {
        match push.token.as_str() {
            TOKEN if push.topic != TOPIC && push.service == PushService::Apns => {
                Err(PushRefusal::OtherTopic)
            }
            TOKEN => {
                self.0.lock().unwrap().push(push);
                Ok(())
            }
            GONE => Err(PushRefusal::Unregistered { since: Duration::from_millis(1_234) }),
            "bad" => Err(PushRefusal::TooMany),
            "ad" => Err(PushRefusal::Unavailable),
            _ => Err(PushRefusal::UnknownToken),
        }
    }
}

impl Post {
    fn taken(&self) -> Vec<Push> {
        self.0.lock().unwrap().clone()
    }
}

fn apns(world: &World, token: &str) -> RequestBuilder {
    let request = world.post(&format!("/3/device/{token}"));
    request.header("apns-topic", TOPIC).body(r#"{"mdm":"word"}"#)
}

fn fcm(world: &World, message: &Value) -> RequestBuilder {
    world.post("/v1/projects/muster/messages:send").json(&json!({ "message": message }))
}

async fn reason(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let said: Value = answer.json().await.unwrap();
    (status, said["reason"].as_str().unwrap().to_owned())
}

async fn failure(request: RequestBuilder) -> (u16, String, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let said: Value = answer.json().await.unwrap();
    let error = &said["error"];
    assert_eq!(error["code"], status);
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    (status, word(&error["status"]), word(&error["details"][0]["errorCode"]))
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

#[tokio::test]
async fn apns_takes_a_push_over_http_2_and_gives_its_id_back() {
    let world = World::new();
    let id = "eabeae54-14a8-11e5-b60b-1697f925ec7b";
    let push = apns(&world, TOKEN)
        .header("apns-push-type", "mdm")
        .header("apns-id", id)
        .header("apns-expiration", "1800000000")
        .header("apns-priority", "5")
        .header("apns-collapse-id", "wake");
    let answer = push.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    assert_eq!(header(&answer, "apns-id"), Some(id));
    assert_eq!(answer.text().await.unwrap(), "");
    let taken = Push {
        service: PushService::Apns,
        token: TOKEN.to_owned(),
        topic: TOPIC.to_owned(),
        magic: "word".to_owned(),
        keep: Keep::Until(Duration::from_secs(1_800_000_000)),
        collapse: Some(Collapse("wake".to_owned())),
        urgency: Urgency::Normal,
    };
    assert_eq!(world.post.taken(), [taken]);
}

#[tokio::test]
async fn apns_makes_up_an_id_of_its_own_for_every_push_without_one() {
    let world = World::new();
    let answers = [apns(&world, TOKEN).send().await, apns(&world, TOKEN).send().await];
    let [first, second] =
        answers.map(|answer| header(&answer.unwrap(), "apns-id").unwrap().to_owned());
    assert!(first != second && first.len() == 36, "{first} {second}");
}

#[tokio::test]
async fn apns_says_why_in_its_own_words() {
    let world = World::new();
    let told = |status: u16, word: &str| (status, word.to_owned());
    assert_eq!(reason(apns(&world, "00")).await, told(400, "BadDeviceToken"));
    assert_eq!(reason(apns(&world, "no-hex")).await, told(400, "BadDeviceToken"));
    let bare = world.post(&format!("/3/device/{TOKEN}")).body("{}");
    assert_eq!(reason(bare).await, told(400, "MissingTopic"));
    let other = world.post(&format!("/3/device/{TOKEN}")).header("apns-topic", "com.example");
    let other = other.body(r#"{"mdm":"word"}"#);
    assert_eq!(reason(other).await, told(400, "DeviceTokenNotForTopic"));
    assert_eq!(reason(apns(&world, TOKEN).body("")).await, told(400, "PayloadEmpty"));
    let long = format!(r#"{{"mdm":"{}"}}"#, "a".repeat(PAYLOAD_BYTES_MAX));
    assert_eq!(reason(apns(&world, TOKEN).body(long)).await, told(413, "PayloadTooLarge"));
    let huge = "a".repeat(1 << 20);
    assert_eq!(reason(apns(&world, TOKEN).body(huge)).await, told(413, "PayloadTooLarge"));
    assert_eq!(reason(apns(&world, "bad")).await, told(429, "TooManyRequests"));
    assert_eq!(reason(apns(&world, "ad")).await, told(503, "ServiceUnavailable"));
    let wrong = apns(&world, TOKEN).header("apns-id", "1");
    assert_eq!(reason(wrong).await, told(400, "BadMessageId"));
    assert_eq!(world.post.taken(), []);
}

#[tokio::test]
async fn apns_says_since_when_a_token_is_gone() {
    let world = World::new();
    let answer = apns(&world, GONE).send().await.unwrap();
    assert_eq!(answer.status(), 410);
    let said: Value = answer.json().await.unwrap();
    assert_eq!(said, json!({ "reason": "Unregistered", "timestamp": 1_234 }));
}

#[tokio::test]
async fn fcm_takes_a_message_and_names_it() {
    let world = World::new();
    let message = json!({
        "token": TOKEN,
        "data": { "mdm": "word" },
        "android": { "ttl": "3600s", "collapse_key": "wake", "priority": "HIGH" },
    });
    let answer = fcm(&world, &message).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let said: Value = answer.json().await.unwrap();
    assert!(said["name"].as_str().unwrap().starts_with("projects/muster/messages/"), "{said}");
    let taken = Push {
        service: PushService::Fcm,
        token: TOKEN.to_owned(),
        topic: "muster".to_owned(),
        magic: "word".to_owned(),
        keep: Keep::For(Duration::from_secs(3_600)),
        collapse: Some(Collapse("wake".to_owned())),
        urgency: Urgency::High,
    };
    assert_eq!(world.post.taken(), [taken]);
}

#[tokio::test]
async fn fcm_says_why_as_all_services_of_google_do() {
    let world = World::new();
    let to = |token: &str| json!({ "token": token, "data": { "mdm": "word" } });
    let told = |status: u16, rpc: &str, word: &str| (status, rpc.to_owned(), word.to_owned());
    let invalid = told(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
    assert_eq!(failure(fcm(&world, &to("00"))).await, invalid);
    assert_eq!(failure(fcm(&world, &json!({}))).await, invalid);
    assert_eq!(failure(fcm(&world, &to(GONE))).await, told(404, "NOT_FOUND", "UNREGISTERED"));
    let quota = told(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED");
    assert_eq!(failure(fcm(&world, &to("bad"))).await, quota);
    assert_eq!(failure(fcm(&world, &to("ad"))).await, told(503, "UNAVAILABLE", "UNAVAILABLE"));
}

#[tokio::test]
async fn fcm_names_the_field_when_the_token_is_to_blame() {
    let world = World::new();
    let message = json!({ "token": "00", "data": { "mdm": "word" } });
    let answer = fcm(&world, &message).send().await.unwrap();
    let said: Value = answer.json().await.unwrap();
    let violation = &said["error"]["details"][1]["fieldViolations"][0];
    assert_eq!(violation["field"], "message.token", "{said}");
}

#[tokio::test]
async fn a_customer_without_a_certificate_wakes_nobody() {
    let world = World::new();
    let stranger = customer(world.folder.path(), None);
    let push = stranger.post(world.url(&format!("/3/device/{TOKEN}")));
    assert!(push.header("apns-topic", TOPIC).body(r#"{"mdm":"word"}"#).send().await.is_err());
    assert_eq!(world.post.taken(), []);
}

proptest! {
    #[test]
    fn whatever_bytes_arrive_there_is_an_answer_and_only_a_push_is_one(
        body in proptest::collection::vec(any::<u8>(), 0..512),
        token in "[0-9a-zA-Z%._:-]{1,80}",
        topic in "[ -~]{0,64}",
        expiration in "[0-9a-z-]{0,24}",
    ) {
        let post = Post::default();
        let routes = push_router(post.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let paths = [format!("/3/device/{token}"), format!("/v1/projects/{token}/messages:send")];
        for path in paths {
            let request = Request::post(&path)
                .header("apns-topic", &topic)
                .header("apns-expiration", &expiration)
                .body(Body::from(body.clone()));
            let Ok(request) = request else { continue };
            let answer = runtime.block_on(routes.clone().oneshot(request)).unwrap();
            let status = answer.status().as_u16();
            prop_assert!((400..500).contains(&status), "{path} {status}");
        }
        prop_assert_eq!(post.taken(), []);
    }
}
