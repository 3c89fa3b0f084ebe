//! Why an operation was not done, or an approval not given.

use axum::http::StatusCode;
use uuid::Uuid;

use super::header::HeaderFault;
use super::request::Status;

/// Why not. Its text is what the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApprovalError {
    #[error("Header 'x-msft-approval-justification' is required to request approval.")]
    HeaderRequired,
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// Asked for now, or before and not decided yet.
    #[error(
        "Approval Required. Request Approval using the request ID returned as part of the \
         x-msft-approval-code response header. x-msft-approval-code: {0}"
    )]
    Required(Uuid),
    #[error("An active Approval Request already exists: {0}")]
    AlreadyAsked(Uuid),
    #[error("no approval request has this code")]
    NoSuchCode,
    #[error("the approval is of another operation, of another object, or of another body")]
    OtherOperation,
    #[error("the approval was asked for by somebody else")]
    OtherRequestor,
    #[error("an operation with this code is just being carried out")]
    InUse,
    #[error("the approval request is {}", .0.name())]
    Status(Status),
    #[error("applications cannot decide on approval requests; an administrator has to sign in")]
    OnlyPeople,
    #[error("nobody decides on an approval request of their own")]
    Own,
    #[error("only members of the approver groups of the access policy decide")]
    NotAnApprover,
    #[error("only whoever asked for an approval can take the request back")]
    NotYours,
    #[error("too many approval requests are open")]
    TooMany,
}

impl ApprovalError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::HeaderRequired
            | Self::Required(_)
            | Self::OtherRequestor
            | Self::OnlyPeople
            | Self::Own
            | Self::NotAnApprover
            | Self::NotYours => StatusCode::FORBIDDEN,
            Self::Header(_) | Self::NoSuchCode | Self::OtherOperation | Self::TooMany => {
                StatusCode::BAD_REQUEST
            }
            Self::AlreadyAsked(_) | Self::InUse | Self::Status(_) => StatusCode::CONFLICT,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Required(_) => "ApprovalRequired",
            Self::HeaderRequired
            | Self::OtherRequestor
            | Self::OnlyPeople
            | Self::Own
            | Self::NotAnApprover
            | Self::NotYours => "Forbidden",
            Self::Header(_) | Self::NoSuchCode | Self::OtherOperation | Self::TooMany => {
                "BadRequest"
            }
            Self::AlreadyAsked(_) | Self::InUse | Self::Status(_) => "Conflict",
        }
    }

    /// The code that goes with it.
    pub(crate) const fn request(&self) -> Option<Uuid> {
        match self {
            Self::Required(id) | Self::AlreadyAsked(id) => Some(*id),
            Self::HeaderRequired
            | Self::Header(_)
            | Self::NoSuchCode
            | Self::OtherOperation
            | Self::OtherRequestor
            | Self::InUse
            | Self::Status(_)
            | Self::OnlyPeople
            | Self::Own
            | Self::NotAnApprover
            | Self::NotYours
            | Self::TooMany => None,
        }
    }
}
