//! Operating a server over HTTPS: its health, its state, beginning anew.

use std::time::Duration;

use muster_protocol::management::ToDevice;
use muster_protocol::{ActivationLockPolicy, Policy};
use muster_server::ServerConfig;
use muster_transport::Skew;
use reqwest::{Client, Method, StatusCode, Version};
use serde_json::{Value, json};

use crate::admin::Administrator;
use crate::world::{World, config, eventually, within};

/// The holder of the data folder.
struct Operator {
    http: Client,
    token: String,
    base: String,
}

impl Operator {
    fn of(world: &World) -> Self {
        let administrator = Administrator::new(world, Version::HTTP_2);
        let base = format!("https://{}", world.server.endpoints().admin);
        Self { http: administrator.http, token: administrator.token, base }
    }

    async fn send(&self, method: Method, path: &str, body: String) -> (StatusCode, String) {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let answer = within(request.bearer_auth(&self.token).body(body).send()).await.unwrap();
        (answer.status(), within(answer.text()).await.unwrap())
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, text) = self.send(Method::POST, path, body.to_string()).await;
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn health(&self) -> Value {
        let (status, text) = self.send(Method::GET, "/_muster/health", String::new()).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Turns Activation Lock off for all devices.
    async fn forbid_activation_lock(&self) {
        let configurations = "/beta/deviceManagement/deviceConfigurations";
        let policy = json!({
            "@odata.type": "#microsoft.graph.iosGeneralDeviceConfiguration",
            "displayName": "Restrictions",
            "activationLockAllowWhenSupervised": false,
        });
        let made = self.post(configurations, &policy).await;
        let place = format!("{configurations}/{}/assign", made["id"].as_str().unwrap());
        let all = json!({ "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" });
        self.post(&place, &json!({ "assignments": [{ "target": all }] })).await;
    }
}

const NO_LOCK: Policy =
    Policy { activation_lock: ActivationLockPolicy::Disallowed, ..Policy::FULL };

#[tokio::test]
async fn what_a_state_or_a_reset_changes_reaches_the_devices() {
    let world = World::new().await;
    let (_enrolled, mut device) = world.ready().await;
    let operator = Operator::of(&world);
    operator.forbid_activation_lock().await;
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(NO_LOCK));
    let (_status, state) = operator.send(Method::GET, "/_muster/state", String::new()).await;

    operator.post("/_muster/reset", &Value::Null).await;
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(Policy::FULL));

    let (status, said) = operator.send(Method::POST, "/_muster/state", state.clone()).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    assert_eq!(device.hear().await, ToDevice::PolicyUpdate(NO_LOCK));

    let world = world.restart().await;
    let (_status, after) =
        Operator::of(&world).send(Method::GET, "/_muster/state", String::new()).await;
    assert_eq!(documents(&after), documents(&state), "it is durable");
}

/// The documents of a state, without the audit log, which only grows.
fn documents(state: &str) -> Vec<Value> {
    let state: Value = serde_json::from_str(state).unwrap();
    let all = state["documents"].as_array().unwrap().iter();
    all.filter(|one| one["kind"] != "auditEvent").cloned().collect()
}

#[tokio::test]
async fn entries_of_the_audit_log_are_gone_after_a_year_whether_anybody_reads_them_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let skew = Skew::default();
    let usual = config(&folder.path().join("data"));
    let world = World::started(folder, ServerConfig { skew: skew.clone(), ..usual }).await;
    let operator = Operator::of(&world);
    operator.post("/_muster/reset", &Value::Null).await;
    let log = async || {
        let path = "/_muster/state?kinds=auditEvent";
        let (_status, state) = operator.send(Method::GET, path, String::new()).await;
        serde_json::from_str::<Value>(&state).unwrap()["documents"].as_array().unwrap().len()
    };
    assert_eq!(log().await, 1);
    skew.advance(Duration::from_secs(366 * 24 * 60 * 60));
    eventually("the log is empty", async || log().await == 0).await;
}

#[tokio::test]
async fn health_counts_what_is_there() {
    let world = World::new().await;
    let (enrolled, device) = world.ready().await;
    let operator = Operator::of(&world);
    let health = operator.health().await;
    assert_eq!(health["devices"], json!({ "known": 1, "enrolled": 1, "connected": 1 }));
    assert_eq!(health["commands"], json!({ "accepted": 0, "ended": 0, "waiting": 0 }));
    world.submit(enrolled.id, muster_control::Action::SyncDevice).await;
    assert_eq!(operator.health().await["commands"]["waiting"], 1);
    drop(device);
}

#[tokio::test]
async fn no_state_is_too_long_to_be_refused() {
    let world = World::new().await;
    let operator = Operator::of(&world);
    let long = " ".repeat(32 * 1024 * 1024 + 1);
    let (status, _said) = operator.send(Method::POST, "/_muster/state", long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(operator.health().await["status"], "ok");
}
