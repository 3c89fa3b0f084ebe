//! The body of an action: what it may say.

use core::ops::RangeInclusive;

use axum::extract::Request;
use muster_control::{Action, ActionKind};
use serde_json::{Map, Value};

use crate::http::body::{BodyError, flag, parameters, read, text};

/// Longest text a lost device shows, in bytes.
const SHOWN_BYTES_MAX: usize = 1024;

/// Longest name of a device, in bytes, and what that is called: a decision, for the service says
/// nothing of phones and tablets.
const NAME: (usize, &str) = (255, "text of 1 to 255 bytes");

/// Longest name of an account: as long as the wire carries it.
const ACCOUNT: (usize, &str) = (1024, "text of 1 to 1024 bytes");

/// How long a lost device may play its sound, in minutes; the longest if nothing is said.
const SOUND_MINUTES: RangeInclusive<u8> = 1..=5;

/// Reads the action from its name and the body of its request.
///
/// Clients send no body, an empty one with a JSON content type, or an object, so the content
/// type is not looked at.
///
/// # Errors
/// [`BodyError`] if the body is too long or late, is no JSON object, or a member of it is wrong.
pub(crate) async fn read_action(kind: ActionKind, request: Request) -> Result<Action, BodyError> {
    parse_action(kind, &read(request).await?)
}

/// Reads an action from its name and a body that has arrived.
///
/// # Errors
/// [`BodyError`] if the body is no JSON object or a member of it is wrong.
pub fn parse_action(kind: ActionKind, body: &[u8]) -> Result<Action, BodyError> {
    let members = parameters(body)?;
    Ok(match kind {
        ActionKind::Wipe => parse_wipe(&members)?,
        ActionKind::Retire => Action::Retire,
        ActionKind::ResetPasscode => Action::ResetPasscode,
        ActionKind::RemoteLock => Action::RemoteLock,
        ActionKind::SyncDevice => Action::SyncDevice,
        ActionKind::BypassActivationLock => Action::BypassActivationLock,
        ActionKind::RebootNow => Action::RebootNow,
        ActionKind::ShutDown => Action::ShutDown,
        ActionKind::EnableLostMode => parse_lost_mode(&members)?,
        ActionKind::DisableLostMode => Action::DisableLostMode,
        ActionKind::LocateDevice => Action::LocateDevice,
        ActionKind::PlayLostModeSound => {
            Action::PlayLostModeSound { duration_minutes: minutes(&members, "durationInMinutes")? }
        }
        ActionKind::Delete => Action::Delete,
        ActionKind::DeviceConfigured => Action::DeviceConfigured,
        ActionKind::SetDeviceName => {
            Action::SetDeviceName { device_name: said(&members, "deviceName", NAME)? }
        }
        ActionKind::LogoutSharedAppleDeviceActiveUser => Action::LogoutSharedAppleDeviceActiveUser,
        ActionKind::DeleteUserFromSharedAppleDevice => Action::DeleteUserFromSharedAppleDevice {
            user_principal_name: said(&members, "userPrincipalName", ACCOUNT)?,
        },
    })
}

/// Reads the parameters of a wipe. Absent and null mean the same, unknown members nothing.
///
/// The unlock code is for macOS and the user's data for Windows, of which there are no devices
/// here: checked and not used, as the service does on other platforms.
///
/// Source: Microsoft Graph v1.0, action `wipe` of `managedDevice`.
fn parse_wipe(members: &Map<String, Value>) -> Result<Action, BodyError> {
    text(members, "macOsUnlockCode")?;
    flag(members, "keepUserData")?;
    Ok(Action::Wipe {
        persist_esim_data_plan: flag(members, "persistEsimDataPlan")?,
        keep_enrollment_data: flag(members, "keepEnrollmentData")?,
    })
}

/// Reads what the lost device shows. An empty text means the same as none.
///
/// Source: Microsoft Graph beta, action `enableLostMode`; Apple, EnableLostMode: a message or a
/// phone number has to be there.
fn parse_lost_mode(members: &Map<String, Value>) -> Result<Action, BodyError> {
    let message = shown(members, "message")?;
    let phone_number = shown(members, "phoneNumber")?;
    if message.is_none() && phone_number.is_none() {
        return Err(BodyError::NothingToShow);
    }
    Ok(Action::EnableLostMode { message, phone_number, footer: shown(members, "footer")? })
}

/// A text for the lock screen, as long as the wire carries it.
///
/// Source: REQ-LIMIT-001 (docs/protocol/limits.md).
fn shown(members: &Map<String, Value>, member: &'static str) -> Result<Option<String>, BodyError> {
    match text(members, member)? {
        Some(text) if text.len() > SHOWN_BYTES_MAX => {
            Err(BodyError::Member { member, wanted: "text of at most 1024 bytes" })
        }
        text => Ok(text.filter(|text| !text.is_empty()).map(str::to_owned)),
    }
}

