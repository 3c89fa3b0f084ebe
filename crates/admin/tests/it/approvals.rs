//! The approval of a second administrator, from the refusal to the end.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_admin::{AdminOptions, Backend as _, DocumentKind, DocumentPage};
use muster_protocol::Mode;
use serde_json::{Value, json};

use crate::fake::{Answer, Client, Fake, HOUR, TOKEN, id, record};

const POLICIES: &str = "/beta/deviceManagement/operationApprovalPolicies";
const REQUESTS: &str = "/beta/deviceManagement/operationApprovalRequests";
const BULK: &str = "/beta/deviceManagement/managedDevices/executeAction";
const ADMINISTRATORS: &str = "6d757374-6572-4002-8000-000000000002";
const WHY: (&str, &str) = ("x-msft-approval-justification", "bG9zdA==");

/// One server with people who have signed in.
struct Office {
    fake: Fake,
    client: Client,
    asking: String,
    deciding: String,
}

impl Office {
    async fn open() -> Self {
        Self::over(Fake::new([
            record(1, Mode::AppleAutomatedDevice),
            record(2, Mode::AndroidDedicated),
            record(3, Mode::AndroidPersonallyOwnedWorkProfile),
        ]))
        .await
    }

    async fn over(fake: Fake) -> Self {
        let client = Client::new(&fake, AdminOptions::default());
        let asking = person(&client, "global.admin").await;
        let deciding = person(&client, "intune.admin").await;
        Self { fake, client, asking, deciding }
    }

    /// The same server some hours later, started anew.
    async fn hours_later(self, hours: u32) -> Self {
        let now = self.fake.now().after(HOUR * hours);
        Self::over(self.fake.at(now)).await
    }

    async fn send(&self, token: &str, line: &str, header: (&str, &str), body: &Value) -> Answer {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"));
        if !header.0.is_empty() {
            request = request.header(header.0, header.1);
        }
        self.client.call(request.body(Body::from(text)).expect("a request")).await
    }

    async fn plain(&self, token: &str, line: &str, body: &Value) -> Answer {
        self.send(token, line, ("", ""), body).await
    }

    /// Protects a kind of operation.
    async fn protect(&self, policy_type: &str) -> Answer {
        let body = json!({
            "@odata.type": "#microsoft.graph.operationApprovalPolicy",
            "displayName": format!("Protects {policy_type}"),
            "policyType": policy_type,
            "approverGroupIds": [ADMINISTRATORS],
        });
        self.plain(&self.asking, &format!("POST {POLICIES}"), &body).await
    }

