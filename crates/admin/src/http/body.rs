//! The body of a request: how it is read, and how much of it.

use core::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::http::unread::Unread;

/// Longest body of a request, in bytes. Bodies here are small objects.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Longest body of a batch, in bytes: twenty requests of moderate length.
pub(crate) const BATCH_BYTES_MAX: usize = 512 * 1024;

/// How long a client may take to send a body.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A body that is no good.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Too long.
    #[error("the body is longer than {} bytes", BODY_BYTES_MAX)]
    TooLong,
    /// Late.
    #[error("the body did not arrive in time")]
    Deadline,
    /// Cut short.
    #[error("the body broke off")]
    Broken,
    /// No JSON object.
    #[error("the body is not a JSON object: look at line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A member of the wrong type, or out of its range.
    #[error("{member} has to be {wanted}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// A member that cannot be written.
    #[error("{0} cannot be written: managedDeviceName, notes and managedDeviceOwnerType can")]
    ReadOnly(&'static str),
    /// A member nothing is called like.
    #[error("a member of the body is no property of managedDevice")]
    NoSuchMember,
    /// A lost device would tell nobody whom to call.
    #[error(
        "message or phoneNumber is needed: without them nobody knows where to bring the device"
    )]
    NothingToShow,
}

/// Reads the body of a request.
///
/// # Errors
/// [`BodyError`] if it is too long, late, or breaks off.
pub(crate) async fn read(request: Request) -> Result<Bytes, BodyError> {
    let body = read_batch(request).await?;
    if body.len() > BODY_BYTES_MAX { Err(BodyError::TooLong) } else { Ok(body) }
}

/// Reads the body of a batch, which may be longer.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_batch(request: Request) -> Result<Bytes, BodyError> {
    timeout(BODY_WITHIN, Bytes::from_request(Unread::give_back(request), &()))
        .await
        .map_err(|_elapsed| BodyError::Deadline)?
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => BodyError::TooLong,
            _ => BodyError::Broken,
        })
}

/// Reads an object; a body of nothing is an empty one. The parser goes 128 levels deep at most.
///
/// # Errors
/// [`BodyError::NotJson`] if it is no object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, BodyError> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    // Only the place is told: the parser's own words repeat values, which may be secrets.
    serde_json::from_slice(body)
        .map_err(|error| BodyError::NotJson { line: error.line(), column: error.column() })
}

/// Reads the parameters of an action. As an object, but null is none of them, too: the JavaScript
/// client sends it for `post(null)`.
///
/// # Errors
/// As [`object`].
pub(crate) fn parameters(body: &[u8]) -> Result<Map<String, Value>, BodyError> {
    if body.trim_ascii() == b"null" { Ok(Map::new()) } else { object(body) }
}

/// Reads a member that is true or false; absent and null mean false.
///
/// # Errors
/// [`BodyError::Member`] if it is something else.
pub(crate) fn flag(members: &Map<String, Value>, member: &'static str) -> Result<bool, BodyError> {
    match members.get(member) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(set)) => Ok(*set),
        Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            Err(BodyError::Member { member, wanted: "true or false" })
        }
    }
}

/// Reads a member that is text. Absent and null mean the same.
///
/// # Errors
/// [`BodyError::Member`] if it is something else.
pub(crate) fn text<'a>(
    members: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, BodyError> {
    match members.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(BodyError::Member { member, wanted: "text" })
        }
    }
}

/// A text of limited length; absent and null mean the same.
///
/// # Errors
/// [`BodyError::Member`] if it is no text or too long.
pub(crate) fn short_text(
    members: &Map<String, Value>,
    member: &'static str,
    chars_max: usize,
) -> Result<Option<String>, BodyError> {
    let text = text(members, member)?;
    match text {
        Some(text) if text.chars().count() > chars_max => {
            Err(BodyError::Member { member, wanted: "a shorter text" })
        }
        Some(_) | None => Ok(text.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_an_empty_object_and_null_stands_for_no_parameters() {
        for body in [&b""[..], b" \r\n", b"{}"] {
            assert!(object(body).unwrap().is_empty(), "{body:?}");
            assert!(parameters(body).unwrap().is_empty(), "{body:?}");
        }
        for body in [&b"null"[..], b" null\n"] {
            assert!(parameters(body).unwrap().is_empty(), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        for body in [&b"null"[..], b"[]", b"\"wipe\"", b"0", b"nul", b"null null", b"{"] {
            assert!(matches!(object(body), Err(BodyError::NotJson { line: 1, .. })), "{body:?}");
        }
        assert!(parameters(b"[]").is_err());
    }
}
