//! Devices that keep no connection, and the pushes that fetch them.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use muster_admin::Backend as _;
use muster_control::{Action, CommandState, PUSH_AGAIN_AFTER, Readings};
use muster_protocol::management::{ToDevice, ToServer};
use muster_protocol::{CommandId, DeviceFacts, PushService, PushTarget, PushUpdate};
use muster_server::ServerConfig;
use muster_transport::Skew;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::device::{Device, Enrolled};
use crate::policies::{Author, NO_LOCK, restrictions};
use crate::vendor::{self, Counter};
use crate::world::{World, android, config, done, eventually, iphone};

/// Push services that write down what they get and answer as told.
#[derive(Clone, Default)]
struct Post {
    heard: Arc<Mutex<Vec<Heard>>>,
    /// One entry for each push that is not just taken.
    answers: Arc<Mutex<VecDeque<Manner>>>,
}

/// A request of the server.
#[derive(Clone, Debug)]
struct Heard {
    path: String,
    headers: HeaderMap,
    body: Value,
}

/// How a push is answered that is not just taken.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Gone,
    Busy,
    TooMany,
    Never,
}

impl Post {
    fn open(&self, run: &TempDir) -> Counter {
        let routes = Router::new().fallback(answer).with_state(self.clone());
        Counter::open(&vendor::folder(run.path()), routes)
    }

