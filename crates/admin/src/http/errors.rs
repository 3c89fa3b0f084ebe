//! Every way a request can fail, and how Graph says so.

use core::time::Duration;

use axum::http::StatusCode;
use muster_control::CapabilityRefusal;

use crate::backend::{BackendError, SubmitError};
use crate::devices::actions::BodyError;
use crate::identity::auth::AuthError;
use crate::odata::query::QueryError;
use crate::operation::path::{PathError, Verbs};

/// When a client should come back after the server could not serve it.
pub(crate) const RETRY_AFTER_UNAVAILABLE: Duration = Duration::from_secs(5);

/// Why a request got no answer. Its text is the reason told to the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("this path answers {} only", allowed.allow())]
    Verb { allowed: Verbs },
    #[error("no device has this id")]
    UnknownDevice,
    #[error("the device is no longer enrolled; its earlier results can still be read")]
    NotEnrolled,
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Capability(CapabilityRefusal),
    #[error("the command queue of the device is full")]
    QueueFull { retry_after: Duration },
    #[error("the server is shutting down")]
    ShuttingDown,
    #[error("device records cannot be read at the moment")]
    Read(#[from] BackendError),
    #[error("the command could not be stored; nothing was taken")]
    Store(#[source] SubmitError),
    #[error("device records could not be read in time")]
    ReadDeadline,
    #[error(
        "nobody knows yet whether the action was taken; read deviceActionResults before asking again"
    )]
    SubmitDeadline,
}

/// How the `message` member is written.
///
/// Source: answers of the real service in public issues: what Intune itself refuses arrives as a
/// JSON text inside the message, what Graph refuses before it as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageStyle {
    Plain,
    Nested,
}

impl ApiError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Auth(_) => StatusCode::UNAUTHORIZED,
            Self::Path(_) | Self::UnknownDevice | Self::NotEnrolled => StatusCode::NOT_FOUND,
            Self::Verb { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Body(BodyError::TooLong) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Deadline) => StatusCode::REQUEST_TIMEOUT,
            Self::Query(_) | Self::Body(_) | Self::Capability(_) => StatusCode::BAD_REQUEST,
            Self::QueueFull { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::ShuttingDown | Self::Read(_) | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::ReadDeadline => StatusCode::GATEWAY_TIMEOUT,
            // The SDKs of Graph send a POST again after 503 and 504; after 500 they do not.
            Self::SubmitDeadline => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Graph's word for the failure.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Auth(_) => "InvalidAuthenticationToken",
            Self::Path(_) | Self::UnknownDevice | Self::NotEnrolled => "ResourceNotFound",
            Self::Verb { .. } => "MethodNotAllowed",
            Self::Body(BodyError::TooLong) => "RequestEntityTooLarge",
            Self::Body(BodyError::Deadline) => "RequestTimeout",
            Self::Query(_) | Self::Body(_) | Self::Capability(_) => "BadRequest",
            Self::QueueFull { .. } => "TooManyRequests",
            Self::ShuttingDown | Self::Read(_) | Self::Store(_) => "ServiceUnavailable",
            Self::ReadDeadline => "GatewayTimeout",
            Self::SubmitDeadline => "InternalServerError",
        }
    }

    pub(crate) const fn style(&self) -> MessageStyle {
        match self {
            Self::UnknownDevice | Self::NotEnrolled | Self::Query(_) | Self::Capability(_) => {
                MessageStyle::Nested
            }
            Self::Body(
                BodyError::NotJson { .. }
                | BodyError::Member { .. }
                | BodyError::Broken
                | BodyError::NothingToShow,
            ) => MessageStyle::Nested,
            Self::Path(PathError::Key) => MessageStyle::Nested,
            Self::Path(PathError::Segment(_))
            | Self::Body(BodyError::TooLong | BodyError::Deadline)
            | Self::Auth(_)
            | Self::Verb { .. }
            | Self::QueueFull { .. }
            | Self::ShuttingDown
            | Self::Read(_)
            | Self::Store(_)
            | Self::ReadDeadline
            | Self::SubmitDeadline => MessageStyle::Plain,
        }
    }

    /// When asking again makes sense, if it does.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QueueFull { retry_after } => Some(*retry_after),
            Self::ShuttingDown | Self::Read(_) | Self::Store(_) | Self::ReadDeadline => {
                Some(RETRY_AFTER_UNAVAILABLE)
            }
            Self::Auth(_)
            | Self::Path(_)
            | Self::Verb { .. }
            | Self::UnknownDevice
            | Self::NotEnrolled
            | Self::Query(_)
            | Self::Body(_)
            | Self::Capability(_)
            | Self::SubmitDeadline => None,
        }
    }
}

/// The HTTP status of an action that was not taken.
#[must_use]
pub fn refusal_status(error: SubmitError) -> u16 {
    ApiError::from(error).status().as_u16()
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::UnknownDevice => Self::UnknownDevice,
            SubmitError::NotEnrolled => Self::NotEnrolled,
            SubmitError::Capability(refusal) => Self::Capability(refusal),
            SubmitError::QueueFull { retry_after } => Self::QueueFull { retry_after },
            SubmitError::ShuttingDown => Self::ShuttingDown,
            SubmitError::Unavailable(_) => Self::Store(error),
        }
    }
}
