//! Apple's push service: one device in the path, the rest in headers.
//!
//! Source: Apple, "Sending notification requests to APNs" and "Handling notification responses
//! from APNs".

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use muster_protocol::PushService;
use serde::Deserialize;
use serde_json::json;
use tracing::debug;

use super::desk::{Collapse, Keep, Push, PushDesk, PushRefusal, Urgency};
use super::{PAYLOAD_BYTES_MAX, PostOffice, is_name};
use crate::body::{BodyError, read_body};

const APNS_ID: HeaderName = HeaderName::from_static("apns-id");

/// Longest `apns-collapse-id`, in bytes.
const COLLAPSE_BYTES_MAX: usize = 64;

/// The only kind of push there is here.
const PUSH_TYPE: &str = "mdm";

/// Hex digits of a UUID, in groups.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// What a push says.
#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    mdm: String,
}

/// What the headers say.
struct Wishes {
    topic: String,
    keep: Keep,
    collapse: Option<Collapse>,
    urgency: Urgency,
}

/// Why a push is not sent, in Apple's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    BadCollapseId,
    BadDeviceToken,
    BadExpirationDate,
    BadMessageId,
    BadPriority,
    BadTopic,
    DeviceTokenNotForTopic,
    DuplicateHeaders,
    IdleTimeout,
    InvalidPushType,
    MissingTopic,
    PayloadEmpty,
    PayloadTooLarge,
    Unregistered { since: Duration },
    TooManyRequests,
    ServiceUnavailable,
}

pub(super) async fn answer<D: PushDesk>(
    State(office): State<Arc<PostOffice<D>>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (id, chosen) = match chosen_id(request.headers()) {
        Ok(Some(id)) => (id, Ok(())),
        Ok(None) => (made_up(office.number()), Ok(())),
        Err(reason) => (made_up(office.number()), Err(reason)),
    };
    let taken = match chosen {
        Ok(()) => take(&office.desk, token, request).await,
        Err(reason) => Err(reason),
    };
    let mut answer = match taken {
        Ok(()) => StatusCode::OK.into_response(),
        Err(reason) => {
            debug!(reason = reason.word(), "push refused");
            refused(reason)
        }
    };
    if let Ok(id) = HeaderValue::try_from(id) {
        answer.headers_mut().insert(APNS_ID, id);
    }
    answer
}

async fn take<D: PushDesk>(desk: &D, token: String, request: Request) -> Result<(), Reason> {
    let Wishes { topic, keep, collapse, urgency } = wishes(request.headers())?;
    if !is_token(&token) {
        return Err(Reason::BadDeviceToken);
    }
    let body = read_body(request).await.map_err(Reason::of_body)?;
    let magic = says(&body)?;
    let service = PushService::Apns;
    let push = Push { service, token, topic, magic, keep, collapse, urgency };
    desk.push(push).map_err(Reason::of_refusal)
}

fn refused(reason: Reason) -> Response {
    let said = match reason.since() {
        None => json!({ "reason": reason.word() }),
        Some(since) => {
            let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
            json!({ "reason": reason.word(), "timestamp": millis })
        }
    };
    (reason.status(), Json(said)).into_response()
}

fn wishes(headers: &HeaderMap) -> Result<Wishes, Reason> {
    match one(headers, "apns-push-type")? {
        None | Some(PUSH_TYPE) => {}
        Some(_other) => return Err(Reason::InvalidPushType),
    }
    let topic = one(headers, "apns-topic")?.filter(|topic| !topic.is_empty());
    let topic = topic.ok_or(Reason::MissingTopic)?;
    if !is_name(topic) {
        return Err(Reason::BadTopic);
    }
    Ok(Wishes {
        topic: topic.to_owned(),
        keep: keep(one(headers, "apns-expiration")?)?,
        collapse: collapse(one(headers, "apns-collapse-id")?)?,
        urgency: urgency(one(headers, "apns-priority")?)?,
    })
}

/// The value of a header that may come once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Reason> {
    let mut values = headers.get_all(name).into_iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Reason::DuplicateHeaders);
    }
    // What is no text is read as empty, which no header here may be.
    Ok(value.map(|value| value.to_str().unwrap_or_default()))
}

/// The id of the answer, if the customer chose one.
fn chosen_id(headers: &HeaderMap) -> Result<Option<String>, Reason> {
    match one(headers, "apns-id")? {
        None => Ok(None),
        Some(id) if is_uuid(id) => Ok(Some(id.to_owned())),
        Some(_other) => Err(Reason::BadMessageId),
    }
}

