//! One request and how it is answered: its ids, the headers Graph sends, the error envelope.

use axum::Json;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, InvalidHeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use muster_protocol::CommandId;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::backend::Backend;
use crate::http::errors::{ApiError, MessageStyle};
use crate::http::options::Strictness;
use crate::http::origin::Origin;
use crate::http::repeat::RequestName;
use crate::operation::path::Route;
use crate::resources::approvals::{APPROVAL_CODE, SentApproval};

/// The media type of every body.
///
/// Source: Microsoft Graph, headers of its answers.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static(
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
);

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");
/// What the SDKs of Graph put on a request they send again: how often they have.
const RETRY_ATTEMPT: HeaderName = HeaderName::from_static("retry-attempt");
const COMMAND_ID: HeaderName = HeaderName::from_static("x-muster-command-id");

/// The preference that a strict server tells what is its own.
const INCLUDE_MUSTER: &str = "include-muster";

/// Longest `client-request-id` that is sent back; a UUID has 36 characters.
const CLIENT_REQUEST_ID_BYTES_MAX: usize = 64;

/// What goes well. No `Debug`: a body may hold a passcode.
pub(crate) enum Reply {
    /// 200 with a body.
    Found(Value),
    /// 200 with a body that is JSON text already.
    Json(String),
    /// 200 with a number alone, as text.
    Number(u64),
    /// 201 with a body: what was made.
    Created(Value),
    /// 204: done, and there is nothing to show.
    Done,
    /// 204: the command is durable.
    Accepted(CommandId),
}

/// The identity of one request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) request_id: Uuid,
    /// As the client sent it; `None` if it sent none, or one that is not fit to be repeated.
    sent: Option<String>,
    /// Whether the client says that it asks again.
    comes_again: bool,
    pub(crate) begun: jiff::Timestamp,
    /// What it says of the approval of a second administrator.
    pub(crate) approval: SentApproval,
    /// The name of this server the client knows.
    pub(crate) origin: Origin,
    /// How much this client is told.
    pub(crate) strictness: Strictness,
}

/// What a request failed with, and what is known of it.
pub(crate) struct Failure<'a> {
    pub(crate) error: &'a ApiError,
    /// What it was about, if that could be read.
    pub(crate) route: Option<&'a Route>,
}

impl Call {
    /// Gives a request its ids.
    pub(crate) fn begin<B: Backend>(
        backend: &B,
        (origin, strictness): (&Origin, Strictness),
        headers: &HeaderMap,
    ) -> Self {
        Self {
            request_id: Uuid::new_v4(),
            sent: headers.get(CLIENT_REQUEST_ID).and_then(echo),
            comes_again: headers.contains_key(RETRY_ATTEMPT),
            begun: backend.wall(backend.now()),
            approval: SentApproval::read(headers),
            origin: origin.clone(),
            strictness: if prefers_muster(headers) { Strictness::Explained } else { strictness },
        }
    }

    /// What the client calls its request.
    pub(crate) fn name(&self) -> RequestName {
        match (&self.sent, self.comes_again) {
            (Some(sent), _) => RequestName::Sent(sent.clone()),
            (None, true) => RequestName::UnnamedAgain,
            (None, false) => RequestName::Unnamed,
        }
    }

    fn client_request_id(&self) -> String {
        self.sent.clone().unwrap_or_else(|| self.request_id.to_string())
    }

    /// Answers a request that went well.
    pub(crate) fn reply(&self, reply: Reply) -> Response {
        let response = match reply {
            Reply::Found(body) => json(StatusCode::OK, &body),
            Reply::Json(text) => {
                let mut response = text.into_response();
                put(&mut response, CONTENT_TYPE, Ok(HeaderValue::from_static("application/json")));
                response
            }
            Reply::Number(number) => {
                let mut response = number.to_string().into_response();
                put(&mut response, CONTENT_TYPE, Ok(HeaderValue::from_static("text/plain")));
                response
            }
            Reply::Created(body) => json(StatusCode::CREATED, &body),
            Reply::Done => StatusCode::NO_CONTENT.into_response(),
            Reply::Accepted(command) => {
                let mut response = StatusCode::NO_CONTENT.into_response();
                match self.strictness {
                    Strictness::Strict => {}
                    Strictness::Explained => {
                        put(&mut response, COMMAND_ID, HeaderValue::try_from(command.to_string()));
                    }
                }
                response
            }
        };
        self.stamp(response)
    }

    /// Answers a request that did not.
    pub(crate) fn refuse(&self, failure: &Failure<'_>) -> Response {
        let envelope = Envelope {
            error: ErrorBody {
                code: failure.error.code(),
                message: self.message(failure),
                inner_error: InnerError {
                    date: self.begun.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    request_id: self.request_id.to_string(),
                    client_request_id: self.client_request_id(),
                    reason: self.reason(failure),
                },
            },
        };
        let mut response = json(failure.error.status(), &envelope);
        self.explain(&mut response, failure);
        self.stamp(response)
    }

