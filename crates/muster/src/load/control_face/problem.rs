//! Every way a request can fail, and how it is said.

use std::error::Error as _;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::json;

use super::body::{BODY_BYTES_MAX, BODY_WITHIN};
use super::wish::WishError;
use crate::load::control::Unheard;

/// What an answer is that says what was wrong.
///
/// Source: RFC 9457, section 3.
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// When to ask again if too much waits: the pacer looks at each instant of the plan.
const AGAIN_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// A request that is not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// By a name that is not this machine's own: as a page of another site asks, whose name has been
    /// made to lead here.
    #[error(
        "the Host of the request is none of 127.0.0.1:{port}, [::1]:{port} and localhost:{port}"
    )]
    OtherHost {
        /// The port of the control.
        port: u16,
    },
    /// Not from whoever may.
    #[error("the run is changed by whoever has its token: Authorization: Bearer TOKEN")]
    NoToken,
    /// Nothing is there.
    #[error("there are GET /, GET /v1/run and POST /v1/run/pause, resume, pace, inject and stop")]
    NoSuchPath,
    /// Not with this method.
    #[error("this takes {allowed} only")]
    Method {
        /// Those it takes.
        allowed: &'static str,
    },
    /// The body is too long.
    #[error("the body is longer than {BODY_BYTES_MAX} bytes")]
    BodyTooLong,
    /// The body is late.
    #[error("the body did not arrive within {BODY_WITHIN:?}")]
    BodyLate,
    /// The body is cut short.
    #[error("the body broke off")]
    BodyBrokeOff,
    /// The body says nothing that can be done.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// The run does not hear it.
    #[error(transparent)]
    Unheard(#[from] Unheard),
}

impl Problem {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::OtherHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyLate => StatusCode::REQUEST_TIMEOUT,
            Self::Wish(WishError::NotOurs) | Self::Unheard(Unheard::Over) => StatusCode::CONFLICT,
            Self::BodyBrokeOff | Self::Wish(_) => StatusCode::BAD_REQUEST,
            Self::Unheard(Unheard::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer that says so.
    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or_default();
        let problem = json!({ "title": title, "status": status.as_u16(), "detail": self.detail() });
        let mut response = Response::new(Full::from(problem.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM);
        match self {
            Self::NoToken => {
                drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::Method { allowed } => {
                drop(headers.insert(ALLOW, HeaderValue::from_static(allowed)))
            }
            Self::Unheard(Unheard::Busy) => drop(headers.insert(RETRY_AFTER, AGAIN_AFTER_S)),
            Self::OtherHost { .. }
            | Self::NoSuchPath
            | Self::BodyTooLong
            | Self::BodyLate
            | Self::BodyBrokeOff
            | Self::Wish(_)
            | Self::Unheard(Unheard::Over) => {}
        }
        response
    }

    /// What was wrong, and why.
    fn detail(&self) -> String {
        match self.source() {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}
