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
use crate::http::origin::Origin;
use crate::operation::path::Route;

/// The media type of every body.
///
/// Source: Microsoft Graph, headers of its answers.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static(
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
);

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");
const COMMAND_ID: HeaderName = HeaderName::from_static("x-muster-command-id");

/// Longest `client-request-id` that is sent back; a UUID has 36 characters.
const CLIENT_REQUEST_ID_BYTES_MAX: usize = 64;

/// What goes well. No `Debug`: a body may hold a passcode.
pub(crate) enum Reply {
    /// 200 with a body.
    Found(Value),
    /// 204: the command is durable.
    Accepted(CommandId),
}

/// The identity of one request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) request_id: Uuid,
    client_request_id: String,
    begun: jiff::Timestamp,
}

impl Call {
    /// Gives a request its ids.
    pub(crate) fn begin<B: Backend>(backend: &B, headers: &HeaderMap) -> Self {
        let request_id = Uuid::new_v4();
        let echoed = headers.get(CLIENT_REQUEST_ID).and_then(echo);
        Self {
            request_id,
            client_request_id: echoed.unwrap_or_else(|| request_id.to_string()),
            begun: backend.wall(backend.now()),
        }
    }

    /// Answers a request that went well.
    pub(crate) fn reply(&self, reply: Reply) -> Response {
        let response = match reply {
            Reply::Found(body) => json(StatusCode::OK, &body),
            Reply::Accepted(command) => {
                let mut response = StatusCode::NO_CONTENT.into_response();
                put(&mut response, COMMAND_ID, HeaderValue::try_from(command.to_string()));
                response
            }
        };
        self.stamp(response)
    }

    /// Answers a request that did not; `route` is what it was about, if that could be read.
    pub(crate) fn refuse(
        &self,
        origin: &Origin,
        route: Option<Route>,
        error: &ApiError,
    ) -> Response {
        let envelope = Envelope {
            error: ErrorBody {
                code: error.code(),
                message: self.message(origin, route, error),
                inner_error: InnerError {
                    date: self.begun.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    request_id: self.request_id.to_string(),
                    client_request_id: &self.client_request_id,
                    reason: error.to_string(),
                },
            },
        };
        let mut response = json(error.status(), &envelope);
        if let Some(span) = error.retry_after() {
            // Rounded up: a client that comes back in time must find the wait over.
            let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
            put(&mut response, RETRY_AFTER, Ok(HeaderValue::from(seconds.max(1))));
        }
        if let ApiError::Auth(_) = error {
            let challenge = HeaderValue::from_static("Bearer realm=\"muster\"");
            put(&mut response, WWW_AUTHENTICATE, Ok(challenge));
        }
        if let ApiError::Verb { allowed } = error {
            put(&mut response, ALLOW, Ok(HeaderValue::from_static(allowed.allow())));
        }
        self.stamp(response)
    }

    fn message(&self, origin: &Origin, route: Option<Route>, error: &ApiError) -> String {
        match error.style() {
            MessageStyle::Plain => error.to_string(),
            MessageStyle::Nested => self.intune_message(origin, route),
        }
    }

    /// The message of Intune: a JSON text that says nothing but where to look.
    ///
    /// Some tools parse it, so its members, their order and its line ends are kept. Why the
    /// request was refused stands in `innerError`.
    fn intune_message(&self, origin: &Origin, route: Option<Route>) -> String {
        let operation = route.map_or("managedDevices", |route| route.operation());
        let version = route.map_or("v1.0", |route| route.version.name());
        let text = format!(
            "An error has occurred - Operation ID (for customer support): {} - Activity ID: {} - \
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

    /// Puts on what every answer carries.
    fn stamp(&self, mut response: Response) -> Response {
        put(&mut response, REQUEST_ID, HeaderValue::try_from(self.request_id.to_string()));
        let echoed = HeaderValue::try_from(self.client_request_id.as_str());
        put(&mut response, CLIENT_REQUEST_ID, echoed);
        put(&mut response, ODATA_VERSION, Ok(HeaderValue::from_static("4.0")));
        // Answers may hold passcodes and bypass codes.
        put(&mut response, CACHE_CONTROL, Ok(HeaderValue::from_static("no-store")));
        response
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    code: &'static str,
    message: String,
    inner_error: InnerError<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct InnerError<'a> {
    date: String,
    request_id: String,
    client_request_id: &'a str,
    #[serde(rename = "x-muster-reason")]
    reason: String,
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
