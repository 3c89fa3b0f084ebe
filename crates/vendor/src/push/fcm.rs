//! Google's push service: everything in one JSON object.
//!
//! Source: Google, FCM HTTP v1, `projects.messages.send`; "ErrorCode" of the same reference.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use muster_protocol::PushService;
use serde::Deserialize;
use serde_json::json;
use tracing::debug;

use super::desk::{Collapse, Keep, Push, PushDesk, PushRefusal, Urgency};
use super::{PAYLOAD_BYTES_MAX, PostOffice, is_name};
use crate::body::{BodyError, read_body};

/// The entry of `data` a device looks at.
const WORD: &str = "mdm";

/// The longest a message is kept: four weeks.
const TTL_MAX: Duration = Duration::from_secs(2_419_200);

/// Digits of a second's fraction.
const FRACTION_DIGITS_MAX: usize = 9;

/// The body of a request.
#[derive(Debug, Deserialize)]
struct Body {
    message: Message,
    #[serde(default, rename = "validate_only", alias = "validateOnly")]
    validate_only: bool,
}

/// `Message`, as far as a data message to one device uses it.
#[derive(Debug, Deserialize)]
struct Message {
    token: Option<String>,
    #[serde(default)]
    data: BTreeMap<String, String>,
    #[serde(default)]
    android: Android,
}

/// `AndroidConfig`.
#[derive(Debug, Default, Deserialize)]
struct Android {
    #[serde(alias = "collapseKey")]
    collapse_key: Option<String>,
    #[serde(default)]
    priority: Priority,
    ttl: Option<String>,
    #[serde(default)]
    data: BTreeMap<String, String>,
}

/// `AndroidMessagePriority`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum Priority {
    #[default]
    #[serde(rename = "NORMAL", alias = "normal")]
    Normal,
    #[serde(rename = "HIGH", alias = "high")]
    High,
}

/// Whether a message is sent or only looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errand {
    Send,
    Check,
}

/// Why a message is not sent, in Google's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Invalid(&'static str),
    Token(&'static str),
    Late,
    Unregistered,
    OtherSender,
    Quota,
    Unavailable,
}

pub(super) async fn answer<D: PushDesk>(
    State(office): State<Arc<PostOffice<D>>>,
    Path(project): Path<String>,
    request: Request,
) -> Response {
    match send(&office.desk, &project, request).await {
        Ok(()) => {
            let name = format!("projects/{project}/messages/0:{:016x}", office.number());
            Json(json!({ "name": name })).into_response()
        }
        Err(failure) => {
            debug!(code = failure.code(), "message refused");
            refused(failure)
        }
    }
}

async fn send<D: PushDesk>(desk: &D, project: &str, request: Request) -> Result<(), Failure> {
    let body = read_body(request).await.map_err(Failure::of_body)?;
    let (push, errand) = parse(project, &body)?;
    match errand {
        Errand::Send => desk.push(push).map_err(Failure::of_refusal),
        Errand::Check => Ok(()),
    }
}

fn refused(failure: Failure) -> Response {
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
        "errorCode": failure.code(),
    })];
    if let Some(field) = failure.field() {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": failure.message() }],
        }));
    }
    let error = json!({
        "code": failure.status().as_u16(),
        "message": failure.message(),
        "status": failure.rpc_status(),
        "details": details,
    });
    (failure.status(), Json(json!({ "error": error }))).into_response()
}