/// A text that has to be there.
fn said(
    members: &Map<String, Value>,
    member: &'static str,
    (bytes_max, wanted): (usize, &'static str),
) -> Result<String, BodyError> {
    let text = text(members, member)?.filter(|text| (1..=bytes_max).contains(&text.len()));
    text.map(str::to_owned).ok_or(BodyError::Member { member, wanted })
}

/// Reads a number of minutes, which Graph writes as text and some clients as a number.
fn minutes(members: &Map<String, Value>, member: &'static str) -> Result<u8, BodyError> {
    let read = match members.get(member) {
        None | Some(Value::Null) => return Ok(*SOUND_MINUTES.end()),
        Some(Value::Number(number)) => number.as_u64().and_then(|number| number.try_into().ok()),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    read.filter(|minutes| SOUND_MINUTES.contains(minutes))
        .ok_or(BodyError::Member { member, wanted: "a whole number from 1 to 5" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wipe(body: &str) -> Result<Action, BodyError> {
        parse_action(ActionKind::Wipe, body.as_bytes())
    }

    #[test]
    fn a_missing_body_is_a_wipe_with_nothing_kept() {
        let plain = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };
        for body in ["", " \r\n", "{}", r#"{"keepUserData":null,"x":[1]}"#] {
            assert_eq!(wipe(body).expect(body), plain);
        }
    }

    #[test]
    fn the_data_plan_is_kept_on_request() {
        let body = r#"{"keepEnrollmentData":false,"keepUserData":false,"persistEsimDataPlan":true,
                       "macOsUnlockCode":"123456"}"#;
        let kept = Action::Wipe { persist_esim_data_plan: true, keep_enrollment_data: false };
        assert_eq!(wipe(body).expect(body), kept);
    }

    #[test]
    fn the_enrolment_is_kept_on_request_and_user_data_are_a_matter_of_windows() {
        let body = r#"{"keepEnrollmentData":true,"keepUserData":true}"#;
        let kept = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: true };
        assert_eq!(wipe(body).expect(body), kept);
    }

    fn lost(body: &str) -> Result<Action, BodyError> {
        parse_action(ActionKind::EnableLostMode, body.as_bytes())
    }

    #[test]
    fn a_lost_device_shows_what_the_body_says() {
        let body = r#"{"message":"please call","phoneNumber":"","footer":"lost","x":1}"#;
        let shown = Action::EnableLostMode {
            message: Some("please call".to_owned()),
            phone_number: None,
            footer: Some("lost".to_owned()),
        };
        assert_eq!(lost(body).expect(body), shown);
        assert!(lost(r#"{"phoneNumber":"555 0100"}"#).is_ok());
    }

    #[test]
    fn a_lost_device_that_would_tell_nobody_whom_to_call_is_refused() {
        for body in ["", "{}", r#"{"footer":"lost"}"#, r#"{"message":"","phoneNumber":null}"#] {
            assert!(matches!(lost(body), Err(BodyError::NothingToShow)), "{body}");
        }
    }

    #[test]
    fn a_text_to_show_has_a_longest_length_in_bytes() {
        let body = |text: &str| format!("{{\"message\":\"{text}\"}}");
        assert!(lost(&body(&"é".repeat(512))).is_ok());
        let refused = lost(&body(&"é".repeat(513))).expect_err("too long");
        assert_eq!(refused.to_string(), "message has to be text of at most 1024 bytes");
    }

    #[test]
    fn a_sound_plays_one_to_five_minutes_written_either_way_and_five_unasked() {
        let sound = |body: &str| parse_action(ActionKind::PlayLostModeSound, body.as_bytes());
        for (body, duration_minutes) in [
            ("", 5),
            (r#"{"durationInMinutes":null}"#, 5),
            (r#"{"durationInMinutes":"1"}"#, 1),
            (r#"{"durationInMinutes":3}"#, 3),
        ] {
            assert_eq!(sound(body).expect(body), Action::PlayLostModeSound { duration_minutes });
        }
        for value in ["0", "6", "\"\"", "\"x\"", "-1", "1.5", "true", "[1]", "999999999999"] {
            let body = format!("{{\"durationInMinutes\":{value}}}");
            let refused = sound(&body).expect_err(&body).to_string();
            assert_eq!(refused, "durationInMinutes has to be a whole number from 1 to 5");
        }
    }

    #[test]
    fn a_name_and_an_account_have_to_be_said() {
        for (kind, member, longest) in [
            (ActionKind::SetDeviceName, "deviceName", 255),
            (ActionKind::DeleteUserFromSharedAppleDevice, "userPrincipalName", 1024),
        ] {
            let parse =
                |value: &str| parse_action(kind, format!("{{\"{member}\":{value}}}").as_bytes());
            assert!(parse(&format!("\"{}\"", "x".repeat(longest))).is_ok(), "{member}");
            for value in ["null", "\"\"", "1", &format!("\"{}\"", "x".repeat(longest + 1))] {
                assert!(matches!(parse(value), Err(BodyError::Member { .. })), "{member} {value}");
            }
            assert!(parse_action(kind, b"").is_err(), "{member}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_refused_for_every_action() {
        for kind in ActionKind::ALL {
            for body in ["{", "[]", "1", "\"x\"", "{}{}"] {
                let refused = parse_action(kind, body.as_bytes());
                assert!(matches!(refused, Err(BodyError::NotJson { .. })), "{kind:?} {body}");
            }
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named_and_its_value_not_repeated() {
        for (body, reason) in [
            (r#"{"persistEsimDataPlan":"yes"}"#, "persistEsimDataPlan has to be true or false"),
            (r#"{"keepUserData":1}"#, "keepUserData has to be true or false"),
            (r#"{"macOsUnlockCode":271828}"#, "macOsUnlockCode has to be text"),
            ("271828", "the body is not a JSON object: look at line 1, column 6"),
        ] {
            assert_eq!(wipe(body).expect_err(body).to_string(), reason);
        }
    }
}
