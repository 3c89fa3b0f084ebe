//! One push as a request, and an answer as an outcome.
//!
//! Source: docs/push-service.md; Apple, "Sending notification requests to APNs"; Google, FCM HTTP
//! v1, `projects.messages.send`.

use std::time::Duration;

use muster_control::{PushOrder, PushOutcome};
use muster_protocol::{PushService, PushTarget};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest a message is kept at Google.
const TTL_MAX: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// What pushes to an Android stand for each other by: one wake-up is enough.
const COLLAPSE_KEY: &str = "mdm";

/// A push as it goes over the wire. It carries the word a device trusts, so it has no `Debug`.
pub(super) struct Letter {
    /// Path and query of the address.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Value,
}

/// When a push ends, in both ways of saying it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// Since 1970.
    pub(super) at: Duration,
    /// From now.
    pub(super) within: Duration,
}

impl Letter {
    /// Writes a push; `None` if no service can have given out such a target.
    ///
    /// What a device says of itself goes into an address here, so it is read first.
    pub(super) fn of(order: &PushOrder, ends: Ends) -> Option<Self> {
        let PushTarget { service, topic, token, magic } = &order.target;
        if !is_visible(token) || !is_visible(magic) {
            return None;
        }
        match service {
            PushService::Apns => (is_hex(token) && is_visible(topic)).then(|| Self {
                path: format!("/3/device/{token}"),
                headers: vec![
                    ("apns-push-type", "mdm".to_owned()),
                    ("apns-topic", topic.clone()),
                    ("apns-priority", "10".to_owned()),
                    ("apns-expiration", whole_seconds(ends.at).to_string()),
                ],
                body: json!({ "mdm": magic }),
            }),
            PushService::Fcm => is_project(topic).then(|| Self {
                path: format!("/v1/projects/{topic}/messages:send"),
                headers: Vec::new(),
                body: json!({ "message": {
                    "token": token,
                    "data": { "mdm": magic },
                    "android": {
                        "collapse_key": COLLAPSE_KEY,
                        "priority": "HIGH",
                        "ttl": format!("{}s", whole_seconds(ends.within.min(TTL_MAX))),
                    },
                }}),
            }),
        }
    }
}

/// Rounded up: a push may not end before its command does. And no zero, which would mean now or
/// never.
fn whole_seconds(span: Duration) -> u64 {
    let started = u64::from(span.subsec_nanos() > 0);
    span.as_secs().saturating_add(started).max(1)
}

fn is_visible(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_hex(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_project(topic: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=256).contains(&topic.len()) && topic.bytes().all(allowed)
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This push.
    Of(PushOutcome),
    /// The service as a whole: it takes nothing at present.
    Down,
    /// This push, and somebody should look why.
    Odd,
}

/// What the body of an answer may say, at either service.
#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    error: RpcError,
}

#[derive(Debug, Default, Deserialize)]
struct RpcError {
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    #[serde(default)]
    error_code: String,
    #[serde(default)]
    field_violations: Vec<Violation>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    #[serde(default)]
    field: String,
}

/// Reads an answer. A body that is none says nothing.
pub(super) fn verdict(status: StatusCode, body: &[u8]) -> Verdict {
    let said: Said = serde_json::from_slice(body).unwrap_or_default();
    match status {
        StatusCode::OK => Verdict::Of(PushOutcome::Accepted),
        StatusCode::GONE => Verdict::Of(PushOutcome::Unregistered),
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
            if said.blames_the_target() =>
        {
            Verdict::Of(PushOutcome::Unregistered)
        }
        StatusCode::TOO_MANY_REQUESTS => Verdict::Of(PushOutcome::Unreachable),
        other if other.is_server_error() => Verdict::Down,
        _ => Verdict::Odd,
    }
}