fn parse(project: &str, bytes: &[u8]) -> Result<(Push, Errand), Failure> {
    let body = serde_json::from_slice::<Body>(bytes);
    let body = body.map_err(|_cause| Failure::Invalid("the body is not a message"))?;
    let Message { token, data, android } = body.message;
    let token = token.filter(|token| is_name(token));
    let token = token.ok_or(Failure::Token("message.token is no registration token"))?;
    if !is_name(project) {
        return Err(Failure::Invalid("the path names no project"));
    }
    check_size(data.iter().chain(&android.data))?;
    // What is said to Android in particular takes the place of what is said to all.
    let magic = android.data.get(WORD).or(data.get(WORD)).filter(|word| !word.is_empty());
    let magic = magic.ok_or(Failure::Invalid("message.data has no \"mdm\""))?.clone();
    let urgency = match android.priority {
        Priority::High => Urgency::High,
        Priority::Normal => Urgency::Normal,
    };
    let keep = keep(android.ttl.as_deref())?;
    let collapse = android.collapse_key.map(Collapse);
    let (service, topic) = (PushService::Fcm, project.to_owned());
    let push = Push { service, token, topic, magic, keep, collapse, urgency };
    Ok((push, if body.validate_only { Errand::Check } else { Errand::Send }))
}

fn check_size<'a>(
    mut entries: impl Iterator<Item = (&'a String, &'a String)>,
) -> Result<(), Failure> {
    let size = entries.try_fold(0, |size: usize, (key, value)| {
        size.checked_add(key.len())?.checked_add(value.len())
    });
    match size {
        Some(size) if size <= PAYLOAD_BYTES_MAX => Ok(()),
        Some(_) | None => Err(Failure::Invalid("message.data is larger than 4096 bytes")),
    }
}

/// A span as protocol buffers write it in JSON: seconds with an optional fraction, and an `s`.
fn keep(ttl: Option<&str>) -> Result<Keep, Failure> {
    let Some(text) = ttl else {
        return Ok(Keep::Longest);
    };
    match span(text) {
        Some(Duration::ZERO) => Ok(Keep::Not),
        Some(span) if span <= TTL_MAX => Ok(Keep::For(span)),
        Some(_) | None => {
            Err(Failure::Invalid("message.android.ttl is no span between 0s and 2419200s"))
        }
    }
}

fn span(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > FRACTION_DIGITS_MAX {
        return None;
    }
    let nanos = format!("{fraction:0<FRACTION_DIGITS_MAX$}").parse().ok()?;
    Some(Duration::new(seconds.parse().ok()?, nanos))
}

impl Failure {
    const fn of_body(error: BodyError) -> Self {
        match error {
            BodyError::TooLong | BodyError::Broken => Self::Invalid(error.text()),
            BodyError::Late => Self::Late,
        }
    }

