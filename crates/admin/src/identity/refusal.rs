//! How the token endpoint says no.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::identity::assertion::AssertionFault;
use crate::identity::auth_code::AuthCodeError;
use crate::identity::device_code::CodeError;
use crate::identity::form::FormError;

/// Characters of something unknown that are repeated in an error.
const ECHO_CHARS_MAX: usize = 64;

/// Why somebody gets no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenRefusal {
    #[error(
        "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
    )]
    Tenant(String),
    #[error(
        "No tenant-identifying information found in either the request or implied by any provided credentials."
    )]
    NoTenant,
    #[error("The request is not valid: {0}.")]
    Form(#[from] FormError),
    #[error("The request was not complete in time.")]
    Slow,
    #[error("The request body must contain the following parameter: '{0}'.")]
    Absent(&'static str),
    #[error("The app requested an unsupported grant type '{0}'.")]
    Grant(String),
    #[error(
        "Application with identifier '{0}' was not found in the directory '{1}'. This can happen if the application has not been installed by the administrator of the tenant."
    )]
    Application(String, &'static str),
    #[error(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'."
    )]
    Secret(Uuid),
    #[error(
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."
    )]
    NoCredential,
    #[error(
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    )]
    ConfidentialOnly,
    #[error("{0}")]
    Assertion(#[from] AssertionFault),
    #[error("{0}")]
    AuthCode(#[from] AuthCodeError),
    #[error(
        "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'. Only addresses of the loopback device are."
    )]
    ReplyAddress(String, Uuid),
    #[error("The response mode '{0}' is not supported; use query or form_post.")]
    ResponseMode(String),
    #[error("The response_type '{0}' is not enabled for the application.")]
    ResponseType(String),
    #[error("Proof Key for Code Exchange is required for authorization code redemption.")]
    NoChallenge,
    #[error(
        "The code_challenge has to be the SHA-256 of the verifier in base64url, and code_challenge_method S256."
    )]
    Challenge,
    #[error("A silent sign-in request was sent but no user is signed in.")]
    NobodySignedIn,
    #[error("Too many attempts have failed. Wait before you try again.")]
    TooManyAttempts,
    #[error(
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
    )]
    PublicClient,
    #[error(
        "The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
    )]
    DefaultScopeOnly(String),
    #[error("The provided value for the input parameter 'scope' is not valid: '{0}'.")]
    Scope(String),
    #[error(
        "The resource principal named {0} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant."
    )]
    Resource(String),
    #[error("OAuth 2.0 device flow error. Authorization is pending. Continue polling.")]
    Pending,
    #[error("The end user denied the authorization request.")]
    Declined,
    #[error(
        "The provided value for the input parameter 'device_code' is not valid. This device code has expired."
    )]
    CodeExpired,
    #[error("The provided value for the input parameter 'device_code' is not valid.")]
    CodeUnknown,
    #[error("Too many device codes are open. Try again later.")]
    CodesFull,
    #[error(
        "The user account does not exist in the directory. To sign into this application, the account must be added to the directory."
    )]
    User,
    #[error("Error validating credentials due to invalid username or password.")]
    Password,
    #[error("The provided refresh token is not valid.")]
    RefreshToken,
    #[error("The refresh token has expired due to inactivity.")]
    RefreshTokenExpired,
    #[error("The token could not be signed.")]
    Signing,
}