    fn then(&self, manner: Manner) {
        self.answers.lock().unwrap().push_back(manner);
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    async fn has_heard(&self, pushes: usize) -> Heard {
        eventually("a push", async || self.heard().len() >= pushes).await;
        assert_eq!(self.heard().len(), pushes);
        self.heard()[pushes - 1].clone()
    }
}

async fn answer(State(post): State<Post>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap();
    let path = uri.path().to_owned();
    post.heard.lock().unwrap().push(Heard { path, headers, body });
    let manner = post.answers.lock().unwrap().pop_front();
    match manner {
        None => StatusCode::OK.into_response(),
        Some(Manner::Gone) => {
            (StatusCode::GONE, r#"{"reason":"Unregistered","timestamp":1}"#).into_response()
        }
        Some(Manner::Busy) => {
            (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")]).into_response()
        }
        Some(Manner::TooMany) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Some(Manner::Never) => pending().await,
    }
}

/// A server that can push, in a time that can be moved.
struct Scene {
    world: World,
    skew: Skew,
    post: Post,
    _counter: Counter,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let post = Post::default();
        let counter = post.open(&folder);
        let skew = Skew::default();
        let world = started(folder, &skew).await;
        Self { world, skew, post, _counter: counter }
    }

    /// A device that has said where it is woken, and left.
    async fn away(&self) -> Enrolled {
        self.gone(iphone(), apple()).await
    }

    async fn gone(&self, facts: DeviceFacts, target: PushTarget) -> Enrolled {
        let enrolled = self.world.enrol(facts).await;
        drop(visit(&self.world, &enrolled, target).await);
        self.is_away(&enrolled).await;
        enrolled
    }

    async fn is_away(&self, enrolled: &Enrolled) {
        eventually("the device is gone", async || !self.world.connected(enrolled.id)).await;
    }

    /// Waits until the record knows that its push was made.
    async fn is_noted(&self, enrolled: &Enrolled) {
        eventually("the push is noted", async || {
            let next = self.world.record(enrolled.id).await.next_push(&Readings::default());
            next.unwrap() > self.world.server.backend().now()
        })
        .await;
    }

    /// Asks something else of all devices.
    async fn restrict(&self) {
        let lock = restrictions("activationLockAllowWhenSupervised", false);
        Author::new(&self.world).assign("deviceConfigurations", lock).await;
    }

    async fn sync(&self, enrolled: &Enrolled) -> CommandId {
        self.world.submit(enrolled.id, Action::SyncDevice).await
    }

    /// The device comes, does what is asked first, and leaves.
    async fn comes(&self, enrolled: &Enrolled, command: CommandId) {
        let (mut device, _welcome) = self.world.site.welcomed(enrolled).await;
        device.say(&ToServer::Idle).await;
        let heard = device.hear_command().await;
        assert_eq!(heard.head.id, command);
        device.acknowledge(&heard).await;
        self.world.reaches(enrolled.id, command, done()).await;
        drop(device);
        self.is_away(enrolled).await;
    }
}

async fn started(folder: TempDir, skew: &Skew) -> World {
    let usual = config(&folder.path().join("data"));
    let push = Some(vendor::access(folder.path()));
    World::started(folder, ServerConfig { push, skew: skew.clone(), ..usual }).await
}

/// A device that has said where it is woken and heard that nothing waits.
async fn visit(world: &World, enrolled: &Enrolled, target: PushTarget) -> Device {
    let (mut device, _welcome) = world.site.welcomed(enrolled).await;
    device.say(&ToServer::PushUpdate(PushUpdate { target: Some(target) })).await;
    device.say(&ToServer::Idle).await;
    assert_eq!(device.hear().await, ToDevice::Empty);
    device
}

fn apple() -> PushTarget {
    target(PushService::Apns, "com.apple.mgmt.External.muster")
}

fn target(service: PushService, topic: &str) -> PushTarget {
    let (topic, token, magic) = (topic.to_owned(), "a1b2".to_owned(), "word".to_owned());
    PushTarget { service, topic, token, magic }
}

#[tokio::test]
async fn a_device_that_is_away_is_pushed_and_nothing_else_is_said_of_the_command() {
    let scene = Scene::new().await;
    let enrolled = scene.away().await;
    assert!(scene.post.heard().is_empty());
    let command = scene.sync(&enrolled).await;
    let push = scene.post.has_heard(1).await;
    assert_eq!((push.path.as_str(), &push.body), ("/3/device/a1b2", &json!({ "mdm": "word" })));
    assert_eq!(push.headers["apns-topic"], "com.apple.mgmt.External.muster");
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let expiration: u64 = push.headers["apns-expiration"].to_str().unwrap().parse().unwrap();
    let month = Duration::from_secs(30 * 24 * 60 * 60);
    assert!(expiration.abs_diff((since_1970 + month).as_secs()) <= 60, "{expiration}");
    scene.comes(&enrolled, command).await;
}

#[tokio::test]
async fn an_android_is_pushed_by_its_own_service() {
    let scene = Scene::new().await;
    let enrolled = scene.gone(android(), target(PushService::Fcm, "muster")).await;
    scene.sync(&enrolled).await;
    let push = scene.post.has_heard(1).await;
    assert_eq!(push.path, "/v1/projects/muster/messages:send");
    let message = &push.body["message"];
    assert_eq!((&message["token"], &message["data"]["mdm"]), (&json!("a1b2"), &json!("word")));
    assert_eq!(message["android"]["priority"], "HIGH");
}

#[tokio::test]
async fn a_device_that_is_here_is_not_pushed() {
    let scene = Scene::new().await;
    let (enrolled, mut device) = scene.world.ready().await;
    let command = scene.sync(&enrolled).await;
    let heard = device.hear_command().await;
    assert_eq!(heard.head.id, command);
    device.acknowledge(&heard).await;
    scene.world.reaches(enrolled.id, command, done()).await;
    let other = scene.away().await;
    scene.sync(&other).await;
    scene.post.has_heard(1).await;
}

#[tokio::test]
async fn a_push_that_is_lost_is_made_again_with_growing_gaps_until_the_device_comes() {
    let scene = Scene::new().await;
    let enrolled = scene.away().await;
    let command = scene.sync(&enrolled).await;
    scene.post.has_heard(1).await;
    let mut gap = PUSH_AGAIN_AFTER;
    for pushes in 2..6 {
        scene.is_noted(&enrolled).await;
        scene.skew.advance(gap / 2);
        scene.is_noted(&enrolled).await;
        scene.skew.advance(gap / 2);
        scene.post.has_heard(pushes).await;
        gap *= 2;
    }
    scene.comes(&enrolled, command).await;
    scene.skew.advance(Duration::from_secs(24 * 60 * 60));
    let other = scene.away().await;
    scene.sync(&other).await;
    scene.post.has_heard(6).await;
}

#[tokio::test]
async fn a_command_accepted_in_the_instant_of_leaving_is_pushed() {
    let scene = Scene::new().await;
    let enrolled = scene.world.enrol(iphone()).await;
    for pushes in 1..=20 {
        let device = visit(&scene.world, &enrolled, apple()).await;
        // The device has heard that nothing waits, and leaves while the command is accepted.
        let (command, ()) = tokio::join!(scene.sync(&enrolled), async { drop(device) });
        scene.post.has_heard(pushes).await;
        scene.comes(&enrolled, command).await;
    }
}

#[tokio::test]
async fn a_device_that_is_away_is_pushed_for_another_policy_until_it_comes() {
    let scene = Scene::new().await;
    let enrolled = scene.away().await;
    scene.restrict().await;
    let push = scene.post.has_heard(1).await;
    assert_eq!(push.body, json!({ "mdm": "word" }));
    scene.is_noted(&enrolled).await;
    scene.skew.advance(PUSH_AGAIN_AFTER);
    scene.post.has_heard(2).await;
    let (device, welcome) = scene.world.site.welcomed(&enrolled).await;
    assert_eq!(welcome.policy, NO_LOCK);
    drop(device);
    scene.is_away(&enrolled).await;
    assert_eq!(scene.world.record(enrolled.id).await.next_push(&Readings::default()), None);
}

#[tokio::test]
async fn a_woken_device_that_is_here_hears_of_another_policy_and_is_not_pushed_for_it() {
    let scene = Scene::new().await;
    let enrolled = scene.world.enrol(iphone()).await;
    let mut device = visit(&scene.world, &enrolled, apple()).await;
    scene.restrict().await;
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(NO_LOCK));
    eventually("the server knows that it was told", async || {
        !scene.world.record(enrolled.id).await.has_policy_news()
    })
    .await;
    drop(device);
    scene.is_away(&enrolled).await;
    assert!(scene.post.heard().is_empty());
}

#[tokio::test]
async fn a_device_that_was_told_to_leave_hears_of_a_command_when_it_asks_again() {
    let scene = Scene::new().await;
    let enrolled = scene.world.enrol(iphone()).await;
    let mut device = visit(&scene.world, &enrolled, apple()).await;
    let command = scene.sync(&enrolled).await;
    device.hears_nothing_more(1).await;
    device.say(&ToServer::Idle).await;
    assert_eq!(device.hear_command().await.head.id, command);
    assert!(scene.post.heard().is_empty());
}

#[tokio::test]
async fn a_target_that_is_gone_is_forgotten_until_the_device_says_another() {
    let scene = Scene::new().await;
    let enrolled = scene.away().await;
    scene.post.then(Manner::Gone);
    let command = scene.sync(&enrolled).await;
    eventually("the target is forgotten", async || {
        scene.world.record(enrolled.id).await.push.is_none()
    })
    .await;
    scene.skew.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(scene.world.state(enrolled.id, command).await, CommandState::Queued);
    scene.comes(&enrolled, command).await;
    drop(visit(&scene.world, &enrolled, apple()).await);
    scene.is_away(&enrolled).await;
    scene.sync(&enrolled).await;
    scene.post.has_heard(2).await;
}

#[tokio::test]
async fn a_target_no_service_can_have_given_out_is_never_asked_for() {
    let scene = Scene::new().await;
    let target = PushTarget { token: "../../device/activationlock".to_owned(), ..apple() };
    let enrolled = scene.gone(iphone(), target).await;
    scene.sync(&enrolled).await;
    eventually("the target is forgotten", async || {
        scene.world.record(enrolled.id).await.push.is_none()
    })
    .await;
    assert!(scene.post.heard().is_empty());
}

#[tokio::test]
async fn a_service_that_is_busy_is_asked_again() {
    let scene = Scene::new().await;
    let enrolled = scene.away().await;
    scene.post.then(Manner::Busy);
    scene.post.then(Manner::Busy);
    let command = scene.sync(&enrolled).await;
    scene.post.has_heard(3).await;
    scene.comes(&enrolled, command).await;
}

#[tokio::test]
async fn a_device_with_too_many_pushes_gets_the_next_one_later() {
    let scene = Scene::new().await;
    let (one, other) = (scene.away().await, scene.away().await);
    scene.post.then(Manner::TooMany);
    scene.sync(&one).await;
    scene.post.has_heard(1).await;
    scene.sync(&other).await;
    scene.post.has_heard(2).await;
    scene.is_noted(&one).await;
    scene.is_noted(&other).await;
    scene.skew.advance(PUSH_AGAIN_AFTER);
    eventually("both are pushed again", async || scene.post.heard().len() == 4).await;
}

#[tokio::test]
async fn a_service_that_is_not_there_yet_gets_the_push_when_it_appears() {
    let folder = tempfile::tempdir().unwrap();
    let (post, skew) = (Post::default(), Skew::default());
    let world = started(folder, &skew).await;
    let enrolled = world.enrol(iphone()).await;
    drop(visit(&world, &enrolled, apple()).await);
    eventually("the device is gone", async || !world.connected(enrolled.id)).await;
    world.submit(enrolled.id, Action::SyncDevice).await;
    let _counter = post.open(&world.folder);
    post.has_heard(1).await;
}

#[tokio::test]
async fn a_server_killed_before_its_push_has_an_answer_makes_it_after_its_start() {
    let scene = Scene::new().await;
    let enrolled = scene.away().await;
    scene.post.then(Manner::Never);
    let command = scene.sync(&enrolled).await;
    scene.post.has_heard(1).await;
    let Scene { world, skew, post, _counter } = scene;
    world.server.kill().await;
    let world = started(world.folder, &skew).await;
    post.has_heard(2).await;
    Scene { world, skew, post, _counter }.comes(&enrolled, command).await;
}

#[tokio::test]
async fn a_hundred_devices_are_pushed_at_once_and_each_once() {
    let scene = Scene::new().await;
    let mut devices = Vec::new();
    for number in 0..100 {
        let target = PushTarget { token: format!("{number:04x}"), ..apple() };
        devices.push(scene.gone(iphone(), target).await);
    }
    for enrolled in &devices {
        scene.sync(enrolled).await;
    }
    eventually("all are pushed", async || scene.post.heard().len() >= 100).await;
    let mut paths: Vec<String> = scene.post.heard().into_iter().map(|push| push.path).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!((paths.len(), scene.post.heard().len()), (100, 100));
}

#[tokio::test]
async fn a_server_without_push_services_leaves_the_command_to_the_devices_next_visit() {
    let world = World::new().await;
    let enrolled = world.enrol(iphone()).await;
    drop(visit(&world, &enrolled, apple()).await);
    eventually("the device is gone", async || !world.connected(enrolled.id)).await;
    let command = world.submit(enrolled.id, Action::SyncDevice).await;
    let (mut device, _welcome) = world.site.welcomed(&enrolled).await;
    device.say(&ToServer::Idle).await;
    assert_eq!(device.hear_command().await.head.id, command);
}