    const fn of_refusal(refusal: PushRefusal) -> Self {
        match refusal {
            PushRefusal::UnknownToken => {
                Self::Token("message.token is no registration token of this service")
            }
            PushRefusal::OtherTopic => Self::OtherSender,
            PushRefusal::Unregistered { .. } => Self::Unregistered,
            PushRefusal::TooMany => Self::Quota,
            PushRefusal::Unavailable => Self::Unavailable,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::Token(_) | Self::Late => StatusCode::BAD_REQUEST,
            Self::Unregistered => StatusCode::NOT_FOUND,
            Self::OtherSender => StatusCode::FORBIDDEN,
            Self::Quota => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The word of this service.
    const fn code(self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::Token(_) | Self::Late => "INVALID_ARGUMENT",
            Self::Unregistered => "UNREGISTERED",
            Self::OtherSender => "SENDER_ID_MISMATCH",
            Self::Quota => "QUOTA_EXCEEDED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// Which field is to blame, if it is the one that names the device.
    const fn field(self) -> Option<&'static str> {
        match self {
            Self::Token(_) => Some("message.token"),
            Self::Invalid(_)
            | Self::Late
            | Self::Unregistered
            | Self::OtherSender
            | Self::Quota
            | Self::Unavailable => None,
        }
    }

    /// The word all of Google's services share.
    const fn rpc_status(self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::Token(_) | Self::Late => "INVALID_ARGUMENT",
            Self::Unregistered => "NOT_FOUND",
            Self::OtherSender => "PERMISSION_DENIED",
            Self::Quota => "RESOURCE_EXHAUSTED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Invalid(what) | Self::Token(what) => what,
            Self::Late => "the body did not arrive in time",
            Self::Unregistered => "the device has given this token up",
            Self::OtherSender => "the token belongs to another project",
            Self::Quota => "too many messages for this device",
            Self::Unavailable => "nothing is taken at present",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<Push, Failure> {
        parse("muster", body.as_bytes()).map(|(push, _errand)| push)
    }

    #[test]
    fn a_message_is_read_in_either_spelling_of_its_names() {
        let pushes = [
            r#"{"message":{"token":"a1","data":{"mdm":"word"},
                "android":{"collapse_key":"mdm","ttl":"3600s","priority":"HIGH"}}}"#,
            r#"{"message":{"token":"a1","data":{"mdm":"other"},
                "android":{"collapseKey":"mdm","ttl":"3600.0s","priority":"high",
                           "data":{"mdm":"word"}}}}"#,
        ]
        .map(|body| read(body).unwrap());
        assert!(pushes[0] == pushes[1]);
        assert_eq!(pushes[0].keep, Keep::For(Duration::from_secs(3_600)));
        assert_eq!(pushes[0].urgency, Urgency::High);
        assert_eq!((pushes[0].topic.as_str(), pushes[0].magic.as_str()), ("muster", "word"));
    }

    #[test]
    fn a_message_that_only_wants_a_check_is_not_sent() {
        let body = br#"{"validate_only":true,"message":{"token":"a1","data":{"mdm":"word"}}}"#;
        assert_eq!(parse("muster", body).map(|(_, errand)| errand), Ok(Errand::Check));
    }

    #[test]
    fn what_is_no_message_for_one_device_is_an_invalid_argument() {
        let long =
            format!(r#"{{"message":{{"token":"a1","data":{{"mdm":"{}"}}}}}}"#, "a".repeat(4_094));
        for body in [
            "",
            "[]",
            "{}",
            r#"{"message":{}}"#,
            r#"{"message":{"token":"a1"}}"#,
            r#"{"message":{"token":"a b","data":{"mdm":"word"}}}"#,
            r#"{"message":{"token":"a1","data":{"mdm":7}}}"#,
            r#"{"message":{"token":"a1","data":{"mdm":"word"},"android":{"ttl":"2419201s"}}}"#,
            r#"{"message":{"token":"a1","data":{"mdm":"word"},"android":{"priority":"LOW"}}}"#,
            &long,
        ] {
            let refused = read(body).err();
            assert!(
                matches!(refused, Some(Failure::Invalid(_) | Failure::Token(_))),
                "{body}: {refused:?}"
            );
        }
    }

    #[test]
    fn a_span_has_seconds_a_fraction_and_its_unit() {
        assert_eq!(span("3.5s"), Some(Duration::from_millis(3_500)));
        assert_eq!(span("0s"), Some(Duration::ZERO));
        for wrong in ["", "s", "1", "1m", "-1s", "1.s", ".5s", "1.0000000000s", "1e3s"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(
            bytes in proptest::collection::vec(any::<u8>(), 0..512),
            depth in 0_usize..4_096,
        ) {
            let _read = parse("muster", &bytes);
            let deep = [vec![b'['; depth], vec![b']'; depth]].concat();
            let _read = parse("muster", &[&b"{\"message\":"[..], &deep, b"}"].concat());
        }

        #[test]
        fn no_text_in_the_members_breaks_the_reader(
            token in ".{0,64}", word in ".{0,64}", ttl in "[0-9.s-]{0,24}",
        ) {
            let body = json!({ "message": {
                "token": token, "data": { "mdm": word }, "android": { "ttl": ttl },
            }});
            let read = parse("muster", body.to_string().as_bytes());
            prop_assert!(read.is_err() || is_name(&token) && !word.is_empty());
        }
    }
}