impl TokenRefusal {
    /// Status, word of OAuth and number of the service.
    ///
    /// Source: RFC 6749, section 5.2; RFC 8628, section 3.5; Microsoft Entra authentication and
    /// authorization error codes.
    const fn parts(&self) -> (StatusCode, &'static str, u32) {
        match self {
            Self::Tenant(_) => (StatusCode::BAD_REQUEST, "invalid_request", 90002),
            Self::NoTenant => (StatusCode::BAD_REQUEST, "invalid_request", 50059),
            Self::Form(FormError::TooLong) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", 90014)
            }
            Self::Form(FormError::TooMany | FormError::Text | FormError::Repeated) => {
                (StatusCode::BAD_REQUEST, "invalid_request", 90014)
            }
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "invalid_request", 90014),
            Self::Absent(_) => (StatusCode::BAD_REQUEST, "invalid_request", 900_144),
            Self::Grant(_) => (StatusCode::BAD_REQUEST, "unsupported_grant_type", 70003),
            Self::Application(..) => (StatusCode::BAD_REQUEST, "unauthorized_client", 700_016),
            Self::Secret(_) => (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_215),
            Self::NoCredential => (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_216),
            Self::ConfidentialOnly => (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_218),
            Self::Assertion(fault) => (StatusCode::UNAUTHORIZED, "invalid_client", fault.number()),
            Self::AuthCode(error) => (StatusCode::BAD_REQUEST, "invalid_grant", error.number()),
            Self::ReplyAddress(..) => (StatusCode::BAD_REQUEST, "invalid_request", 50011),
            Self::ResponseMode(_) => (StatusCode::BAD_REQUEST, "invalid_request", 900_144),
            Self::ResponseType(_) => {
                (StatusCode::BAD_REQUEST, "unsupported_response_type", 700_054)
            }
            Self::NoChallenge => (StatusCode::BAD_REQUEST, "invalid_request", 9_002_325),
            Self::Challenge => (StatusCode::BAD_REQUEST, "invalid_request", 501_491),
            Self::NobodySignedIn => (StatusCode::BAD_REQUEST, "login_required", 50058),
            Self::TooManyAttempts => {
                (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", 90055)
            }
            Self::PublicClient => (StatusCode::UNAUTHORIZED, "invalid_client", 700_025),
            Self::DefaultScopeOnly(_) => (StatusCode::BAD_REQUEST, "invalid_scope", 1_002_012),
            Self::Scope(_) => (StatusCode::BAD_REQUEST, "invalid_scope", 70011),
            Self::Resource(_) => (StatusCode::BAD_REQUEST, "invalid_resource", 500_011),
            Self::Pending => (StatusCode::BAD_REQUEST, "authorization_pending", 70016),
            Self::Declined => (StatusCode::BAD_REQUEST, "authorization_declined", 65004),
            Self::CodeExpired => (StatusCode::BAD_REQUEST, "expired_token", 70020),
            Self::CodeUnknown => (StatusCode::BAD_REQUEST, "bad_verification_code", 70018),
            Self::CodesFull => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", 90033),
            Self::User => (StatusCode::BAD_REQUEST, "invalid_grant", 50034),
            Self::Password => (StatusCode::BAD_REQUEST, "invalid_grant", 50126),
            Self::RefreshToken => (StatusCode::BAD_REQUEST, "invalid_grant", 70000),
            Self::RefreshTokenExpired => (StatusCode::BAD_REQUEST, "invalid_grant", 700_082),
            Self::Signing => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", 90033),
        }
    }

    /// The word of OAuth.
    pub(super) const fn word(&self) -> &'static str {
        self.parts().1
    }

    /// Whether somebody showed what does not open the door.
    pub(super) fn is_wrong_guess(&self) -> bool {
        matches!(
            self,
            Self::Secret(_)
                | Self::Assertion(_)
                | Self::AuthCode(_)
                | Self::CodeUnknown
                | Self::User
                | Self::Password
                | Self::RefreshToken
        )
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// The number of the service, which stands in the body and in logs.
    pub(super) const fn number(&self) -> u32 {
        self.parts().2
    }

    /// The answer of the service.
    pub(super) fn body(&self, trace: Uuid, correlation: Uuid, now: jiff::Timestamp) -> Value {
        let (_status, word, number) = self.parts();
        let timestamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let description = format!(
            "AADSTS{number}: {self} Trace ID: {trace} Correlation ID: {correlation} \
             Timestamp: {timestamp}"
        );
        json!({
            "error": word,
            "error_description": description,
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        })
    }
}

impl From<CodeError> for TokenRefusal {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Unknown => Self::CodeUnknown,
            CodeError::Pending => Self::Pending,
            CodeError::Declined => Self::Declined,
            CodeError::Expired => Self::CodeExpired,
            CodeError::Full => Self::CodesFull,
        }
    }
}

/// The start of something unknown, for an error message.
pub(super) fn echo(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(ECHO_CHARS_MAX).collect()
}