    /// Why, in words a person can act on: what the service does not say.
    fn reason(&self, failure: &Failure<'_>) -> Option<String> {
        match self.strictness {
            Strictness::Explained => Some(failure.error.to_string()),
            Strictness::Strict => None,
        }
    }

    fn message(&self, failure: &Failure<'_>) -> String {
        match (failure.error.style(), self.strictness) {
            (MessageStyle::Nested(said), _) => self.intune_message(failure, &said),
            (MessageStyle::Plain, Strictness::Explained) => failure.error.to_string(),
            (MessageStyle::Plain, Strictness::Strict) => failure.error.bare_message(),
        }
    }

    /// The message of Intune: a JSON text that says little but where to look.
    ///
    /// Some tools parse it, so its members, their order and its line ends are kept. Why the
    /// request was refused stands in `innerError`.
    fn intune_message(&self, failure: &Failure<'_>, said: &str) -> String {
        let operation = failure.route.map_or("managedDevices", Route::name);
        let version = failure.route.map_or("v1.0", |route| route.version.name());
        let origin = &self.origin;
        let text = format!(
            "{said} - Operation ID (for customer support): {} - Activity ID: {} - \
             Url: {origin}/microsoft.management.services.api.{operation}?api-version={version}",
            Uuid::nil(),
            self.request_id,
        );
        let text = Value::String(text);
        [
            "{",
            "  \"_version\": 3,",
            &format!("  \"Message\": {text},"),
            "  \"CustomApiErrorPhrase\": \"\",",
            "  \"RetryAfter\": null,",
            "  \"ErrorSourceService\": \"\",",
            "  \"HttpHeaders\": \"{}\"",
            "}",
        ]
        .join("\r\n")
    }

    /// Puts on the headers that go with an error.
    fn explain(&self, response: &mut Response, failure: &Failure<'_>) {
        if let Some(span) = failure.error.retry_after() {
            // Rounded up: a client that comes back in time must find the wait over.
            let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
            put(response, RETRY_AFTER, Ok(HeaderValue::from(seconds.max(1))));
        }
        if let ApiError::Auth(refused) = failure.error {
            let authorize = format!("{}/common/oauth2/v2.0/authorize", self.origin.login());
            put(response, WWW_AUTHENTICATE, HeaderValue::try_from(refused.challenge(&authorize)));
        }
        if let Some(code) = failure.error.approval_code() {
            put(response, APPROVAL_CODE, HeaderValue::try_from(code.to_string()));
        }
        if let ApiError::Verb { allowed } = failure.error {
            put(response, ALLOW, HeaderValue::try_from(allowed.allow()));
        }
    }

    /// Puts on what every answer carries.
    fn stamp(&self, mut response: Response) -> Response {
        put(&mut response, REQUEST_ID, HeaderValue::try_from(self.request_id.to_string()));
        let echoed = HeaderValue::try_from(self.client_request_id());
        put(&mut response, CLIENT_REQUEST_ID, echoed);
        put(&mut response, ODATA_VERSION, Ok(HeaderValue::from_static("4.0")));
        // Answers may hold passcodes and bypass codes.
        put(&mut response, CACHE_CONTROL, Ok(HeaderValue::from_static("no-store")));
        response
    }
}

#[derive(Serialize)]
struct Envelope {
    error: ErrorBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    code: &'static str,
    message: String,
    inner_error: InnerError,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct InnerError {
    date: String,
    request_id: String,
    client_request_id: String,
    #[serde(rename = "x-muster-reason", skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Whether the client asks for what is this server's own.
///
/// Source: RFC 7240, section 2: several preferences may stand in one header.
fn prefers_muster(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|value| value.split([',', ';']))
        .any(|preference| preference.trim().eq_ignore_ascii_case(INCLUDE_MUSTER))
}

/// What of a `client-request-id` is safe to send back: visible ASCII, not too long.
fn echo(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let fits = (1..=CLIENT_REQUEST_ID_BYTES_MAX).contains(&text.len());
    (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}

fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let mut response = (status, Json(body)).into_response();
    put(&mut response, CONTENT_TYPE, Ok(MEDIA_TYPE));
    response
}

/// Sets a header. Values made of ids and numbers are always valid, so nothing is lost here.
fn put(response: &mut Response, name: HeaderName, value: Result<HeaderValue, InvalidHeaderValue>) {
    if let Ok(value) = value {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_visible_ascii_is_sent_back() {
        let echoed = |bytes: &[u8]| echo(&HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(echoed(b"a-1"), Some("a-1".to_owned()));
        assert_eq!(echoed(b""), None);
        assert_eq!(echoed(b"a b"), None);
        assert_eq!(echoed("é".as_bytes()), None);
        assert_eq!(echoed(&[b'a'; 65]), None);
    }
}
