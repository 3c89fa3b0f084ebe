//! What can be wrong with a request about the server itself.

use axum::http::StatusCode;

/// Why such a request got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OperateError {
    #[error("below /_muster are health, state, reset, faults and openapi.json")]
    Unknown,
    #[error("only the token of the data folder (admin-token) operates the server")]
    NotTheFolder,
    #[error("the state is longer than {bytes_max} bytes; name fewer kinds, as in ?kinds={kinds}")]
    TooLarge { bytes_max: usize, kinds: String },
    #[error("more than {0} documents would have to go; POST /_muster/reset first")]
    TooMany(usize),
    #[error("the state cannot be taken: {0}")]
    State(String),
    #[error("kinds: {0}")]
    Kinds(String),
    #[error("the faults cannot be taken: {0}")]
    Faults(String),
    #[error("requests under way did not end in time; nothing was done")]
    Busy,
    #[error("nobody knows yet whether the state was taken; read it before sending it again")]
    Unclear,
}

impl OperateError {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::NotTheFolder => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::CONFLICT,
            Self::State(_) | Self::Kinds(_) | Self::Faults(_) => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unclear => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "ResourceNotFound",
            Self::NotTheFolder => "Forbidden",
            Self::TooLarge { .. } => "RequestEntityTooLarge",
            Self::TooMany(_) => "Conflict",
            Self::State(_) | Self::Kinds(_) | Self::Faults(_) => "BadRequest",
            Self::Busy => "ServiceUnavailable",
            Self::Unclear => "InternalServerError",
        }
    }
}