impl Said {
    fn blames_the_target(&self) -> bool {
        let details = &self.error.details;
        let code = |detail: &Detail| {
            ["UNREGISTERED", "SENDER_ID_MISMATCH"].contains(&detail.error_code.as_str())
        };
        let field = |detail: &Detail| {
            detail.field_violations.iter().any(|violation| violation.field == "message.token")
        };
        ["BadDeviceToken", "DeviceTokenNotForTopic"].contains(&self.reason.as_str())
            || details.iter().any(|detail| code(detail) || field(detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::Timestamp;

    const ENDS: Ends =
        Ends { at: Duration::from_secs(1_800_000_000), within: Duration::from_secs(60) };

    fn letter(service: PushService, topic: &str, token: &str) -> Option<Letter> {
        saying("word", service, topic, token)
    }

    fn saying(word: &str, service: PushService, topic: &str, token: &str) -> Option<Letter> {
        let (topic, token, magic) = (topic.to_owned(), token.to_owned(), word.to_owned());
        let target = PushTarget { service, topic, token, magic };
        Letter::of(&PushOrder { target, expires_at: Timestamp::ZERO }, ENDS)
    }

    #[test]
    fn what_no_service_can_have_given_out_is_not_asked_for() {
        let long = "a".repeat(257);
        for text in ["", "a\0b", "a\nb", "ä", &long] {
            assert!(saying(text, PushService::Apns, "topic", "ab").is_none(), "{text:?}");
            assert!(saying(text, PushService::Fcm, "muster", "to:ken").is_none(), "{text:?}");
            assert!(letter(PushService::Apns, "topic", text).is_none(), "{text:?}");
            assert!(letter(PushService::Fcm, "muster", text).is_none(), "{text:?}");
        }
        assert!(saying(&long[1..], PushService::Fcm, "muster", &long[1..]).is_some());
    }

    #[test]
    fn a_device_cannot_send_its_server_to_another_address() {
        for token in ["", "..", "../../device/activationlock", "a?b", "a b", "a\r\nb: c", "a%2f"] {
            assert!(letter(PushService::Apns, "topic", token).is_none(), "{token:?}");
        }
        for project in ["", "..", "a/b", "a?b", "a b", "a%2f"] {
            assert!(letter(PushService::Fcm, project, "token").is_none(), "{project:?}");
        }
        assert!(letter(PushService::Apns, "a\r\nb: c", "ab").is_none());
    }

    #[test]
    fn a_push_says_its_word_and_when_it_is_worth_nothing() {
        let apple = letter(PushService::Apns, "topic", "ab12").unwrap();
        assert_eq!(apple.path, "/3/device/ab12");
        assert!(apple.headers.contains(&("apns-expiration", "1800000000".to_owned())));
        assert_eq!(apple.body, json!({ "mdm": "word" }));
        let google = letter(PushService::Fcm, "muster", "to:ken").unwrap();
        assert_eq!(google.path, "/v1/projects/muster/messages:send");
        assert_eq!(google.body["message"]["android"]["ttl"], "60s");
    }

    #[test]
    fn a_push_lives_for_whole_seconds_and_no_shorter_than_its_command() {
        let spans = [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (60_000, 60)];
        for (millis, seconds) in spans {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis} ms");
        }
    }

    #[test]
    fn only_what_blames_the_target_forgets_it() {
        let gone = Verdict::Of(PushOutcome::Unregistered);
        let read = |status: u16, body: &str| {
            verdict(StatusCode::from_u16(status).unwrap(), body.as_bytes())
        };
        let violation = r#"{"error":{"details":[{"@type":"a"},
            {"@type":"b","fieldViolations":[{"field":"message.token"}]}]}}"#;
        assert_eq!(read(410, ""), gone);
        assert_eq!(read(400, r#"{"reason":"BadDeviceToken"}"#), gone);
        assert_eq!(read(400, violation), gone);
        assert_eq!(read(404, r#"{"error":{"details":[{"errorCode":"UNREGISTERED"}]}}"#), gone);
        assert_eq!(read(400, r#"{"reason":"BadTopic"}"#), Verdict::Odd);
        assert_eq!(read(404, "no such page"), Verdict::Odd);
        assert_eq!(read(429, ""), Verdict::Of(PushOutcome::Unreachable));
        assert_eq!(read(503, ""), Verdict::Down);
    }
}
