//! Every way a request can fail, and how Graph says so.

use core::time::Duration;

use axum::http::StatusCode;
use muster_control::CapabilityRefusal;
use uuid::Uuid;

use crate::backend::{BackendError, SubmitError};
use crate::http::batch::BatchError;
use crate::http::body::BodyError;
use crate::identity::auth::AuthError;
use crate::odata::query::QueryError;
use crate::operate::OperateError;
use crate::operate::faults::Injected;
use crate::operation::path::{PathError, Verbs};
use crate::rbac::roles::RoleRefusal;
use crate::rbac::scope::ScopeRefusal;
use crate::resources::approvals::ApprovalError;
use crate::resources::policies::fault::PolicyFault;

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
    #[error(transparent)]
    Scope(#[from] ScopeRefusal),
    #[error(transparent)]
    Role(#[from] RoleRefusal),
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    #[error("{0}: see docs/graph-parity.md for what is served")]
    NotServed(&'static str),
    #[error("{0}")]
    RuledOut(&'static str),
    #[error(transparent)]
    Operate(#[from] OperateError),
    #[error("a fault that POST /_muster/faults asked for")]
    Injected(Injected),
    #[error("more requests than the service allows in 20 seconds")]
    Throttled { retry_after: Duration },
    #[error("no device has this id")]
    UnknownDevice,
    #[error("no {0} has this id")]
    Unknown(&'static str),
    #[error("/me request is only valid with delegated authentication flow.")]
    NobodySignedIn,
    #[error("the device is no longer enrolled; its earlier results can still be read")]
    NotEnrolled,
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Policy(#[from] PolicyFault),
    #[error(transparent)]
    Batch(#[from] BatchError),
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MessageStyle {
    Plain,
    /// With the little that Intune says before its ids.
    Nested(String),
}

/// What Intune says of nearly everything.
const SAID: &str = "An error has occurred";

impl ApiError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Auth(_) => StatusCode::UNAUTHORIZED,
            Self::Scope(_) | Self::Role(_) => StatusCode::FORBIDDEN,
            Self::NotServed(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Batch(error) => error.status(),
            Self::Approval(error) => error.status(),
            Self::Operate(error) => error.status(),
            Self::Injected(injected) => injected.status,
            Self::Path(_) | Self::UnknownDevice | Self::Unknown(_) | Self::NotEnrolled => {
                StatusCode::NOT_FOUND
            }
            Self::Verb { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Body(BodyError::TooLong) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Deadline) => StatusCode::REQUEST_TIMEOUT,
            Self::Query(_)
            | Self::Body(_)
            | Self::Policy(_)
            | Self::NobodySignedIn
            | Self::Capability(_)
            | Self::RuledOut(_) => StatusCode::BAD_REQUEST,
            Self::QueueFull { .. } | Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
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
            Self::Scope(_) | Self::Role(_) => "Forbidden",
            Self::NotServed(_) => "NotImplemented",
            Self::Batch(error) => error.code(),
            Self::Approval(error) => error.code(),
            Self::Operate(error) => error.code(),
            Self::Injected(injected) => injected.code(),
            Self::Path(_) | Self::UnknownDevice | Self::Unknown(_) | Self::NotEnrolled => {
                "ResourceNotFound"
            }
            Self::Verb { .. } => "MethodNotAllowed",
            Self::Body(BodyError::TooLong) => "RequestEntityTooLarge",
            Self::Body(BodyError::Deadline) => "RequestTimeout",
            Self::Query(_)
            | Self::Body(_)
            | Self::Policy(_)
            | Self::NobodySignedIn
            | Self::Capability(_)
            | Self::RuledOut(_) => "BadRequest",
            Self::QueueFull { .. } | Self::Throttled { .. } => "TooManyRequests",
            Self::ShuttingDown | Self::Read(_) | Self::Store(_) => "ServiceUnavailable",
            Self::ReadDeadline => "GatewayTimeout",
            Self::SubmitDeadline => "InternalServerError",
        }
    }

    pub(crate) fn style(&self) -> MessageStyle {
        let nested = || MessageStyle::Nested(SAID.to_owned());
        match self {
            Self::Scope(refusal) => MessageStyle::Nested(refusal.to_string()),
            Self::UnknownDevice
            | Self::Unknown(_)
            | Self::NotEnrolled
            | Self::Query(_)
            | Self::Policy(_)
            | Self::Capability(_)
            | Self::RuledOut(_)
            | Self::Role(_)
            | Self::Path(PathError::Key) => nested(),
            Self::Body(BodyError::TooLong | BodyError::Deadline)
            | Self::NobodySignedIn
            | Self::Path(PathError::Segment(_))
            | Self::Auth(_)
            | Self::Verb { .. }
            | Self::NotServed(_)
            | Self::Batch(_)
            | Self::Approval(_)
            | Self::Operate(_)
            | Self::Injected(_)
            | Self::QueueFull { .. }
            | Self::Throttled { .. }
            | Self::ShuttingDown
            | Self::Read(_)
            | Self::Store(_)
            | Self::ReadDeadline
            | Self::SubmitDeadline => MessageStyle::Plain,
            Self::Body(_) => nested(),
        }
    }

    /// A message that says no more than the status does, as the service would.
    pub(crate) fn bare_message(&self) -> String {
        let spoken = match self {
            Self::Auth(_)
            | Self::Path(_)
            | Self::Approval(_)
            | Self::Operate(_)
            | Self::NobodySignedIn => return self.to_string(),
            Self::Verb { .. } => "The OData request is not supported.",
            Self::QueueFull { .. } | Self::Throttled { .. } => "Too many requests.",
            Self::ShuttingDown
            | Self::Read(_)
            | Self::Store(_)
            | Self::ReadDeadline
            | Self::SubmitDeadline
            | Self::NotServed(_)
            | Self::Scope(_)
            | Self::Role(_)
            | Self::RuledOut(_)
            | Self::Batch(_)
            | Self::Injected(_)
            | Self::UnknownDevice
            | Self::Unknown(_)
            | Self::NotEnrolled
            | Self::Query(_)
            | Self::Body(_)
            | Self::Policy(_)
            | Self::Capability(_) => self.status().canonical_reason().unwrap_or(SAID),
        };
        spoken.to_owned()
    }

    /// The code of the approval request that goes with it.
    pub(crate) const fn approval_code(&self) -> Option<Uuid> {
        if let Self::Approval(error) = self { error.request() } else { None }
    }

    /// When asking again makes sense, if it does.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QueueFull { retry_after } | Self::Throttled { retry_after } => Some(*retry_after),
            Self::Injected(injected) => injected.retry_after,
            Self::ShuttingDown
            | Self::Read(_)
            | Self::Store(_)
            | Self::ReadDeadline
            | Self::Operate(OperateError::Busy) => Some(RETRY_AFTER_UNAVAILABLE),
            Self::Auth(_)
            | Self::Path(_)
            | Self::Verb { .. }
            | Self::UnknownDevice
            | Self::Unknown(_)
            | Self::NobodySignedIn
            | Self::NotEnrolled
            | Self::Query(_)
            | Self::Body(_)
            | Self::Policy(_)
            | Self::Capability(_)
            | Self::Scope(_)
            | Self::Role(_)
            | Self::NotServed(_)
            | Self::RuledOut(_)
            | Self::Batch(_)
            | Self::Approval(_)
            | Self::Operate(_)
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