/// The id of an answer the customer chose none for.
fn made_up(number: u64) -> String {
    let (high, low) = (number >> 48, number & 0xffff_ffff_ffff);
    format!("00000000-0000-4000-8{:03x}-{low:012x}", high & 0xfff)
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(|group| {
        let is_hex = group.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex { group.len() } else { 0 }
    });
    groups.eq(UUID_GROUPS)
}

/// Nothing said means that Apple chooses: it keeps a push for the longest time it knows.
fn keep(expiration: Option<&str>) -> Result<Keep, Reason> {
    match expiration.map(str::parse::<u64>) {
        None => Ok(Keep::Longest),
        Some(Ok(0)) => Ok(Keep::Not),
        Some(Ok(at)) => Ok(Keep::Until(Duration::from_secs(at))),
        Some(Err(_cause)) => Err(Reason::BadExpirationDate),
    }
}

fn collapse(id: Option<&str>) -> Result<Option<Collapse>, Reason> {
    match id {
        None => Ok(None),
        Some(id) if (1..=COLLAPSE_BYTES_MAX).contains(&id.len()) => {
            Ok(Some(Collapse(id.to_owned())))
        }
        Some(_other) => Err(Reason::BadCollapseId),
    }
}

fn urgency(priority: Option<&str>) -> Result<Urgency, Reason> {
    match priority {
        None | Some("10") => Ok(Urgency::High),
        Some("5" | "1") => Ok(Urgency::Normal),
        Some(_other) => Err(Reason::BadPriority),
    }
}

