//! The body of an action: what it may say, and what is not served yet.

use core::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use muster_control::{Action, ActionKind};
use serde_json::{Map, Value};
use tokio::time::timeout;

/// How long a client may take to send a body.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A body that is no good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is longer than {} bytes", crate::router::BODY_BYTES_MAX)]
    TooLong,
    #[error("the body did not arrive in time")]
    Deadline,
    #[error("the body broke off")]
    Broken,
    #[error("the body is not a JSON object: look at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("{member} has to be {wanted}")]
    Member { member: &'static str, wanted: &'static str },
    #[error(
        "{0}:true is not supported yet: a wipe here keeps nothing of the enrolment or the user"
    )]
    NotSupported(&'static str),
}

/// Reads the action from its name and the body of its request.
///
/// Clients send no body, an empty one with a JSON content type, or an object, so the content
/// type is not looked at.
///
/// # Errors
/// [`BodyError`] if the body is too long or late, is no JSON object, or asks for what is not
/// served.
pub(crate) async fn read_action(kind: ActionKind, request: Request) -> Result<Action, BodyError> {
    let body = timeout(BODY_WITHIN, Bytes::from_request(request, &()))
        .await
        .map_err(|_elapsed| BodyError::Deadline)?
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => BodyError::TooLong,
            _ => BodyError::Broken,
        })?;
    parse_action(kind, &body)
}

fn parse_action(kind: ActionKind, body: &[u8]) -> Result<Action, BodyError> {
    let members = parse_members(body)?;
    Ok(match kind {
        ActionKind::Wipe => parse_wipe(&members)?,
        ActionKind::Retire => Action::Retire,
        ActionKind::ResetPasscode => Action::ResetPasscode,
        ActionKind::RemoteLock => Action::RemoteLock,
        ActionKind::SyncDevice => Action::SyncDevice,
        ActionKind::BypassActivationLock => Action::BypassActivationLock,
    })
}

fn parse_members(body: &[u8]) -> Result<Map<String, Value>, BodyError> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    // Only the place is told: the parser's own words repeat values, which may be secrets.
    serde_json::from_slice(body)
        .map_err(|error| BodyError::NotJson { line: error.line(), column: error.column() })
}

/// Reads the parameters of a wipe. Absent and null mean the same, unknown members nothing.
///
/// The unlock code is for macOS, of which there are no devices here: checked and not used.
///
/// Source: Microsoft Graph v1.0, action `wipe` of `managedDevice`.
fn parse_wipe(members: &Map<String, Value>) -> Result<Action, BodyError> {
    text_or_nothing(members, "macOsUnlockCode")?;
    for kept in ["keepEnrollmentData", "keepUserData"] {
        if flag(members, kept)? {
            return Err(BodyError::NotSupported(kept));
        }
    }
    Ok(Action::Wipe { persist_esim_data_plan: flag(members, "persistEsimDataPlan")? })
}

fn flag(members: &Map<String, Value>, member: &'static str) -> Result<bool, BodyError> {
    match members.get(member) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(set)) => Ok(*set),
        Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            Err(BodyError::Member { member, wanted: "true or false" })
        }
    }
}

fn text_or_nothing(members: &Map<String, Value>, member: &'static str) -> Result<(), BodyError> {
    match members.get(member) {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(BodyError::Member { member, wanted: "text" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wipe(body: &str) -> Result<Action, BodyError> {
        parse_action(ActionKind::Wipe, body.as_bytes())
    }

    #[test]
    fn a_missing_body_is_a_wipe_with_nothing_kept() {
        let plain = Action::Wipe { persist_esim_data_plan: false };
        for body in ["", " \r\n", "{}", r#"{"keepUserData":null,"x":[1]}"#] {
            assert_eq!(wipe(body).expect(body), plain);
        }
    }

    #[test]
    fn the_data_plan_is_kept_on_request() {
        let body = r#"{"keepEnrollmentData":false,"keepUserData":false,"persistEsimDataPlan":true,
                       "macOsUnlockCode":"123456"}"#;
        assert_eq!(wipe(body).expect(body), Action::Wipe { persist_esim_data_plan: true });
    }

    #[test]
    fn what_a_wipe_cannot_keep_is_refused_and_not_lost() {
        for member in ["keepEnrollmentData", "keepUserData"] {
            let refused = wipe(&format!("{{\"{member}\":true}}"));
            assert!(matches!(refused, Err(BodyError::NotSupported(name)) if name == member));
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_refused_for_every_action() {
        for kind in ActionKind::ALL {
            for body in ["{", "[]", "1", "null", "\"x\"", "{}{}"] {
                let refused = parse_action(kind, body.as_bytes());
                assert!(matches!(refused, Err(BodyError::NotJson { .. })), "{kind:?} {body}");
            }
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named_and_its_value_not_repeated() {
        for (body, reason) in [
            (r#"{"persistEsimDataPlan":"yes"}"#, "persistEsimDataPlan has to be true or false"),
            (r#"{"macOsUnlockCode":271828}"#, "macOsUnlockCode has to be text"),
            ("271828", "the body is not a JSON object: look at line 1, column 6"),
        ] {
            assert_eq!(wipe(body).expect_err(body).to_string(), reason);
        }
    }
}