    /// Asks for an approval and tells its code.
    async fn ask(&self, line: &str, body: &Value) -> String {
        let refused = self.send(&self.asking, line, WHY, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        let error = &refused.json()["error"];
        let code = refused.header("x-msft-approval-code").to_owned();
        assert_eq!(error["code"], "ApprovalRequired");
        let said = error["message"].as_str().expect("a message");
        assert!(said.ends_with(&format!("x-msft-approval-code: {code}")), "{said}");
        code
    }

    async fn decide(&self, token: &str, code: &str, step: &str) -> Answer {
        let body = json!({ "justification": "seen", "approvalSource": "adminConsole" });
        self.plain(token, &format!("POST {REQUESTS}/{code}/{step}"), &body).await
    }

    async fn again(&self, line: &str, code: &str, body: &Value) -> StatusCode {
        self.send(&self.asking, line, ("x-msft-approval-code", code), body).await.status
    }

    async fn status(&self, code: &str) -> Value {
        let path = format!("GET {REQUESTS}?$filter=requestId%20eq%20'{code}'");
        self.plain(&self.asking, &path, &Value::Null).await.json()["value"][0]["status"].clone()
    }

    /// What the audit log says was done, oldest first.
    async fn activities(&self) -> Vec<String> {
        let page = DocumentPage::After(None);
        let kept =
            self.fake.documents(DocumentKind::AuditEvent, page, 100).await.expect("documents");
        let entries = kept.into_iter().filter_map(|document| document.body);
        let activity = |body: String| {
            let entry: Value = serde_json::from_str(&body).expect("JSON");
            entry["activity"].as_str().expect("a text").to_owned()
        };
        entries.map(activity).collect()
    }

    fn commands(&self, number: u8) -> usize {
        self.fake.kept(number).commands().count()
    }
}

/// The token of a person who signed in to the console.
async fn person(client: &Client, name: &str) -> String {
    let form = format!(
        "grant_type=password&client_id=6d757374-6572-4003-8000-000000000004&password=x&\
         username={name}%40muster.example&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    );
    let request = Request::post("/6d757374-6572-4000-8000-000000000001/oauth2/v2.0/token")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = client.call(request.body(Body::from(form)).expect("a request")).await;
    answer.json()["access_token"].as_str().expect(&answer.text).to_owned()
}

fn device_line(action: &str, number: u8) -> String {
    let device = format!("/v1.0/deviceManagement/managedDevices/{}", id(number));
    if action == "delete" { format!("DELETE {device}") } else { format!("POST {device}/{action}") }
}

#[tokio::test]
async fn a_protected_action_goes_through_once_when_another_has_approved_it() {
    for (policy, action) in
        [("deviceWipe", "wipe"), ("deviceRetire", "retire"), ("deviceDelete", "delete")]
    {
        let office = Office::open().await;
        let none = Value::Null;
        assert_eq!(office.protect(policy).await.status, StatusCode::CREATED);
        let line = device_line(action, 1);
        let bare = office.plain(&office.asking, &line, &none).await;
        assert_eq!(bare.status, StatusCode::FORBIDDEN);
        assert_eq!(
            bare.json()["error"]["message"],
            "Header 'x-msft-approval-justification' is required to request approval."
        );
        let code = office.ask(&line, &none).await;
        assert_eq!(office.status(&code).await, "needsApproval");
        assert_eq!(office.again(&line, &code, &none).await, StatusCode::FORBIDDEN);
        let approved = office.decide(&office.deciding, &code, "approve").await;
        assert_eq!(
            (approved.status, &approved.json()["value"]),
            (StatusCode::OK, &json!("approved"))
        );
        assert_eq!(office.commands(1), 0);
        assert_eq!(office.again(&line, &code, &none).await, StatusCode::NO_CONTENT);
        assert_eq!(office.commands(1), 1, "{action}");
        assert_eq!(office.status(&code).await, "completed");
        assert_ne!(office.again(&line, &code, &none).await, StatusCode::NO_CONTENT);
        assert_eq!(office.commands(1), 1);
        let mut expected = vec!["Create OperationApprovalPolicy".to_owned()];
        expected
            .extend(["Create", "approve"].map(|deed| format!("{deed} OperationApprovalRequest")));
        // The entry of the command has the id of the command, which is given first.
        expected.push(format!("{action} ManagedDevice"));
        expected.push("complete OperationApprovalRequest".to_owned());
        assert_eq!(office.activities().await, expected);
    }
}

#[tokio::test]
async fn an_approval_is_for_one_operation_of_one_person() {
    let office = Office::open().await;
    office.protect("deviceWipe").await;
    office.protect("deviceRetire").await;
    let body = json!({ "persistEsimDataPlan": true });
    let wipe = device_line("wipe", 1);
    let code = office.ask(&wipe, &body).await;
    office.decide(&office.deciding, &code, "approve").await;
    for (line, body) in [
        (device_line("wipe", 2), &body),
        (device_line("retire", 1), &body),
        (wipe.clone(), &json!({ "persistEsimDataPlan": false })),
        (wipe.clone(), &Value::Null),
    ] {
        assert_eq!(office.again(&line, &code, body).await, StatusCode::BAD_REQUEST, "{line}");
    }
    let header = ("x-msft-approval-code", code.as_str());
    let other = office.send(&office.deciding, &wipe, header, &body).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let unknown = id(9).to_string();
    assert_eq!(office.again(&wipe, &unknown, &body).await, StatusCode::BAD_REQUEST);
    assert_eq!(office.again(&wipe, "nonsense", &body).await, StatusCode::BAD_REQUEST);
    assert_eq!(office.commands(1) + office.commands(2), 0);
    assert_eq!(office.again(&wipe, &code, &body).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn nobody_decides_on_their_own_request_and_no_application_on_any() {
    let office = Office::open().await;
    office.protect("deviceWipe").await;
    let code = office.ask(&device_line("wipe", 1), &Value::Null).await;
    let helpdesk = person(&office.client, "helpdesk").await;
    for token in [office.asking.as_str(), TOKEN, &helpdesk] {
        for step in ["approve", "reject", "cancelApproval"] {
            let refused = office.decide(token, &code, step).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        }
    }
    assert_eq!(office.status(&code).await, "needsApproval");
}

#[tokio::test]
async fn what_was_rejected_taken_back_or_too_late_is_not_done() {
    let office = Office::open().await;
    office.protect("deviceWipe").await;
    let wipe = device_line("wipe", 1);
    let rejected = office.ask(&wipe, &Value::Null).await;
    assert_eq!(office.decide(&office.deciding, &rejected, "reject").await.status, StatusCode::OK);
    let mine = office.ask(&wipe, &Value::Null).await;
    let cancel = format!("POST {REQUESTS}/cancelMyRequest");
    let theirs = office.plain(&office.deciding, &cancel, &json!({ "id": mine })).await;
    assert_eq!(theirs.status, StatusCode::FORBIDDEN);
    let taken_back = office.plain(&office.asking, &cancel, &json!({ "id": mine })).await;
    assert_eq!(taken_back.status, StatusCode::NO_CONTENT);
    let withdrawn = office.ask(&wipe, &Value::Null).await;
    office.decide(&office.deciding, &withdrawn, "approve").await;
    office.decide(&office.deciding, &withdrawn, "cancelApproval").await;
    let late = office.ask(&wipe, &Value::Null).await;
    office.decide(&office.deciding, &late, "approve").await;
    let office = office.hours_later(72).await;
    for (code, status) in
        [(rejected, "rejected"), (mine, "cancelled"), (withdrawn, "cancelled"), (late, "expired")]
    {
        assert_eq!(office.status(&code).await, status);
        assert_eq!(
            office.again(&wipe, &code, &Value::Null).await,
            StatusCode::CONFLICT,
            "{status}"
        );
    }
    assert_eq!(office.commands(1), 0);
}

#[tokio::test]
async fn the_same_is_not_asked_for_twice() {
    let office = Office::open().await;
    office.protect("deviceWipe").await;
    let wipe = device_line("wipe", 1);
    let code = office.ask(&wipe, &Value::Null).await;
    let again = office.send(&office.asking, &wipe, WHY, &Value::Null).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(again.header("x-msft-approval-code"), code);
    let requests = office.plain(&office.asking, &format!("GET {REQUESTS}"), &Value::Null).await;
    assert_eq!(requests.json()["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_done_at_all_needs_no_approval_to_be_refused() {
    let office = Office::open().await;
    office.protect("deviceWipe").await;
    let refused = office.plain(&office.asking, &device_line("wipe", 3), &Value::Null).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let unprotected =
        office.plain(&office.asking, &device_line("remoteLock", 1), &Value::Null).await;
    assert_eq!(unprotected.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_header_that_cannot_be_read_counts_only_where_one_is_needed() {
    let office = Office::open().await;
    let long = STANDARD.encode("a".repeat(1025));
    for value in ["plain text", "", &long] {
        let header = ("x-msft-approval-justification", value);
        let sent = office.send(&office.asking, &device_line("wipe", 2), header, &Value::Null).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT);
    }
    office.protect("deviceWipe").await;
    for value in ["plain text", "", &long] {
        let header = ("x-msft-approval-justification", value);
        let sent = office.send(&office.asking, &device_line("wipe", 1), header, &Value::Null).await;
        assert_eq!(sent.status, StatusCode::BAD_REQUEST, "{}", sent.text);
    }
}

#[tokio::test]
async fn many_devices_are_approved_together() {
    let office = Office::open().await;
    office.protect("deviceWipe").await;
    let body = |devices: &[u8]| {
        let ids: Vec<String> = devices.iter().map(|number| id(*number).to_string()).collect();
        json!({ "actionName": "wipe", "deviceIds": ids })
    };
    let execute = format!("POST {BULK}");
    let code = office.ask(&execute, &body(&[1, 2])).await;
    office.decide(&office.deciding, &code, "approve").await;
    let fewer = office.again(&execute, &code, &body(&[1])).await;
    assert_eq!(fewer, StatusCode::BAD_REQUEST);
    assert_eq!(office.again(&execute, &code, &body(&[2, 1])).await, StatusCode::OK);
    assert_eq!((office.commands(1), office.commands(2)), (1, 1));
    assert_eq!(office.again(&execute, &code, &body(&[2, 1])).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_change_of_roles_can_be_protected_too() {
    let office = Office::open().await;
    office.protect("role").await;
    let create = "POST /beta/deviceManagement/roleDefinitions";
    let body = json!({ "displayName": "Helpers", "rolePermissions": [] });
    let code = office.ask(create, &body).await;
    office.decide(&office.deciding, &code, "approve").await;
    let other = json!({ "displayName": "Others", "rolePermissions": [] });
    assert_eq!(office.again(create, &code, &other).await, StatusCode::BAD_REQUEST);
    assert_eq!(office.again(create, &code, &body).await, StatusCode::CREATED);
    assert_eq!(office.again(create, &code, &body).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn policies_are_made_changed_and_removed_and_say_what_is_wrong() {
    let office = Office::open().await;
    let made = office.protect("deviceWipe").await.json();
    let line = |verb: &str| format!("{verb} {POLICIES}/{}", made["id"].as_str().unwrap());
    for (body, reason) in [
        (json!({}), "policyType"),
        (json!({ "policyType": "apps" }), "policyType"),
        (json!({ "policyType": "role" }), "displayName"),
        (json!({ "policyType": "role", "displayName": "x" }), "approverGroupIds"),
        (
            json!({ "policyType": "role", "displayName": "x", "approverGroupIds": [id(1).to_string()] }),
            "approverGroupIds",
        ),
        (json!({ "policyType": "role", "policyPlatform": "macOS" }), "policyPlatform"),
        (json!({ "policyType": "role", "policySet": { "policyType": "deviceWipe" } }), "policySet"),
        (
            json!({ "policyType": "deviceWipe", "displayName": "x", "approverGroupIds": [ADMINISTRATORS] }),
            "already",
        ),
    ] {
        let refused = office.plain(&office.asking, &format!("POST {POLICIES}"), &body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(refused.reason().contains(reason), "{body}: {}", refused.reason());
    }
    let renamed = json!({ "displayName": "Wipes", "policyType": "deviceRetire" });
    let changed = office.plain(&office.asking, &line("PATCH"), &renamed).await.json();
    assert_eq!(
        (&changed["displayName"], &changed["policyType"]),
        (&json!("Wipes"), &json!("deviceRetire"))
    );
    let wipe = device_line("wipe", 1);
    assert_eq!(
        office.plain(&office.asking, &wipe, &Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    let removed = office.plain(&office.asking, &line("DELETE"), &Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let gone = office.plain(&office.asking, &line("GET"), &Value::Null).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn approvals_outlive_the_server() {
    let office = Office::open().await;
    office.protect("deviceWipe").await;
    let code = office.ask(&device_line("wipe", 1), &Value::Null).await;
    let office = office.hours_later(1).await;
    office.decide(&office.deciding, &code, "approve").await;
    let office = office.hours_later(1).await;
    assert_eq!(
        office.again(&device_line("wipe", 1), &code, &Value::Null).await,
        StatusCode::NO_CONTENT
    );
}
