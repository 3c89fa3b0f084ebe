//! Locks a device for its organisation.
//!
//! Source: Apple, "Activation Lock a Device" (device assignment).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use muster_device::activation::{EscrowHash, LockRequest, LockResponse};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use crate::body::{BodyError, read_body};
use crate::desk::Desk;
use crate::router::{Counter, TEXT_CHARS_MAX, Unavailable, serial};

/// Characters of a message on a locked device; what is longer is refused.
const LOST_MESSAGE_CHARS_MAX: usize = 1_024;

/// What the body says.
#[derive(Deserialize)]
struct LockBody {
    device: String,
    escrow_key: Option<String>,
    lost_message: Option<String>,
}

/// A body that can be understood.
struct Order {
    device: String,
    escrow_key: Option<EscrowHash>,
    lost_message: Option<String>,
}

/// Why a request is not looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockError {
    UserAgentMissing,
    UserAgentInvalid,
    Malformed,
    Body(BodyError),
    Unavailable,
}

pub(crate) async fn answer<D: Desk>(
    State(counter): State<Arc<Counter<D>>>,
    request: Request,
) -> Response {
    match lock(&counter, request).await {
        Ok(told) => told,
        Err(error) => (error.status(), error.code()).into_response(),
    }
}

async fn lock<D: Desk>(counter: &Counter<D>, request: Request) -> Result<Response, LockError> {
    check_user_agent(request.headers())?;
    let order = parse(&read_body(request).await.map_err(LockError::Body)?)?;
    let Order { device, escrow_key, lost_message } = order;
    let Some(serial) = serial(&device) else {
        // A number no device can have is one this organisation does not have.
        return Ok(told(&device, LockResponse::NotAccessible));
    };
    let order = LockRequest { serial, escrow_key, lost_message };
    let response = counter.ask(async |desk| desk.lock(order).await).await;
    let response = response.map_err(|Unavailable| LockError::Unavailable)?;
    info!(device, status = response.word(), "organisation asked for an Activation Lock");
    Ok(told(&device, response))
}

fn told(device: &str, response: LockResponse) -> Response {
    Json(json!({ "serial_number": device, "response_status": response.word() })).into_response()
}

/// The header has to be there and begin with the name of a product.
///
/// Source: RFC 9110, sections 5.6.2 and 10.1.5.
fn check_user_agent(headers: &HeaderMap) -> Result<(), LockError> {
    let value = headers.get(USER_AGENT).ok_or(LockError::UserAgentMissing)?;
    let text = value.to_str().map_err(|_cause| LockError::UserAgentInvalid)?;
    let product = text.split([' ', '/']).next().unwrap_or_default();
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let fits = !product.is_empty() && product.chars().all(is_token);
    if fits { Ok(()) } else { Err(LockError::UserAgentInvalid) }
}

fn parse(bytes: &[u8]) -> Result<Order, LockError> {
    let body: LockBody = serde_json::from_slice(bytes).map_err(|_cause| LockError::Malformed)?;
    let LockBody { device, escrow_key, lost_message } = body;
    let is_short = |message: &String| message.chars().count() <= LOST_MESSAGE_CHARS_MAX;
    if device.len() > TEXT_CHARS_MAX || !lost_message.as_ref().is_none_or(is_short) {
        return Err(LockError::Malformed);
    }
    let escrow_key = escrow_key.as_deref().map(str::parse).transpose();
    let escrow_key = escrow_key.map_err(|_cause| LockError::Malformed)?;
    Ok(Order { device, escrow_key, lost_message })
}

impl LockError {
    const fn status(self) -> StatusCode {
        match self {
            Self::UserAgentMissing | Self::UserAgentInvalid | Self::Malformed => {
                StatusCode::BAD_REQUEST
            }
            Self::Body(error) => error.status(),
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::UserAgentMissing => "USER_AGENT_MISSING",
            Self::UserAgentInvalid => "USER_AGENT_INVALID",
            Self::Malformed | Self::Body(_) => "MALFORMED_REQUEST_BODY",
            Self::Unavailable => "SERVICE_UNAVAILABLE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn agent(value: &str) -> Result<(), LockError> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, value.parse().expect("a header value"));
        check_user_agent(&headers)
    }

    #[test]
    fn a_user_agent_begins_with_the_name_of_a_product() {
        for fine in ["muster", "muster/0.1", "curl/8.5.0 (linux)"] {
            assert_eq!(agent(fine), Ok(()), "{fine}");
        }
        for bad in ["", "/1.0", "(a comment)", "é"] {
            assert_eq!(agent(bad), Err(LockError::UserAgentInvalid), "{bad}");
        }
        assert_eq!(check_user_agent(&HeaderMap::new()), Err(LockError::UserAgentMissing));
    }

    #[test]
    fn a_code_in_place_of_its_hash_is_malformed() {
        let body = r#"{"device":"F17G0000A1","escrow_key":"000H4-0R40M-30F2-0918-5HR3-8F17"}"#;
        assert_eq!(parse(body.as_bytes()).err(), Some(LockError::Malformed));
        assert!(parse(br#"{"device":"F17G0000A1"}"#).is_ok());
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _read = parse(&bytes);
        }

        #[test]
        fn no_text_in_the_members_breaks_the_reader(device in ".{0,64}", message in ".{0,64}") {
            let body = json!({ "device": device, "lost_message": message }).to_string();
            let read = parse(body.as_bytes());
            let known = device.len() <= TEXT_CHARS_MAX;
            prop_assert_eq!(read.is_ok(), known);
        }
    }
}
