//! Which request gets which status.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use muster_admin::{BODY_BYTES_MAX, SubmitError};
use muster_control::{CapabilityRefusal, Lifecycle, UnenrolReason};
use muster_protocol::{Mode, Timestamp};

use crate::fake::{Fake, HOUR, Mood, TOKEN, id, record};

/// What a server answers instead of taking a command.
type Refusal = fn() -> SubmitError;

const BASE: &str = "/v1.0/deviceManagement/managedDevices";

fn fleet() -> Fake {
    let mut left = record(2, Mode::AppleDevice);
    left.lifecycle =
        Lifecycle::Unenrolled { reason: UnenrolReason::Retired, at: Timestamp::ZERO.after(HOUR) };
    Fake::new([record(1, Mode::AppleAutomatedDevice), left])
}

/// Replaces `{here}`, `{left}` and `{nobody}` by ids.
fn target(template: &str) -> String {
    let ids = [("{here}", id(1)), ("{left}", id(2)), ("{nobody}", id(3))];
    let path = ids
        .iter()
        .fold(template.to_owned(), |path, (name, id)| path.replace(name, &id.to_string()));
    format!("{BASE}{path}")
}

#[tokio::test]
async fn every_verb_and_path_has_its_status() {
    for (method, path, body, status) in [
        ("GET", "", "", 200),
        ("GET", "?$top=1", "", 200),
        ("GET", "?$filter=deviceName%20eq%20'a'", "", 200),
        ("GET", "?$filter=deviceName%20is%20'a'", "", 400),
        ("GET", "?$filter=activationLockBypassCode%20eq%20'a'", "", 400),
        ("GET", "?$orderby=deviceName%20desc&$skip=1", "", 200),
        ("GET", "?$orderby=notes", "", 400),
        ("GET", "?$search=%22a%22", "", 400),
        ("GET", "?$select=deviceType", "", 400),
        ("GET", "?$skiptoken=xyz", "", 400),
        ("GET", "?x-muster-activation-lock=on", "", 200),
        ("GET", "?x-muster-activation-lock=maybe", "", 400),
        ("GET", "?x-muster-locked=on", "", 400),
        ("GET", "/{here}?x-muster-activation-lock=on", "", 400),
        ("POST", "", "{}", 405),
        ("GET", "/{here}", "", 200),
        ("GET", "('{here}')", "", 200),
        ("GET", "/{here}?$select=id", "", 200),
        ("GET", "/{here}?$select=nothing", "", 400),
        ("GET", "/{left}", "", 200),
        ("GET", "/{nobody}", "", 404),
        ("GET", "/{nobody}?$select=nothing", "", 404),
        ("GET", "/not-an-id", "", 404),
        ("DELETE", "", "", 405),
        ("DELETE", "/{here}", "", 204),
        ("DELETE", "('{here}')", "", 204),
        ("DELETE", "/{here}?$select=id", "", 400),
        ("DELETE", "/{here}/wipe", "", 405),
        ("DELETE", "/{left}", "", 404),
        ("DELETE", "/{nobody}", "", 404),
        ("PATCH", "/{here}", "{}", 200),
        ("PUT", "/{here}", "{}", 405),
        ("GET", "/$count", "", 200),
        ("GET", "/%24count", "", 200),
        ("POST", "/{here}/wipe", "", 204),
        ("POST", "('{here}')/microsoft.graph.wipe", "{\"keepUserData\":false}", 204),
        ("POST", "/{here}/retire", "{}", 204),
        ("POST", "/{here}/resetPasscode", "", 204),
        ("POST", "/{here}/REMOTELOCK", "{\"anything\":1}", 204),
        ("POST", "/{here}/syncDevice", "", 204),
        ("POST", "/{here}/bypassActivationLock", "", 204),
        ("POST", "/{here}/syncDevice?$select=id", "", 400),
        ("POST", "/{here}/wipe", "{\"keepEnrollmentData\":true}", 204),
        ("POST", "/{here}/wipe", "{\"keepUserData\":true,\"macOsUnlockCode\":\"1\"}", 204),
        ("POST", "/{here}/wipe", "{\"keepEnrollmentData\":\"yes\"}", 400),
        ("POST", "/{here}/rebootNow", "", 204),
        ("POST", "('{here}')/microsoft.graph.rebootNow", "{}", 204),
        ("POST", "/{here}/shutDown", "", 204),
        ("POST", "/{here}/disableLostMode", "", 204),
        ("POST", "/{here}/locateDevice", "", 204),
        ("POST", "/{here}/deviceConfigured", "", 204),
        ("POST", "/{here}/recoverPasscode", "", 400),
        ("POST", "/{left}/recoverPasscode", "", 404),
        ("POST", "/{nobody}/recoverPasscode", "", 404),
        ("GET", "/{here}/recoverPasscode", "", 405),
        ("POST", "/{here}/delete", "", 404),
        ("POST", "/{here}/enableLostMode", "{\"message\":\"call\"}", 404),
        ("POST", "/{here}/playLostModeSound", "", 404),
        ("POST", "/{here}/setDeviceName", "", 404),
        ("POST", "/{here}/wipe", "{", 400),
        ("POST", "/{here}/retire", "[]", 400),
        ("POST", "/{left}/wipe", "{", 404),
        ("POST", "/{nobody}/wipe", "{", 404),
        ("GET", "/{here}/wipe", "", 405),
    ] {
        let answer = fleet().send(method, &target(path), body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn beta_has_two_actions_more() {
    for (path, body, status) in [
        ("/{here}/enableLostMode", "{\"message\":\"call\",\"phoneNumber\":\"555\"}", 204),
        ("/{here}/enableLostMode", "{\"footer\":\"lost\"}", 400),
        ("/{here}/enableLostMode", "", 400),
        ("('{here}')/microsoft.graph.playLostModeSound", "{\"durationInMinutes\":\"2\"}", 204),
        ("/{here}/playLostModeSound", "{\"durationInMinutes\":9}", 400),
        ("/{here}/rebootNow", "", 204),
        ("/{here}/delete", "", 404),
    ] {
        let path = target(path).replace("v1.0", "beta");
        let answer = fleet().send("POST", &path, body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn nobody_recovers_a_passcode_and_the_reason_says_what_to_do() {
    let answer = fleet().send("POST", &target("/{here}/recoverPasscode"), "").await;
    assert!(answer.reason().contains("reset it instead"), "{}", answer.text);
    assert_eq!(answer.json()["error"]["code"], "BadRequest");
}

#[tokio::test]
async fn a_path_with_several_verbs_names_them_all() {
    let answer = fleet().send("PUT", &target("/{here}"), "{}").await;
    assert_eq!(answer.header("allow"), "GET, PATCH, DELETE");
    assert_eq!(answer.reason(), "this path answers GET, PATCH, DELETE only");
}

#[tokio::test]
async fn paths_outside_the_slice_are_not_found() {
    for path in ["/", "/v1.0", "/beta/users", "/v3.0/deviceManagement/managedDevices"] {
        assert_eq!(fleet().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn without_the_token_nothing_is_told_not_even_what_exists() {
    for path in [BASE, "/nowhere", &target("/{nobody}")] {
        for authorization in ["", "Bearer", "Bearer wrong", "Basic YTpi", &format!("Token {TOKEN}")]
        {
            let request = Request::post(path).header("authorization", authorization);
            let answer = fleet().call(request.body(Body::from("{")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {authorization}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer realm=\"\", authorization_uri="), "{challenge}");
        }
    }
}

#[tokio::test]
async fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    let wipe = target("/{here}/wipe");
    let fits = fleet().send("POST", &wipe, &padded(BODY_BYTES_MAX)).await;
    assert_eq!(fits.status, StatusCode::NO_CONTENT);
    let too_long = fleet().send("POST", &wipe, &padded(BODY_BYTES_MAX + 1)).await;
    assert_eq!(too_long.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(too_long.json()["error"]["code"], "RequestEntityTooLarge");
}

#[tokio::test]
async fn a_json_content_type_without_a_body_is_accepted() {
    let request = Request::post(target("/{here}/remoteLock"))
        .header("authorization", format!("bearer {TOKEN}"))
        .header("content-type", "application/json")
        .header("content-length", "0");
    let answer = fleet().call(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert!(answer.headers.get("content-type").is_none());
}

#[tokio::test]
async fn what_the_server_refuses_keeps_its_meaning() {
    let refusals: [(Refusal, u16, &str); 6] = [
        (|| SubmitError::UnknownDevice, 404, ""),
        (|| SubmitError::NotEnrolled, 404, ""),
        (|| SubmitError::Capability(CapabilityRefusal { row: "R12", reason: "cannot" }), 400, ""),
        (|| SubmitError::QueueFull { retry_after: HOUR / 3600 / 2 * 3 }, 429, "2"),
        (|| SubmitError::ShuttingDown, 503, "5"),
        (|| SubmitError::Unavailable("disk full".into()), 503, "5"),
    ];
    for (refusal, status, retry_after) in refusals {
        let fake = fleet().in_mood(Mood::Refusing(refusal));
        let answer = fake.send("POST", &target("/{here}/wipe"), "").await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(answer.header("retry-after"), retry_after);
    }
}

#[tokio::test]
async fn unreadable_records_are_a_passing_failure_that_tells_no_internals() {
    let answer = fleet().in_mood(Mood::Unreadable).get(BASE).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "5");
    assert!(!answer.text.contains("disk on fire"));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_too_long_may_be_asked_again() {
    let answer = fleet().in_mood(Mood::Stuck).get(BASE).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn an_action_of_unknown_outcome_is_not_answered_so_that_clients_repeat_it() {
    let fake = fleet().in_mood(Mood::StuckOnSubmit);
    let answer = fake.send("POST", &target("/{here}/wipe"), "").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.header("retry-after"), "");
    assert!(answer.reason().contains("deviceActionResults"));
}

#[tokio::test]
async fn an_action_the_kind_of_device_rules_out_is_a_bad_request_with_a_reason() {
    for (mode, action) in [
        (Mode::AppleUser, "resetPasscode"),
        (Mode::AppleDevice, "bypassActivationLock"),
        (Mode::AndroidPersonallyOwnedWorkProfile, "wipe"),
    ] {
        let fake = Fake::new([record(1, mode)]);
        let answer = fake.send("POST", &target(&format!("/{{here}}/{action}")), "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{mode} {action}");
        assert!(!answer.reason().is_empty());
    }
}

#[tokio::test]
async fn devices_of_users_are_listed_by_id_and_by_name() {
    let everyone = fleet().get("/v1.0/deviceManagement/managedDevices?$select=userId").await.json();
    for device in everyone["value"].as_array().expect("devices") {
        let Some(user) = device["userId"].as_str().filter(|user| !user.is_empty()) else {
            continue;
        };
        let owned =
            fleet().get(&format!("/v1.0/users('{user}')/managedDevices?$select=userId")).await;
        assert_eq!(owned.status, 200, "{}", owned.text);
        let owned = owned.json();
        let found = owned["value"].as_array().expect("devices");
        assert!(found.iter().any(|found| found["id"] == device["id"]), "{owned}");
        assert!(found.iter().all(|found| found["userId"] == user), "{owned}");
    }
    let nobody = fleet().get("/v1.0/users/nobody@example.org/managedDevices").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_no_device_here_can_do_says_so() {
    for (path, status) in [
        ("/{here}/cleanWindowsDevice", 400),
        ("/{nobody}/cleanWindowsDevice", 404),
        ("/{here}/requestRemoteAssistance", 400),
    ] {
        assert_eq!(fleet().send("POST", &target(path), "").await.status, status, "{path}");
    }
}
