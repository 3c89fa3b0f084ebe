//! Lost Mode of company-owned devices: locked until its user or its organisation takes it out.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use muster_protocol::{AndroidRequest, DeviceFacts, Mode, Timestamp};
use serde::{Deserialize, Serialize};

use super::api_level::ApiLevel;
use super::command_error::{CommandErrorCode, Refusal, StartLostModeStatus, StopLostModeStatus};

/// How long a reset of the passcode by the organisation keeps a device out of Lost Mode, and how
/// long an exit by its user does.
///
/// Source: Applivery and FileWave, pages on Lost Mode of Android; the status names of the Android
/// Management API only say "recently".
pub(super) const RECENT: Duration = Duration::from_hours(12);

/// Whether the organisation has declared the device lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum LostMode {
    /// Not lost.
    Off {
        /// When the user took the device out of it, if that is how it ended.
        left_at: Option<Timestamp>,
    },
    /// Lost: nobody gets past the lock screen.
    On {
        /// What the lock screen says.
        notice: String,
    },
}

impl Default for LostMode {
    fn default() -> Self {
        Self::Off { left_at: None }
    }
}

impl LostMode {
    pub(super) const fn is_on(&self) -> bool {
        match self {
            Self::On { .. } => true,
            Self::Off { .. } => false,
        }
    }

    /// What the lock screen of a lost device says.
    pub(super) fn notice(&self) -> Option<&String> {
        match self {
            Self::On { notice } => Some(notice),
            Self::Off { .. } => None,
        }
    }

    /// Whether Lost Mode may start, as far as Lost Mode itself is concerned.
    ///
    /// # Errors
    /// A [`Refusal`] with a status of `StartLostModeStatus`.
    pub(super) fn may_start(
        &self,
        passcode_reset_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let is_recent = |at: Option<Timestamp>| at.is_some_and(|at| now.since(at) < RECENT);
        match self {
            Self::On { .. } => Err(ALREADY_LOST),
            Self::Off { .. } if is_recent(passcode_reset_at) => Err(RESET_RECENTLY),
            Self::Off { left_at } if is_recent(*left_at) => Err(LEFT_RECENTLY),
            Self::Off { .. } => Ok(()),
        }
    }

    /// # Errors
    /// A [`Refusal`] if the device is not lost.
    pub(super) const fn may_stop(&self) -> Result<(), Refusal> {
        match self {
            Self::On { .. } => Ok(()),
            Self::Off { .. } => Err(NOT_LOST),
        }
    }
}

/// Whether a device knows Lost Mode at all.
///
/// # Errors
/// A [`Refusal`] if it is not company-owned, has no Google services, or is too old.
///
/// Source: Android Management API, Lost mode, prerequisites.
pub(super) fn knows_lost_mode(facts: &DeviceFacts) -> Result<(), Refusal> {
    let since = match facts.mode {
        Mode::AndroidFullyManaged | Mode::AndroidDedicated => ApiLevel::R,
        Mode::AndroidCorporateOwnedWorkProfile => ApiLevel::TIRAMISU,
        Mode::AndroidDeviceAdministrator
        | Mode::AndroidPersonallyOwnedWorkProfile
        | Mode::AospUserAssociated
        | Mode::AospUserless
        | Mode::AppleDevice
        | Mode::AppleDeviceSupervised
        | Mode::AppleAutomatedDevice
        | Mode::AppleUser
        | Mode::AppleAccountDrivenDevice
        | Mode::AppleAccountDrivenUser
        | Mode::AppleSharedIpad => return Err(NOT_COMPANY_OWNED),
    };
    if ApiLevel::of(facts.os_version) < since { Err(TOO_OLD) } else { Ok(()) }
}

