//! Whatever comes in, an answer of the client's making goes out.

use axum::body::Body;
use axum::http::{Request, Uri};
use muster_protocol::Mode;
use proptest::prelude::*;

use crate::fake::{Fake, TOKEN, id, record};

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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let fake = Fake::new([record(1, Mode::AppleAutomatedDevice)]);
        let answer = runtime.block_on(fake.call(request));
        prop_assert!(!answer.status.is_server_error(), "{method} {target}: {}", answer.text);
        prop_assert!(!answer.header("request-id").is_empty());
        // The answer to HEAD has no body.
        if !answer.status.is_success() && method != "HEAD" {
            prop_assert!(answer.json()["error"]["code"].is_string());
        }
    }
}
