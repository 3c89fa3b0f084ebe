//! The body of a request, within bounds of size and time.

use core::time::Duration;

use axum::body::Bytes;
use axum::extract::{Form, FromRequest as _, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

/// Longest body of a request, in bytes. Bodies here are one small object or form.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// How long a customer may take to send a body.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A body that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLong,
    Late,
    Broken,
}

impl BodyError {
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLong,
            _ => Self::Broken,
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::TooLong => "the body is too long",
            Self::Late => "the body did not arrive in time",
            Self::Broken => "the body cannot be read",
        }
    }
}

/// Reads the whole body of a request.
pub(crate) async fn read_body(request: Request) -> Result<Bytes, BodyError> {
    let read = timeout(BODY_WITHIN, Bytes::from_request(request, &())).await;
    let read = read.map_err(|_elapsed| BodyError::Late)?;
    read.map_err(|rejection| BodyError::of(rejection.status()))
}

/// Reads the body of a request as a form.
pub(crate) async fn read_form<T: DeserializeOwned>(request: Request) -> Result<T, BodyError> {
    let read = timeout(BODY_WITHIN, Form::from_request(request, &())).await;
    let read = read.map_err(|_elapsed| BodyError::Late)?;
    read.map(|Form(form)| form).map_err(|rejection| BodyError::of(rejection.status()))
}
