//! Whatever comes in, an answer of the client's making goes out.

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, Uri};
use muster_protocol::Mode;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::{Answer, Fake, TOKEN, id, record};

/// Paths near those that are served, and far from them.
fn path() -> impl Strategy<Value = String> {
    let near = prop::sample::select(vec![
        "v1.0",
        "BETA",
        "deviceManagement",
        "managedDevices",
        "microsoft.graph.wipe",
        "retire",
        "01010101-0101-0101-0101-010101010101",
        "managedDevices('01010101-0101-0101-0101-010101010101')",
        "managedDevices('",
        "managedDevices(%27",
        "",
        "%",
        "%ff",
        "%00",
        "..",
    ]);
    let served = prop::sample::select(vec![
        String::new(),
        format!("/{}", id(1)),
        format!("('{}')/wipe", id(1)),
        format!("/{}/resetPasscode", id(1)),
        format!("/{}/recoverPasscode", id(1)),
        format!("/{}/locateDevice", id(1)),
    ]);
    prop_oneof![
        prop::collection::vec(near, 0..7).prop_map(|parts| format!("/{}", parts.join("/"))),
        served.prop_map(|rest| format!("/v1.0/deviceManagement/managedDevices{rest}")),
        prop::sample::select(vec![
            "$batch",
            "me/managedDevices",
            "users('someone@example.org')/managedDevices",
            "deviceManagement/managedDevices/$count",
            "deviceManagement/managedDevices/executeAction",
            "deviceManagement/auditEvents/getAuditActivityTypes(category='Device')",
            "deviceManagement/roleDefinitions",
        ])
        .prop_map(|rest| format!("/beta/{rest}")),
        prop::sample::select(vec!["enableLostMode", "playLostModeSound"]).prop_map(|action| {
            format!("/beta/deviceManagement/managedDevices/{}/{action}", id(1))
        }),
        "/[!$-;=?-Z_a-z~]{0,40}",
    ]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "$top",
        "%24select",
        "$skiptoken",
        "$count",
        "$filter",
        "x",
        "x-muster-activation-lock",
    ]);
    let pair = (name, "[!$-;=?-Z_a-z~]{0,20}").prop_map(|(name, value)| format!("{name}={value}"));
    prop_oneof![
        Just(String::new()),
        prop::collection::vec(pair, 0..4).prop_map(|pairs| pairs.join("&")),
        "[!$-;=?-Z_a-z~]{0,40}",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = "\\{\"(keepUserData|persistEsimDataPlan|keepEnrollmentData|macOsUnlockCode|message\
                |phoneNumber|footer|durationInMinutes)\":(true|false|null|\"\"|\"[a-z]{1,9}\"|1e9|[0-9])\\}?";
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), json.prop_map(String::into_bytes)]
}

/// JSON of any form, with the names requests are made of among its members.
fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        prop::sample::select(vec!["wipe", "GET", "/$batch", "https://localhost/v1.0/x", "a"])
            .prop_map(str::to_owned),
        Just(format!("/deviceManagement/managedDevices/{}/wipe", id(1))),
        Just(id(1).to_string()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "requests",
        "id",
        "method",
        "url",
        "headers",
        "body",
        "dependsOn",
        "depends_on",
        "actionName",
        "deviceIds",
        "notes",
        "managedDeviceName",
        "managedDeviceOwnerType",
        "ownerType",
        "content-type",
        "x",
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let members = prop::collection::vec((name.clone(), inner.clone()), 0..6);
        let object = members.prop_map(|members| {
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>()
        });
        prop_oneof![object, prop::collection::vec(inner, 0..6).prop_map(Value::from)]
    })
}

/// Batches whose requests are nearly right.
fn batch() -> impl Strategy<Value = Value> {
    let request = ("[a-c]", prop::sample::select(vec!["GET", "POST", "PATCH"]), path(), json());
    let request = request.prop_map(|(id, method, url, body)| {
        json!({ "id": id, "method": method, "url": url, "body": body,
                "headers": { "Content-Type": "application/json" } })
    });
    prop::collection::vec(request, 0..5).prop_map(|requests| json!({ "requests": requests }))
}

fn answer_to(request: Request<Body>) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let fake = Fake::new([record(1, Mode::AppleAutomatedDevice)]);
    runtime.block_on(fake.call(request))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_request_makes_the_server_panic_or_fail(
        method in prop::sample::select(vec!["GET", "POST", "PATCH", "DELETE", "HEAD", "BREW"]),
        path in path(),
        query in query(),
        body in body(),
    ) {
        let target = format!("{path}?{query}");
        prop_assume!(target.parse::<Uri>().is_ok());
        let request = Request::builder()
            .method(method)
            .uri(&target)
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Body::from(body))
            .unwrap();
        let answer = answer_to(request);
        let honest = answer.status == StatusCode::NOT_IMPLEMENTED;
        let failed = answer.status.is_server_error() && !honest;
        prop_assert!(!failed, "{method} {target}: {}", answer.text);
        prop_assert!(!answer.header("request-id").is_empty());
        // The answer to HEAD has no body.
        if !answer.status.is_success() && method != "HEAD" {
            prop_assert!(answer.json()["error"]["code"].is_string());
        }
    }
    #[test]
    fn no_body_makes_the_server_panic_or_fail(
        place in prop::sample::select(vec![
            ("POST", "/v1.0/$batch".to_owned()),
            ("POST", "/beta/deviceManagement/managedDevices/executeAction".to_owned()),
            ("PATCH", format!("/beta/deviceManagement/managedDevices/{}", id(1))),
            ("POST", format!("/beta/deviceManagement/managedDevices/{}/enableLostMode", id(1))),
            ("POST", format!("/v1.0/deviceManagement/managedDevices/{}/wipe", id(1))),
        ]),
        body in prop_oneof![json(), batch()],
    ) {
        let (method, target) = place;
        let request = Request::builder()
            .method(method)
            .uri(&target)
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = answer_to(request);
        let honest = answer.status == StatusCode::NOT_IMPLEMENTED;
        let failed = answer.status.is_server_error() && !honest;
        prop_assert!(!failed, "{method} {target} {body}: {}", answer.text);
    }

    #[test]
    fn no_header_makes_the_server_panic_or_fail(
        name in prop::sample::select(vec![
            "client-request-id", "authorization", "content-type", "accept", "prefer",
            "x-msft-approval-code", "content-length", "host", "if-match",
        ]),
        value in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
        let target = format!("/v1.0/deviceManagement/managedDevices/{}/wipe", id(1));
        let request = Request::post(target)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header(name, value);
        let answer = answer_to(request.body(Body::empty()).unwrap());
        prop_assert!(!answer.status.is_server_error(), "{name}: {}", answer.text);
    }
}