fn is_token(token: &str) -> bool {
    is_name(token) && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What the payload says to a device. One that says nothing, or is no JSON object, has nothing
/// for it.
fn says(body: &[u8]) -> Result<String, Reason> {
    if body.len() > PAYLOAD_BYTES_MAX {
        return Err(Reason::PayloadTooLarge);
    }
    let payload = serde_json::from_slice::<Payload>(body);
    let payload = payload.map_err(|_cause| Reason::PayloadEmpty)?;
    if payload.mdm.is_empty() { Err(Reason::PayloadEmpty) } else { Ok(payload.mdm) }
}

impl Reason {
    const fn of_body(error: BodyError) -> Self {
        match error {
            BodyError::TooLong => Self::PayloadTooLarge,
            BodyError::Late => Self::IdleTimeout,
            BodyError::Broken => Self::PayloadEmpty,
        }
    }

    const fn of_refusal(refusal: PushRefusal) -> Self {
        match refusal {
            PushRefusal::UnknownToken => Self::BadDeviceToken,
            PushRefusal::OtherTopic => Self::DeviceTokenNotForTopic,
            PushRefusal::Unregistered { since } => Self::Unregistered { since },
            PushRefusal::TooMany => Self::TooManyRequests,
            PushRefusal::Unavailable => Self::ServiceUnavailable,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::BadCollapseId
            | Self::BadDeviceToken
            | Self::BadExpirationDate
            | Self::BadMessageId
            | Self::BadPriority
            | Self::BadTopic
            | Self::DeviceTokenNotForTopic
            | Self::DuplicateHeaders
            | Self::IdleTimeout
            | Self::InvalidPushType
            | Self::MissingTopic
            | Self::PayloadEmpty => StatusCode::BAD_REQUEST,
            Self::Unregistered { .. } => StatusCode::GONE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::BadCollapseId => "BadCollapseId",
            Self::BadDeviceToken => "BadDeviceToken",
            Self::BadExpirationDate => "BadExpirationDate",
            Self::BadMessageId => "BadMessageId",
            Self::BadPriority => "BadPriority",
            Self::BadTopic => "BadTopic",
            Self::DeviceTokenNotForTopic => "DeviceTokenNotForTopic",
            Self::DuplicateHeaders => "DuplicateHeaders",
            Self::IdleTimeout => "IdleTimeout",
            Self::InvalidPushType => "InvalidPushType",
            Self::MissingTopic => "MissingTopic",
            Self::PayloadEmpty => "PayloadEmpty",
            Self::PayloadTooLarge => "PayloadTooLarge",
            Self::Unregistered { .. } => "Unregistered",
            Self::TooManyRequests => "TooManyRequests",
            Self::ServiceUnavailable => "ServiceUnavailable",
        }
    }

    /// Since when the token is not in use.
    const fn since(self) -> Option<Duration> {
        match self {
            Self::Unregistered { since } => Some(since),
            Self::BadCollapseId
            | Self::BadDeviceToken
            | Self::BadExpirationDate
            | Self::BadMessageId
            | Self::BadPriority
            | Self::BadTopic
            | Self::DeviceTokenNotForTopic
            | Self::DuplicateHeaders
            | Self::IdleTimeout
            | Self::InvalidPushType
            | Self::MissingTopic
            | Self::PayloadEmpty
            | Self::PayloadTooLarge
            | Self::TooManyRequests
            | Self::ServiceUnavailable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn asked(pairs: &[(&'static str, &str)]) -> Result<(), Reason> {
        let usual = [("apns-topic", "com.apple.mgmt.External.muster")];
        wishes(&headers(&[&usual, pairs].concat())).map(drop)
    }

    #[test]
    fn a_header_that_cannot_be_meant_has_a_reason_of_its_own() {
        assert_eq!(asked(&[]), Ok(()));
        assert_eq!(asked(&[("apns-push-type", "mdm"), ("apns-priority", "10")]), Ok(()));
        assert_eq!(asked(&[("apns-push-type", "alert")]), Err(Reason::InvalidPushType));
        assert_eq!(asked(&[("apns-priority", "7")]), Err(Reason::BadPriority));
        assert_eq!(asked(&[("apns-expiration", "soon")]), Err(Reason::BadExpirationDate));
        assert_eq!(asked(&[("apns-collapse-id", &"a".repeat(65))]), Err(Reason::BadCollapseId));
        assert_eq!(asked(&[("apns-topic", "another")]), Err(Reason::DuplicateHeaders));
        assert_eq!(wishes(&headers(&[])).map(drop), Err(Reason::MissingTopic));
        let spaced = headers(&[("apns-topic", "a b")]);
        assert_eq!(wishes(&spaced).map(drop), Err(Reason::BadTopic));
    }

    #[test]
    fn an_expiration_of_zero_means_now_or_never() {
        assert_eq!(keep(Some("0")), Ok(Keep::Not));
        assert_eq!(keep(Some("1800000000")), Ok(Keep::Until(Duration::from_secs(1_800_000_000))));
        assert_eq!(keep(None), Ok(Keep::Longest));
    }

    #[test]
    fn a_message_id_is_a_uuid_or_absent() {
        let id = "123e4567-e89b-12d3-a456-4266554400a0";
        assert_eq!(chosen_id(&headers(&[("apns-id", id)])), Ok(Some(id.to_owned())));
        assert_eq!(chosen_id(&headers(&[])), Ok(None));
        assert!(is_uuid(&made_up(0)) && is_uuid(&made_up(u64::MAX)));
        for wrong in ["", "1", "123e4567-e89b-12d3-a456-4266554400ag", "-----"] {
            assert_eq!(chosen_id(&headers(&[("apns-id", wrong)])), Err(Reason::BadMessageId));
        }
    }

    #[test]
    fn a_payload_says_its_word_and_nothing_else_counts() {
        assert_eq!(says(br#"{"mdm":"word"}"#), Ok("word".to_owned()));
        for nothing in [&b""[..], b"{}", b"[]", br#"{"mdm":""}"#, br#"{"aps":{"alert":"hello"}}"#] {
            assert_eq!(says(nothing), Err(Reason::PayloadEmpty));
        }
        assert_eq!(says(&[b' '; PAYLOAD_BYTES_MAX + 1]), Err(Reason::PayloadTooLarge));
    }

    proptest! {
        #[test]
        fn no_payload_breaks_the_reader(
            bytes in proptest::collection::vec(any::<u8>(), 0..PAYLOAD_BYTES_MAX + 8),
            depth in 0_usize..2_048,
        ) {
            let _read = says(&bytes);
            let deep = [vec![b'['; depth], vec![b']'; depth]].concat();
            let _read = says(&[&b"{\"mdm\":\"a\",\"b\":"[..], &deep, b"}"].concat());
        }

        #[test]
        fn no_header_breaks_the_reader(
            values in proptest::collection::vec("[ -~\u{80}-\u{ff}]{0,80}", 5),
        ) {
            let names =
                ["apns-topic", "apns-expiration", "apns-priority", "apns-collapse-id", "apns-id"];
            let mut headers = HeaderMap::new();
            for (name, value) in names.into_iter().zip(&values) {
                if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                    headers.append(name, value);
                }
            }
            let _read = (wishes(&headers).map(drop), chosen_id(&headers));
        }
    }
}
