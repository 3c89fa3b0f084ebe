//! Operating the server: how it is, its state, beginning anew, faults on purpose.

use axum::body::Body;
use axum::http::Request;
use muster_admin::{AdminOptions, Backend as _, Document, DocumentKind, Strictness};
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Client, Fake, Mood, TOKEN, id, record};

fn fleet() -> Fake {
    Fake::new((1..=5).map(|number| record(number, Mode::AppleAutomatedDevice)))
}

/// A client of one server, which remembers what it was told.
struct Operator(Client);

impl Operator {
    fn of(fake: &Fake) -> Self {
        Self(Client::new(fake, AdminOptions::default()))
    }

    async fn send(&self, token: Option<&str>, method: &str, target: &str, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.0.call(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    async fn ask(&self, method: &str, target: &str, body: &str) -> Answer {
        self.send(Some(TOKEN), method, target, body).await
    }

    async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "").await
    }

    async fn faults(&self, faults: Value) {
        let body = json!({ "faults": faults }).to_string();
        let answer = self.ask("POST", "/_muster/faults", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Writes a name on a device, as a trace of somebody's work.
    async fn name(&self, number: u8, name: &str) {
        let body = json!({ "managedDeviceName": name }).to_string();
        let answer = self.ask("PATCH", &device(number, ""), &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// What the audit log tells of, newest first.
    async fn activities(&self) -> Vec<String> {
        let log = self.get("/v1.0/deviceManagement/auditEvents").await.json();
        let rows = log["value"].as_array().expect("a list").iter();
        rows.map(|row| row["activity"].as_str().expect("a text").to_owned()).collect()
    }

    async fn named(&self, number: u8) -> Value {
        self.get(&device(number, "")).await.json()["managedDeviceName"].clone()
    }
}

fn device(number: u8, rest: &str) -> String {
    format!("/v1.0/deviceManagement/managedDevices/{}{rest}", id(number))
}

const LIST: &str = "/v1.0/deviceManagement/managedDevices";

#[tokio::test]
async fn anybody_may_know_that_it_is_well_and_the_holder_of_the_folder_how() {
    let operator = Operator::of(&fleet());
    let told = operator.send(None, "GET", "/_muster/health", "").await;
    assert_eq!((told.status.as_u16(), told.json()), (200, json!({ "status": "ok" })));
    let told = operator.get("/_muster/health").await.json();
    assert_eq!(told["devices"], json!({ "known": 5, "enrolled": 5, "connected": 1 }));
    assert_eq!((&told["store"], &told["uptimeSeconds"]), (&json!("ok"), &json!(0)));
    let unwell = Operator::of(&fleet().in_mood(Mood::Unreadable)).get("/_muster/health").await;
    assert_eq!(unwell.status, 503);
}

#[tokio::test]
async fn no_other_token_operates_the_server() {
    let operator = Operator::of(&fleet());
    let form = "grant_type=client_credentials&client_id=6d757374-6572-4003-8000-000000000001\
        &client_secret=muster-automation-developer-secret&scope=https://graph.microsoft.com/.default";
    let request = Request::builder()
        .method("POST")
        .uri("/6d757374-6572-4000-8000-000000000001/oauth2/v2.0/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form));
    let granted = operator.0.call(request.expect("a request")).await.json();
    let token = granted["access_token"].as_str().expect("a token");
    let wrong = "0".repeat(64);
    for (method, path) in [
        ("GET", "health"),
        ("GET", "state"),
        ("POST", "state"),
        ("POST", "reset"),
        ("GET", "faults"),
        ("POST", "faults"),
        ("DELETE", "faults"),
    ] {
        let path = format!("/_muster/{path}");
        let status = async |token| operator.send(token, method, &path, "").await.status.as_u16();
        assert_eq!(status(Some(token)).await, 403, "{path}");
        assert_eq!(status(Some(wrong.as_str())).await, 401, "{path}");
        let open = path.ends_with("health");
        assert_eq!(status(None).await, if open { 200 } else { 401 }, "{path}");
    }
}

#[tokio::test]
async fn the_description_of_the_api_is_there_for_everybody() {
    let operator = Operator::of(&fleet());
    let told = operator.send(None, "GET", "/_muster/openapi.json", "").await;
    assert_eq!((told.status.as_u16(), told.header("content-type")), (200, "application/json"));
    assert_eq!(told.json(), muster_admin::openapi_document());
}

#[tokio::test]
async fn what_is_not_there_and_what_a_path_does_not_do_are_told_apart() {
    let operator = Operator::of(&fleet());
    for path in ["/_muster", "/_muster/states", "/_muster/state/x"] {
        assert_eq!(operator.get(path).await.status, 404, "{path}");
    }
    let refused = operator.ask("PUT", "/_muster/faults", "").await;
    assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, "GET, POST, DELETE"));
}

#[tokio::test]
async fn a_state_taken_from_one_server_makes_another_the_same() {
    let fake = fleet();
    let one = Operator::of(&fake);
    one.name(1, "lobby").await;
    let role = json!({ "displayName": "Night shift", "rolePermissions": [] }).to_string();
    let made = one.ask("POST", "/v1.0/deviceManagement/roleDefinitions", &role).await;
    assert_eq!(made.status, 201);
    let state = one.get("/_muster/state").await;
    assert_eq!(state.status, 200);

    let other = Operator::of(&fleet());
    other.name(2, "gone by then").await;
    let taken = other.ask("POST", "/_muster/state", &state.text).await;
    assert_eq!(taken.status, 204, "{}", taken.text);
    assert_eq!(
        (other.named(1).await, other.named(2).await == json!("gone by then")),
        (json!("lobby"), false)
    );
    let roles = other.get("/v1.0/deviceManagement/roleDefinitions").await.json();
    let roles = roles["value"].as_array().expect("roles");
    assert!(roles.iter().any(|role| role["displayName"] == "Night shift"));
    let again = other.get("/_muster/state").await.json();
    assert_eq!(but_for_the_log(&again), but_for_the_log(&state.json()));
}

/// The documents of a state, without the audit log, which only grows.
fn but_for_the_log(state: &Value) -> Vec<Value> {
    let all = state["documents"].as_array().expect("documents").iter();
    all.filter(|one| one["kind"] != "auditEvent").cloned().collect()
}

#[tokio::test]
async fn a_state_of_some_kinds_leaves_the_others_alone() {
    let operator = Operator::of(&fleet());
    operator.name(1, "lobby").await;
    let state = operator.get("/_muster/state?kinds=deviceLabels%2CroleDefinition").await;
    assert_eq!(state.json()["kinds"], json!(["deviceLabels", "roleDefinition"]));
    operator.name(1, "roof").await;
    assert_eq!(operator.ask("POST", "/_muster/state", &state.text).await.status, 204);
    assert_eq!(operator.named(1).await, "lobby");
    let told = ["import Tenant", "Patch ManagedDevice", "Patch ManagedDevice"];
    assert_eq!(operator.activities().await, told, "the log was not spoken of");
    for query in ["kinds=identity", "kinds=", "kind=auditEvent"] {
        let refused = operator.get(&format!("/_muster/state?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_state_with_one_bad_document_changes_nothing() {
    let operator = Operator::of(&fleet());
    operator.name(1, "lobby").await;
    let good = json!({ "kind": "deviceLabels", "id": id(1).to_string(), "body": { "notes": "x" } });
    let bad = json!({ "kind": "deviceLabels", "id": "nobody", "body": {} });
    let state = json!({
        "format": "muster-state/1", "kinds": ["deviceLabels"], "documents": [good, bad],
    });
    let refused = operator.ask("POST", "/_muster/state", &state.to_string()).await;
    assert_eq!(refused.status, 400);
    assert!(refused.reason().contains("document 2"), "{}", refused.text);
    assert_eq!(operator.named(1).await, "lobby");
}

#[tokio::test]
async fn an_export_holds_no_secret_of_the_identity() {
    let fake = fleet();
    let secret = Document {
        kind: DocumentKind::Identity,
        id: "signing-key".to_owned(),
        body: Some(json!({ "pem": "KEEP-ME" }).to_string()),
    };
    fake.keep(vec![secret]).await.expect("kept");
    let operator = Operator::of(&fake);
    assert!(!operator.get("/_muster/state").await.text.contains("KEEP-ME"));
    assert_eq!(operator.ask("POST", "/_muster/reset", "").await.status, 204);
    let kept = fake.document(DocumentKind::Identity, "signing-key").await.expect("readable");
    assert!(kept.is_some(), "tokens outlive a reset");
}

#[tokio::test]
async fn a_state_that_is_put_in_takes_nothing_from_the_audit_log() {
    let (one, other) = (Operator::of(&fleet()), fleet());
    one.name(1, "lobby").await;
    let state = one.get("/_muster/state").await;
    let other = Operator::of(&other);
    for number in 1..=3 {
        other.name(number, "porch").await;
    }
    let before = other.get("/v1.0/deviceManagement/auditEvents").await.json();
    assert_eq!(other.ask("POST", "/_muster/state", &state.text).await.status, 204);
    let after = other.get("/v1.0/deviceManagement/auditEvents").await.json();
    let (before, after) = (before["value"].as_array().unwrap(), after["value"].as_array().unwrap());
    assert!(before.iter().all(|entry| after.contains(entry)), "{after:?}");
    assert_eq!(after[0]["activity"], "import Tenant");
    assert_eq!(after[0]["resources"][0]["displayName"], "Muster");
}

#[tokio::test]
async fn a_reset_takes_the_tenant_back_to_its_seed_and_leaves_the_devices() {
    let fake = fleet();
    let operator = Operator::of(&fake);
    operator.name(1, "lobby").await;
    let before = operator.named(2).await;
    assert_eq!(operator.ask("POST", &device(1, "/remoteLock"), "").await.status, 204);
    let seeded = "/v1.0/deviceManagement/roleAssignments/6d757374-6572-4005-8000-000000000000";
    assert_eq!(operator.ask("DELETE", seeded, "").await.status, 204);
    operator
        .faults(json!([{ "operation": "managedDevices", "verb": "PATCH", "status": 500 }]))
        .await;

    assert_eq!(operator.ask("POST", "/_muster/reset", "").await.status, 204);
    assert_eq!(operator.named(1).await.is_null(), before.is_null());
    assert_ne!(operator.named(1).await, "lobby");
    assert_eq!(operator.get(seeded).await.status, 200);
    let told = [
        "reset Tenant",
        "Delete RoleAssignment",
        "remoteLock ManagedDevice",
        "Patch ManagedDevice",
    ];
    assert_eq!(operator.activities().await, told, "the log outlives everything");
    assert_eq!(operator.get("/_muster/faults").await.json()["faults"], json!([]));
    assert_eq!(fake.kept(1).commands().count(), 1, "devices keep their commands");
}

#[tokio::test]
async fn a_fault_strikes_what_it_is_about_as_often_as_told_and_is_counted() {
    let fake = fleet();
    let operator = Operator::of(&fake);
    operator
        .faults(json!([{
            "operation": "remoteLock", "verb": "post", "status": 429, "retryAfterSeconds": 7, "count": 2,
        }]))
        .await;
    let lock = device(1, "/remoteLock");
    for _time in 0..2 {
        let refused = operator.ask("POST", &lock, "").await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "7"));
        assert_eq!(refused.json()["error"]["code"], "TooManyRequests");
    }
    assert_eq!(fake.kept(1).commands().count(), 0, "nothing was done");
    assert_eq!(operator.ask("POST", &lock, "").await.status, 204);
    assert_eq!(operator.get(LIST).await.status, 200);
    let told = operator.get("/_muster/faults").await.json();
    assert_eq!((&told["faults"][0]["seen"], &told["faults"][0]["struck"]), (&json!(3), &json!(2)));
    assert_eq!(operator.ask("DELETE", "/_muster/faults", "").await.status, 204);
    assert_eq!(operator.get("/_muster/faults").await.json()["faults"], json!([]));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_action_done_and_asking_again_does_not_repeat_it() {
    let fake = fleet();
    let operator = Operator::of(&fake);
    operator
        .faults(json!([{ "operation": "wipe", "status": 504, "when": "after", "count": 1 }]))
        .await;
    let wipe = || {
        Request::builder()
            .method("POST")
            .uri(device(1, "/wipe"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("client-request-id", "once")
            .body(Body::empty())
            .expect("a request")
    };
    assert_eq!(operator.0.call(wipe()).await.status, 504);
    assert_eq!(fake.kept(1).commands().count(), 1);
    assert_eq!(operator.0.call(wipe()).await.status, 204);
    assert_eq!(fake.kept(1).commands().count(), 1);
}

#[tokio::test]
async fn short_pages_are_still_all_of_the_list() {
    let operator = Operator::of(&fleet());
    operator.faults(json!([{ "path": "deviceManagement/managedDevices", "shortPages": 2 }])).await;
    let (mut next, mut sizes) = (LIST.to_owned(), Vec::new());
    loop {
        let page = operator.get(&next).await.json();
        sizes.push(page["value"].as_array().expect("devices").len());
        match page["@odata.nextLink"].as_str() {
            Some(link) => next = link.replace("https://127.0.0.1:8443", ""),
            None => break,
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn each_request_of_a_batch_has_faults_of_its_own() {
    let operator = Operator::of(&fleet());
    operator.faults(json!([{ "operation": "remoteLock", "status": 503, "count": 1 }])).await;
    let one = |number: u8| {
        let url = format!("/deviceManagement/managedDevices/{}/remoteLock", id(number));
        json!({ "id": number.to_string(), "method": "POST", "url": url })
    };
    let batch = json!({ "requests": [one(1), one(2)] }).to_string();
    let answer = operator.ask("POST", "/v1.0/$batch", &batch).await.json();
    let statuses: Vec<&Value> =
        answer["responses"].as_array().expect("answers").iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [&json!(503), &json!(204)]);
}

#[tokio::test]
async fn chances_follow_from_the_seed() {
    let outcomes = async |seed: u64| {
        let operator = Operator::of(&fleet());
        let rule = json!({ "operation": "managedDevices", "status": 500, "probability": 0.5 });
        let body = json!({ "seed": seed, "faults": [rule] }).to_string();
        assert_eq!(operator.ask("POST", "/_muster/faults", &body).await.status, 200);
        let mut statuses = Vec::new();
        for _request in 0..40 {
            statuses.push(operator.get(LIST).await.status.as_u16());
        }
        statuses
    };
    let one = outcomes(1).await;
    assert_eq!(one, outcomes(1).await);
    assert_ne!(one, outcomes(2).await);
    let struck = one.iter().filter(|status| **status == 500).count();
    assert!((8..=32).contains(&struck), "{struck} of 40");
}

#[tokio::test(start_paused = true)]
async fn a_slow_api_is_as_slow_as_asked() {
    let operator = Operator::of(&fleet());
    operator.faults(json!([{ "operation": "managedDevices", "latencyMs": 3000 }])).await;
    let before = tokio::time::Instant::now();
    assert_eq!(operator.get(LIST).await.status, 200);
    assert_eq!(before.elapsed().as_millis(), 3000);
}

#[tokio::test]
async fn a_strict_server_tells_operators_why_all_the_same() {
    let strict = AdminOptions { strictness: Strictness::Strict, ..AdminOptions::default() };
    let operator = Operator(Client::new(&fleet(), strict));
    let refused = operator.ask("POST", "/_muster/faults", r#"{"faults":[{"status":418}]}"#).await;
    let message = refused.json()["error"]["message"].to_string();
    assert!(message.contains("fault 1: status"), "{message}");
}