/// What the lock screen will say: all texts given.
///
/// # Errors
/// A [`Refusal`] if there is none.
///
/// Source: `StartLostModeParams`, Android Management API.
pub(super) fn notice(request: &AndroidRequest) -> Result<String, Refusal> {
    let texts: Vec<&str> = texts(request).into_iter().flatten().map(String::as_str).collect();
    let said: Vec<&str> = texts.into_iter().filter(|text| !text.trim().is_empty()).collect();
    if said.is_empty() { Err(SPEECHLESS) } else { Ok(said.join(", ")) }
}

const fn texts(request: &AndroidRequest) -> [&Option<String>; 4] {
    match request {
        AndroidRequest::StartLostMode { message, phone_number, email_address, street_address } => {
            [message, phone_number, email_address, street_address]
        }
        AndroidRequest::Wipe { .. }
        | AndroidRequest::ResetPassword { .. }
        | AndroidRequest::Lock
        | AndroidRequest::RequestDeviceInfo
        | AndroidRequest::RelinquishOwnership
        | AndroidRequest::Reboot
        | AndroidRequest::StopLostMode
        | AndroidRequest::ClearAppData { .. }
        | AndroidRequest::LocateDevice
        | AndroidRequest::PlayLostModeSound { .. }
        | AndroidRequest::SetDeviceName { .. } => [&None; 4],
    }
}

const NOT_COMPANY_OWNED: Refusal = Refusal::new(
    CommandErrorCode::ManagementMode,
    "Lost Mode is for company-owned devices under Android Enterprise",
);
const TOO_OLD: Refusal = Refusal::new(
    CommandErrorCode::ApiLevel,
    "Lost Mode needs Android 11, and 13 with a work profile",
);
const SPEECHLESS: Refusal = Refusal::new(
    CommandErrorCode::InvalidValue,
    "a message, phone number, email address or street address is needed",
);
const ALREADY_LOST: Refusal = Refusal::start_lost_mode(
    StartLostModeStatus::AlreadyInLostMode,
    "the device is in Lost Mode already",
);
const RESET_RECENTLY: Refusal = Refusal::start_lost_mode(
    StartLostModeStatus::ResetPasswordRecently,
    "the passcode was reset in the last twelve hours",
);
const LEFT_RECENTLY: Refusal = Refusal::start_lost_mode(
    StartLostModeStatus::UserExitLostModeRecently,
    "the user left Lost Mode in the last twelve hours",
);
const NOT_LOST: Refusal =
    Refusal::stop_lost_mode(StopLostModeStatus::NotInLostMode, "the device is not in Lost Mode");

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000;

    fn hours(hours: u64) -> Timestamp {
        Timestamp::from_micros(hours * HOUR)
    }

    #[test]
    fn a_reset_or_an_exit_keeps_a_device_out_of_lost_mode_for_twelve_hours() {
        let left = LostMode::Off { left_at: Some(hours(100)) };
        let never = LostMode::default();
        for (now, is_recent) in [(100, true), (111, true), (112, false), (500, false)] {
            let reset = never.may_start(Some(hours(100)), hours(now));
            assert_eq!(reset, if is_recent { Err(RESET_RECENTLY) } else { Ok(()) });
            let exit = left.may_start(None, hours(now));
            assert_eq!(exit, if is_recent { Err(LEFT_RECENTLY) } else { Ok(()) });
        }
        assert_eq!(never.may_start(None, hours(0)), Ok(()), "a new device is never recent");
    }

    #[test]
    fn a_text_of_blanks_is_none() {
        let start = |message: Option<&str>, street_address: Option<&str>| {
            notice(&AndroidRequest::StartLostMode {
                message: message.map(String::from),
                phone_number: None,
                email_address: None,
                street_address: street_address.map(String::from),
            })
        };
        assert_eq!(start(None, None), Err(SPEECHLESS));
        assert_eq!(start(Some(" "), Some("")), Err(SPEECHLESS));
        assert_eq!(start(Some("Lost"), Some("Here 1")), Ok("Lost, Here 1".into()));
    }
}
